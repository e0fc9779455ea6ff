"""One folder per run: the student's files, the kernel-side package, the kernel's sockets."""

from __future__ import annotations

import functools
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path, PurePosixPath

from grader.model.disk import room_in
from grader.sandbox.box import COURSE_CA, HOME, OWN
from grader.sandbox.openmp import SPINNING
from grader.sandbox.tiers import Tier
from reference.bundles import Bundle, cache_folder, writing_to_cache

KERNEL_PACKAGE = "_pset4"
CACHED = "__pycache__"
TAG = sys.implementation.cache_tag

STAGE, SIDE, ASSETS = "/box/stage", "/box/side", "/box/assets"
"""Where a box sees the student's files, the kernel-side package and the bundle, read-only."""
SETTINGS = "/box/settings"
"""Where a box sees what the folder of the kernel's settings and caches begins with."""

FOLDERS_OF_PROGRAMS = frozenset(
    (".cache", ".config", ".ipython", ".jupyter", ".local", ".matplotlib", ".nv", ".torch")
)
"""Names in a home folder below which programs keep settings; a submission has no say in them."""
FILES_OF_PROGRAMS = frozenset((".curlrc", ".netrc", ".pydistutils.cfg", ".wgetrc"))
"""Files in a home folder that downloads and installers take their settings from."""
READ_UNASKED = ("matplotlibrc", "sitecustomize", "usercustomize")
"""Names, before the suffix, of what programs read by themselves wherever they find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Folders of one run; all of them vanish with it."""

    root: Path
    """Everything on the host is in it; short, because socket paths are limited to 107 bytes."""
    sockets: Path
    """Of the kernel, on the host; no box shows it."""
    connection: Path
    """Holds the kernel's connection file, the same path inside and outside, read-only inside."""
    settings: Path
    """What the folder of the kernel's settings and caches begins with, on the host."""
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
    originals: str
    """Folder of the course's files in the bundle, as the kernel sees it."""
    copies: tuple[tuple[str, str], ...]
    """(from, to) folders that the work folder is filled from, as the kernel sees them."""
    links: tuple[tuple[str, str], ...]
    """(to, link): checkpoints, too large to copy, in a cache that stays writable."""
    environment: dict[str, str]
    """Whole environment of the kernel, before the course files' proxy is added."""
    left_out: tuple[str, ...]
    """The student's files that the kernel does not get."""

    def start_anew(self) -> None:
        """Forget the kernel that was started here, for another."""
        shutil.rmtree(self.root / "etc", ignore_errors=True)
        for folder, mode in ((self.sockets, 0o700), (self.connection, 0o711)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=mode)


