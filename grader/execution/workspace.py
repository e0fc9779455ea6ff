"""One folder per run: the student's files, the bundle's files, the kernel-side package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from reference.bundles import Bundle, cache_folder

KERNEL_PACKAGE = "_pset4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Folders of one run; all of them vanish with it."""

    root: Path
    """Everything below is in it; short, because socket paths are limited to 107 bytes."""
    work: Path
    """Current folder and home of the kernel."""
    side: Path
    """Holds the kernel-side package."""
    environment: dict[str, str]
    """Whole environment of the kernel, before the course files' proxy is added."""


def _copy_submission(folder: Path, files: tuple[str, ...], work: Path) -> None:
    """Copy the student's other files; the report and the notebook are not needed to run."""
    for name in files:
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target)


def _copy_bundle(bundle: Bundle, work: Path) -> None:
    """Lay the course files where the notebook downloads them to, and torch's hub cache."""
    for path in sorted((bundle.root / "files").iterdir()):
        if not (work / path.name).exists():
            shutil.copyfile(path, work / path.name)
    shutil.copytree(bundle.torch_home, work / ".cache" / "torch", copy_function=shutil.copyfile)


def _copy_kernel_side(side: Path, bundle: Bundle) -> None:
    package = side / KERNEL_PACKAGE
    package.mkdir(parents=True)
    for item in resources.files("grader.kernel_side").iterdir():
        if item.name.endswith(".py"):
            (package / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    if bundle.width_divisor > 1:
        text = resources.files("reference.studio").joinpath("narrow.py").read_text("utf-8")
        (package / "narrow.py").write_text(text, encoding="utf-8")


def _font_cache() -> Path:
    """Folder with matplotlib's font list, made once: a fresh home would take seconds each run."""
    folder = cache_folder() / "matplotlib"
    if not any(folder.glob("fontlist-*.json")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env={**os.environ, "MPLCONFIGDIR": str(folder)},
            check=False,
            capture_output=True,
        )
    return folder


def _environment(work: Path, threads: int) -> dict[str, str]:
    """A clean environment: nothing of the grader's own is handed on."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(work),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TORCH_HOME": str(work / ".cache" / "torch"),
        "MPLCONFIGDIR": str(work / ".config" / "matplotlib"),
        "IPYTHONDIR": str(work / ".ipython"),
        "PIP_NO_INDEX": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(threads),
        # Threads that spin for long slow each other down ten-fold where the cores are shared;
        # threads that never spin are a third slower where they are not.
        "GOMP_SPINCOUNT": "20000",
    } | {k: v for k, v in os.environ.items() if k in {"CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH"}}


@contextmanager
def make_workspace(
    folder: Path, files: tuple[str, ...], bundle: Bundle, *, threads: int
) -> Iterator[Workspace]:
    """Lay out a run's folder; it is removed when the block ends.

    Args:
        folder: Where intake unpacked the submission.
        files: Files below it that the notebook may import or read.
        bundle: Where the course files come from.
        threads: CPU threads that the kernel may use.
    """
    root = Path(tempfile.mkdtemp(prefix="pset4-"))
    try:
        work, side = root / "work", root / "side"
        config = work / ".config" / "matplotlib"
        config.mkdir(parents=True)
        for cached in _font_cache().glob("fontlist-*.json"):
            shutil.copyfile(cached, config / cached.name)
        _copy_submission(folder, files, work)
        _copy_bundle(bundle, work)
        _copy_kernel_side(side, bundle)
        yield Workspace(root=root, work=work, side=side, environment=_environment(work, threads))
    finally:
        shutil.rmtree(root, ignore_errors=True)
