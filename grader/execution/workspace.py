"""One folder per run: the student's files, the kernel-side package, the kernel's sockets."""

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

from grader.sandbox.box import COURSE_CA, HOME
from grader.sandbox.openmp import SPINNING
from grader.sandbox.tiers import Tier
from reference.bundles import Bundle, cache_folder, writing_to_cache

KERNEL_PACKAGE = "_pset4"

STAGE, SIDE, ASSETS = "/box/stage", "/box/side", "/box/assets"
"""Where a box sees the student's files, the kernel-side package and the bundle, read-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Folders of one run; all of them vanish with it."""

    root: Path
    """Everything on the host is in it; short, because socket paths are limited to 107 bytes."""
    sockets: Path
    """Of the kernel, the same path inside and outside."""
    authority: Path
    """Where the certificates of the course files' server are, on the host."""
    stage: Path
    """The student's files, on the host: what the work folder begins with."""
    package: Path
    """Holds the kernel-side package, on the host."""
    assets: Path
    """The bundle, on the host."""
    work: str
    """Current folder and home of the kernel, as it sees it."""
    side: str
    """Folder of the kernel-side package, as it sees it."""
    copies: tuple[tuple[str, str], ...]
    """(from, to) folders that the work folder is filled from, as the kernel sees them."""
    links: tuple[tuple[str, str], ...]
    """(to, link): checkpoints, too large to copy, in a cache that stays writable."""
    environment: dict[str, str]
    """Whole environment of the kernel, before the course files' proxy is added."""


def _copy_submission(folder: Path, files: tuple[str, ...], stage: Path) -> None:
    """Copy the student's other files; the report and the notebook are not needed to run."""
    for name in files:
        target = stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target)


def _copy_kernel_side(side: Path, bundle: Bundle) -> None:
    package = side / KERNEL_PACKAGE
    package.mkdir(parents=True)
    for item in resources.files("grader.kernel").iterdir():
        if item.name.endswith(".py"):
            (package / item.name).write_text(item.read_text(encoding="utf-8"), encoding="utf-8")
    if bundle.width_divisor > 1:
        text = resources.files("reference.studio").joinpath("narrow.py").read_text("utf-8")
        (package / "narrow.py").write_text(text, encoding="utf-8")


def font_cache() -> Path:
    """Folder with matplotlib's font list, made once: a fresh home would take seconds each run."""
    folder = cache_folder() / "matplotlib"
    if not any(folder.glob("fontlist-*.json")):
        with writing_to_cache():
            folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-c", "import matplotlib.font_manager"],
            env={**os.environ, "MPLCONFIGDIR": str(folder)},
            check=False,
            capture_output=True,
        )
    return folder


def kernel_environment(work: str, threads: int, authority: str) -> dict[str, str]:
    """A clean environment: nothing of the grader's own is handed on."""
    return {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": work,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TORCH_HOME": f"{work}/.cache/torch",
        "MPLCONFIGDIR": f"{work}/.config/matplotlib",
        "IPYTHONDIR": f"{work}/.ipython",
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "CURL_CA_BUNDLE": authority,
        "CUDA_CACHE_PATH": f"{work}/.nv",
        "PIP_NO_INDEX": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(threads),
        **SPINNING,
    } | _inherited()


def _inherited() -> dict[str, str]:
    """What a kernel needs of the grader's environment."""
    kept = {name: os.environ.get(name) for name in ("CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")}
    if path := kept["LD_LIBRARY_PATH"]:
        # OpenCV adds a folder of its own when it is imported; a kernel's does so itself.
        parts = [part for part in path.split(":") if part and "/cv2/" not in part]
        kept["LD_LIBRARY_PATH"] = ":".join(parts) or None
    return {name: value for name, value in kept.items() if value is not None}


def _links(bundle: Bundle, assets: str, work: str) -> tuple[tuple[str, str], ...]:
    """Links to the bundle's checkpoints in a torch hub cache that the notebook may write to."""
    home = bundle.torch_home
    found = [path.relative_to(home) for path in sorted(home.rglob("*")) if path.is_file()]
    shown = f"{assets}/{home.relative_to(bundle.root)}"
    return tuple((f"{shown}/{path}", f"{work}/.cache/torch/{path}") for path in found)


def _readable_assets(bundle: Bundle, root: Path) -> Path:
    """The bundle's folder, or a copy of it where only its owner may read it.

    Root's boxes run as a user that owns nothing.
    """
    if all(path.stat().st_mode & 0o004 for path in (bundle.root, *bundle.root.rglob("*"))):
        return bundle.root
    copied = root / "assets"
    shutil.copytree(bundle.root, copied, copy_function=shutil.copyfile)
    _readable(copied)
    return copied


def _readable(folder: Path) -> None:
    """The user inside a box is not the one who made these files."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextmanager
def make_workspace(
    folder: Path,
    files: tuple[str, ...],
    bundle: Bundle,
    *,
    threads: int,
    tier: Tier,
    parent: Path | None = None,
) -> Iterator[Workspace]:
    """Lay out a run's folder; it is removed when the block ends.

    Args:
        folder: Where intake unpacked the submission.
        files: Files below it that the notebook may import or read.
        bundle: Where the course files come from.
        threads: CPU threads that the kernel may use.
        tier: Whether the kernel sees these folders or what a box makes of them.
        parent: Where the folder is made; None for where temporary files go.
    """
    root = Path(tempfile.mkdtemp(prefix=f"pset4-{os.getpid()}-", dir=parent))
    try:
        root.chmod(0o711)
        stage, package, sockets = root / "stage", root / "side", root / "ipc"
        sockets.mkdir()
        config = stage / ".config" / "matplotlib"
        config.mkdir(parents=True)
        for cached in font_cache().glob("fontlist-*.json"):
            shutil.copyfile(cached, config / cached.name)
        _copy_submission(folder, files, stage)
        _copy_kernel_side(package, bundle)
        _readable(stage)
        _readable(package)
        boxed = tier is not Tier.PROCESS
        seen = _readable_assets(bundle, root) if boxed else bundle.root
        yield _workspace(root, bundle, seen, threads=threads, boxed=boxed)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _workspace(root: Path, bundle: Bundle, seen: Path, *, threads: int, boxed: bool) -> Workspace:
    work = HOME if boxed else str(root / "work")
    stage = STAGE if boxed else str(root / "stage")
    assets = ASSETS if boxed else str(bundle.root)
    authority = root / "ca.pem"
    return Workspace(
        root=root,
        sockets=root / "ipc",
        authority=authority,
        stage=root / "stage",
        package=root / "side",
        assets=seen,
        work=work,
        side=SIDE if boxed else str(root / "side"),
        # The course's files are copied, not linked: notebooks download over them.
        copies=((f"{assets}/files", work), (stage, work)),
        links=_links(bundle, assets, work),
        environment=kernel_environment(work, threads, COURSE_CA if boxed else str(authority)),
    )