def files_for_kernel(
    files: Iterable[str], course_files: frozenset[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of a submission's files the kernel gets, and which it does not.

    It does not get what programs would read as their settings or run by themselves, nor a folder
    that is named like a file of the course.

    Args:
        files: Paths below the submission.
        course_files: Paths of the course's files in the kernel's work folder.
    """
    folders = {str(above) for name in course_files for above in PurePosixPath(name).parents}
    kept: list[str] = []
    left_out: list[str] = []
    for name in files:
        path = PurePosixPath(name)
        above = {str(one) for one in path.parents}
        reserved = (
            not path.parts
            or path.parts[0] in FOLDERS_OF_PROGRAMS | FILES_OF_PROGRAMS
            or any(part.partition(".")[0] in READ_UNASKED for part in path.parts)
            or name in folders
            or bool(above & course_files)
        )
        (left_out if reserved else kept).append(name)
    return tuple(kept), tuple(left_out)


def _copy_submission(folder: Path, files: tuple[str, ...], stage: Path) -> None:
    """Copy the student's other files; the report and the notebook are not needed to run."""
    for name in files:
        target = stage / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target)


def _course_files(bundle: Bundle) -> frozenset[str]:
    """Paths of the course's files in the work folder."""
    files = bundle.root / "files"
    return frozenset(
        path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()
    )


def _copy_kernel_side(side: Path, bundle: Bundle) -> None:
    package = side / KERNEL_PACKAGE
    (package / CACHED).mkdir(parents=True)
    for name, data in _kernel_side(narrow=bundle.width_divisor > 1):
        (package / name).write_bytes(data)


@functools.cache
def _kernel_side(*, narrow: bool) -> tuple[tuple[str, bytes], ...]:
    """Return the files of the kernel-side package: sources, and bytecode that spares compiling."""
    reference = resources.files("reference")
    sources = [
        *(one for one in resources.files("grader.kernel").iterdir() if one.name.endswith(".py")),
        reference / "light_torchvision.py",
        *([reference / "studio" / "narrow.py"] if narrow else []),
    ]
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-side") as name:
        folder = Path(name)
        for source in sources:
            (folder / source.name).write_bytes(source.read_bytes())
            # No bytecode of another time or place: these files, whatever their dates will be.
            py_compile.compile(
                str(folder / source.name),
                cfile=str(folder / CACHED / f"{Path(source.name).stem}.{TAG}.pyc"),
                dfile=f"{SIDE}/{KERNEL_PACKAGE}/{source.name}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        made = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return tuple((str(path.relative_to(folder)), path.read_bytes()) for path in made)


def font_cache() -> Path:
    """Folder with matplotlib's font list, made once: a fresh home would take seconds each run."""
    folder = cache_folder() / "matplotlib"
    if not any(folder.glob("fontlist-*.json")):
        with writing_to_cache():
            folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-P", "-c", "import matplotlib.font_manager"],
            cwd=folder,  # the current one may be a student's, with a `matplotlibrc`
            env={**os.environ, "MPLCONFIGDIR": str(folder)},
            check=False,
            capture_output=True,
        )
    return folder


def kernel_environment(work: str, own: str, threads: int, authority: str) -> dict[str, str]:
    """A clean environment: nothing of the grader's own is handed on.

    Programs find their settings and caches in `own`, where nothing of a submission is, whatever
    lies in the home folder `work`.
    """
    return {
        "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": work,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TORCH_HOME": f"{own}/cache/torch",
        "MPLCONFIGDIR": f"{own}/config/matplotlib",
        "IPYTHONDIR": f"{own}/ipython",
        "JUPYTER_CONFIG_DIR": f"{own}/jupyter/config",
        "JUPYTER_DATA_DIR": f"{own}/jupyter/data",
        "JUPYTER_RUNTIME_DIR": f"{own}/jupyter/runtime",
        "XDG_CACHE_HOME": f"{own}/cache",
        "XDG_CONFIG_HOME": f"{own}/config",
        "XDG_DATA_HOME": f"{own}/data",
        "XDG_STATE_HOME": f"{own}/state",
        "PYTHONNOUSERSITE": "1",
        "SSL_CERT_FILE": authority,
        "REQUESTS_CA_BUNDLE": authority,
        "CURL_CA_BUNDLE": authority,
        "CUDA_CACHE_PATH": f"{own}/nv",
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


def _links(bundle: Bundle, assets: str, own: str, work: str) -> tuple[tuple[str, str], ...]:
    """Links to the bundle's checkpoints in a torch hub cache that the notebook may write to.

    Notebooks speak of it by its usual place in the home folder too.
    """
    home = bundle.torch_home
    found = [path.relative_to(home) for path in sorted(home.rglob("*")) if path.is_file()]
    shown = f"{assets}/{home.relative_to(bundle.root)}"
    checkpoints = [(f"{shown}/{path}", f"{own}/cache/torch/{path}") for path in found]
    return (*checkpoints, (f"{own}/cache", f"{work}/.cache"))


def _readable_assets(bundle: Bundle, root: Path, *, boxed: bool) -> Path:
    """The bundle's folder, or a copy of it where only its owner may read it.

    Root's kernels run as a user that owns nothing; a box shows the folder wherever it lies.
    """
    files = all(path.stat().st_mode & 0o004 for path in (bundle.root, *bundle.root.rglob("*")))
    way = bundle.root.resolve().parents
    if files and (boxed or all(path.stat().st_mode & 0o001 for path in way)):
        return bundle.root
    copied = root / "assets"
    shutil.copytree(bundle.root, copied, copy_function=shutil.copyfile)
    _readable(copied)
    return copied


def _readable(folder: Path) -> None:
    """The user inside a box is not the one who made these files."""
    waiting = [folder]
    while waiting:  # not `rglob`, which calls itself for each level
        place = waiting.pop()
        place.chmod(0o755)
        for path in place.iterdir():
            if path.is_dir():
                waiting.append(path)
            else:
                path.chmod(0o644)


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

    Raises:
        DiskFull: there is no room for it.
    """
    with room_in(parent or tempfile.gettempdir()):
        root = Path(tempfile.mkdtemp(prefix=f"pset4-{os.getpid()}-", dir=parent))
    try:
        with room_in(root):
            workspace = _laid_out(root, folder, files, bundle, threads=threads, tier=tier)
        yield workspace
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _laid_out(
    root: Path, folder: Path, files: tuple[str, ...], bundle: Bundle, *, threads: int, tier: Tier
) -> Workspace:
    root.chmod(0o711)
    boxed = tier.boxed
    seen = bundle.root if tier is Tier.PROCESS else _readable_assets(bundle, root, boxed=boxed)
    kept, left_out = files_for_kernel(files, _course_files(bundle))
    workspace = _workspace(root, bundle, seen, threads=threads, boxed=boxed)
    workspace.start_anew()
    workspace.stage.mkdir()
    config = workspace.settings / "config" / "matplotlib"
    config.mkdir(parents=True)
    for cached in font_cache().glob("fontlist-*.json"):
        shutil.copyfile(cached, config / cached.name)
    _copy_submission(folder, kept, workspace.stage)
    _copy_kernel_side(workspace.package, bundle)
    for shown in (workspace.stage, workspace.package, workspace.settings):
        _readable(shown)
    return replace(workspace, left_out=left_out)


def _workspace(root: Path, bundle: Bundle, seen: Path, *, threads: int, boxed: bool) -> Workspace:
    work = HOME if boxed else str(root / "work")
    own = OWN if boxed else str(root / "own")
    stage = STAGE if boxed else str(root / "stage")
    settings = SETTINGS if boxed else str(root / "settings")
    assets = ASSETS if boxed else str(seen)
    authority = root / "ca.pem"
    return Workspace(
        root=root,
        sockets=root / "ipc",
        connection=root / "c",
        settings=root / "settings",
        authority=authority,
        stage=root / "stage",
        package=root / "side",
        assets=seen,
        work=work,
        side=SIDE if boxed else str(root / "side"),
        originals=f"{assets}/files",
        # The course's files are copied, not linked: notebooks download over them.
        copies=((settings, own), (f"{assets}/files", work), (stage, work)),
        links=_links(bundle, assets, own, work),
        environment=kernel_environment(work, own, threads, COURSE_CA if boxed else str(authority)),
        left_out=(),
    )
