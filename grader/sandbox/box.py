"""A box as data, and bubblewrap's command line for it. Nothing is started here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HOME = "/box/work"
"""Current folder and home of whatever runs in a box."""

OWN = "/box/own"
"""Where a kernel keeps its settings and caches: nothing of the submission is ever in it."""

COLAB = "/content"
"""Another name of it: Colab's, by which notebooks speak of their files."""

ENTER = "/box/enter.py"
"""Where a box sees `enter.py`."""

COURSE_CA = "/etc/ssl/certs/ca-certificates.crt"
"""Where a box sees the authority that signs the course files' hosts; it trusts no other."""

CLOSED = ("grader", "reference", "authoring", "tests")
"""Packages that no box may see, wherever they are installed."""

GPU_NODES = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset")
"""Device nodes that every CUDA program needs, besides those of the GPUs themselves."""

_ETC = {
    "passwd": "student:x:{uid}:{uid}::/box/work:/bin/sh\n",
    "group": "student:x:{uid}:\n",
    "hosts": "127.0.0.1 localhost box\n",
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
_ETC_OF_HOST = ("ld.so.cache", "localtime", "alternatives", "fonts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A path of the host that a box sees."""

    host: Path
    """What it is outside."""
    inside: str
    """Where it is inside, absolute."""
    writable: bool = False
    """Whether the box may write to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a command sees and may use. Sizes in MiB."""

    folder: Path
    """Of the run, on the host; `etc/` in it is made for the box."""
    uid: int
    """User and group inside: one that no other process has, or an alias of the caller's."""
    user_namespace: bool
    """Whether the box has a user namespace (never where the caller is root)."""
    mounts: tuple[Mount, ...] = ()
    """Besides the system, Python and its packages, which every box sees read-only."""
    work_mib: float = 1024.0
    """Size of the work folder, and of the one for settings and caches."""
    tmp_mib: float = 512.0
    """Size of `/tmp`."""
    shared_memory_mib: float = 512.0
    """Size of `/dev/shm`."""
    environment: tuple[tuple[str, str], ...] = ()
    """The whole environment."""
    gpu: bool = False
    """Whether the device nodes of the GPUs are in it."""
    bind_ports: bool = False
    """Whether `enter` may open ports below 1024 before it gives up its privileges."""
    nests: bool = False
    """Whether its first program makes boxes in it: it keeps the privileges that this takes, and
    has no filter of system calls, which the boxes inside get."""


def write_etc(box: Box, authority: bytes) -> None:
    """Write the few files of `/etc` that the box gets instead of the host's.

    Args:
        box: The box; they go to `etc/` in its folder.
        authority: Certificates in PEM that clients inside are to trust.
    """
    etc = box.folder / "etc"
    etc.mkdir()
    for name, text in _ETC.items():
        (etc / name).write_text(text.format(uid=box.uid), encoding="utf-8")
    (etc / "ca.pem").write_bytes(authority)
    for path in (etc, *etc.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)


def etc_mounts(box: Box) -> tuple[Mount, ...]:
    """Return where the files that `write_etc` wrote belong."""
    etc = box.folder / "etc"
    mounts = [Mount(host=etc / name, inside=f"/etc/{name}") for name in _ETC]
    return (*mounts, Mount(host=etc / "ca.pem", inside=COURSE_CA))


def bwrap_argv(box: Box, command: list[str], *, seccomp_fd: int | None) -> list[str]:
    """Return the command line that runs `command` in the box.

    Args:
        box: What it may see.
        command: Absolute program and arguments, as seen inside.
        seccomp_fd: Open file with the filter of system calls; None for no filter.
    """
    namespaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    namespaces += ["--unshare-cgroup-try", "--hostname", "box"]
    if box.user_namespace:
        # Not --disable-userns: it nests a second namespace, which has no say over the network's
        # ports. The filter of system calls denies further ones.
        user = ["--unshare-user", "--uid", str(box.uid), "--gid", str(box.uid)]
        capabilities: tuple[str, ...] = ("CAP_SETPCAP",)
    else:
        user = []
        capabilities = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
    capabilities += ("CAP_NET_BIND_SERVICE",) if box.bind_ports else ()
    # CAP_KILL: a parent's death is a signal that its child, another user, must be open to.
    capabilities += ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_KILL") if box.nests else ()
    argv = ["bwrap", *user, *namespaces, "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for capability in capabilities:
        argv += ["--cap-add", capability]
    argv += [*_system(box), *_devices(box), *_mounts(box), *_hidden()]
    argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--clearenv"]
    for name, value in box.environment:
        argv += ["--setenv", name, value]
    filtered = [] if seccomp_fd is None else ["--seccomp", str(seccomp_fd)]
    return [*argv, *filtered, "--", *command]


def _system(box: Box) -> Iterator[str]:
    """The host's programs and libraries, and an `/etc` of our own."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("lib", "lib64", "lib32", "bin", "sbin"):
        path = Path("/") / name
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in _ETC_OF_HOST:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    yield from _parents(COURSE_CA)
    for mount in etc_mounts(box):
        yield from ("--ro-bind", str(mount.host), mount.inside)
    yield from ("--proc", "/proc")
    if not box.nests:  # where a part of it is covered, none can be mounted for a box inside
        # bubblewrap leaves /proc/sys writable where only its files, not the folder, are.
        yield from ("--ro-bind", "/proc/sys", "/proc/sys")


def _devices(box: Box) -> Iterator[str]:
    yield from ("--dev", "/dev")
    if box.gpu:
        nodes = [Path("/dev") / name for name in GPU_NODES]
        nodes += [*Path("/dev").glob("nvidia[0-9]*"), *Path("/dev").glob("nvidia-caps")]
        for node in nodes:
            yield from ("--dev-bind-try", str(node), str(node))
        yield from ("--ro-bind", "/sys", "/sys")
    for size_mib, place in ((box.shared_memory_mib, "/dev/shm"), (box.tmp_mib, "/tmp")):  # noqa: S108 -- inside the box
        yield from _tmpfs(size_mib, place, "1777")


def _tmpfs(size_mib: float, place: str, mode: str) -> tuple[str, ...]:
    return ("--size", str(int(size_mib * 2**20)), "--perms", mode, "--tmpfs", place)


def python_homes() -> tuple[str, ...]:
    """Return the folders of Python and its packages that are no part of the system."""
    homes = dict.fromkeys((sys.base_prefix, sys.prefix))
    return tuple(home for home in homes if not home.startswith("/usr"))


def _mounts(box: Box) -> Iterator[str]:
    """Python, its packages, `enter`, the run's own mounts, and the work folder."""
    mounts = [Mount(host=Path(home), inside=home) for home in python_homes()]
    mounts.append(Mount(host=Path(__file__).with_name("enter.py"), inside=ENTER))
    yield from ("--perms", "0755", "--dir", "/box")
    # Anybody's to write: the uid that will is not there yet. Nobody else is in the box.
    for place in (HOME, OWN):
        yield from _tmpfs(box.work_mib, place, "0777")
    yield from ("--symlink", HOME, COLAB)
    for mount in (*mounts, *box.mounts):
        yield from _parents(mount.inside)
        kind = "--bind" if mount.writable else "--ro-bind"
        yield from (kind, str(mount.host), mount.inside)


def _parents(path: str) -> Iterator[str]:
    """Missing parents: bubblewrap would make them 0700, which no other user can pass."""
    for parent in reversed(Path(path).parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(parent))


def _hidden() -> Iterator[str]:
    """Cover our own packages where they are installed into what the box sees."""
    for name in CLOSED:
        spec = find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            if any(Path(place).is_relative_to(home) for home in (sys.prefix, sys.base_prefix)):
                yield from _tmpfs(1, place, "0755")
                yield from ("--remount-ro", place)
