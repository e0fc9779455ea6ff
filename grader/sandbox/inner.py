"""The box of one kernel within the box of the fork server: namespaces, mounts, filter.

Only the standard library and the kernel's own calls; it is mounted into the fork server's box, next
to `enter.py` and `zygote.py`. What it makes is what bubblewrap makes for a cold kernel.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from typing import Any

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS = 0x00020000, 0x02000000, 0x04000000
CLONE_NEWIPC, CLONE_NEWPID, CLONE_NEWNET = 0x08000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP = 1, 4, 22
SECCOMP_MODE_FILTER, SIGKILL = 2, 9
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
FILTER_INSTRUCTION_BYTES = 8

CLOSED_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus")
"""What root could write to in `/proc`; read-only, as bubblewrap has it."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_void_p))


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def prctl(option: int, value: int) -> None:
    """Set a property of this process."""
    _check(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def unshare(flags: int) -> None:
    """Leave the namespaces; `os.unshare` is not there before Python 3.12."""
    _check(_libc.unshare(flags), "unshare")


def leave_namespaces() -> None:
    """Leave all but the user's and the control groups'; the next fork is process 1 of its own."""
    unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)
    _mount("", "/", "", MS_REC | MS_PRIVATE)


def filter_system_calls(program: bytes) -> None:
    """Put the filter (classic BPF) on this process, for good."""
    code = ctypes.create_string_buffer(program, len(program))
    rules = _Filter(len(program) // FILTER_INSTRUCTION_BYTES, ctypes.addressof(code))
    result = _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(rules), 0, 0)
    _check(result, "seccomp")


def make_box(spec: dict[str, Any]) -> None:
    """Make what the kernel is to see, in mount, network and host name namespaces of our own.

    Args:
        spec: `covers`: folders that are hidden; `folders`: (place, bytes, mode) to write to;
            `keeps`: folders that stay to be seen within those, with all that is mounted in
            them; `binds`: (what we see, what the kernel sees, whether it may write).
    """
    umask = os.umask(0o022)
    # Before they are covered.
    sources = [os.open(source, os.O_PATH) for source, _, _ in spec["binds"]]
    keeps = [os.open(place, os.O_PATH) for place in spec["keeps"]]
    for place in spec["covers"]:
        _tmpfs(place, 2**20, 0o755)
    for place, size, mode in spec["folders"]:
        os.makedirs(place, exist_ok=True)  # noqa: PTH103
        _tmpfs(place, size, mode)
    for fd, place in zip(keeps, spec["keeps"], strict=True):
        os.makedirs(place, exist_ok=True)  # noqa: PTH103
        _mount(f"/proc/self/fd/{fd}", place, "", MS_BIND | MS_REC)  # read-only as it is
        os.close(fd)
    for fd, (_, inside, writable) in zip(sources, spec["binds"], strict=True):
        _bind(fd, inside, writable=writable)
        os.close(fd)
    for place in spec["covers"]:
        _mount("", place, "", MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    _own_proc()
    # Terminals too are each box's own.
    _mount(
        "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"
    )
    _loopback_up()
    socket.sethostname("box")
    os.umask(umask)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    result = _libc.mount(
        source.encode() or None,
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(result, f"mount {kind} {target}")


def _tmpfs(place: str, size_bytes: int, mode: int) -> None:
    _mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size_bytes},mode={mode:o}")


def _bind(fd: int, inside: str, *, writable: bool) -> None:
    """Show what is open as `fd` at the path `inside`, which is made where it is missing."""
    source = f"/proc/self/fd/{fd}"
    if not os.path.exists(inside):  # noqa: PTH110 -- starts faster
        os.makedirs(os.path.dirname(inside), exist_ok=True)  # noqa: PTH103, PTH120
        if os.path.isdir(source):  # noqa: PTH112
            os.mkdir(inside)  # noqa: PTH102
        else:
            os.close(os.open(inside, os.O_CREAT | os.O_WRONLY, 0o644))
    _mount(source, inside, "", MS_BIND)
    # A flag that the host's mount has may be locked, so it must stay.
    kept = os.statvfs(inside).f_flag & MS_NOEXEC
    flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | kept
    _mount("", inside, "", flags if writable else flags | MS_RDONLY)


def _own_proc() -> None:
    """Show the processes of this namespace only; what could change the host is read-only."""
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    for name in CLOSED_IN_PROC:
        path = f"/proc/{name}"
        if os.path.exists(path):  # noqa: PTH110
            _mount(path, path, "", MS_BIND)
            _mount("", path, "", flags)


def _loopback_up() -> None:
    request = struct.pack("16sh22x", b"lo", IFF_UP | IFF_RUNNING)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
