"""The first program inside a box: prepare, give up every privilege, become the command.

Without a box it only lays out the files, sets the limits, and dies with its parent.

    python -I -S enter.py JSON

Only the standard library; it is mounted into the box alone. The keys of JSON are those of
`Entry` in `launch.py`, and what `launch` adds of the box.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import sys
from typing import Any

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 24, 47, 4
PR_SET_PDEATHSIG, SIGKILL = 1, 9
LAST_CAPABILITY = 63
CAPABILITY_VERSION_3 = 0x20080522
KERNEL_SOCKETS, FIRST_SOCKET, OUT_OF_THE_WAY = 5, 3, 64
WAITING = 100
LARGE_BYTES, BLOCK_BYTES = 2**20, 2**16


def hand_out_listeners(fd: int) -> None:
    """Open the course files' sockets in this network and pass them to the host.

    The server runs outside, where no student code can reach it; only its sockets are of this
    network: HTTP, HTTPS and names.
    """
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    sockets = []
    for kind, port in ((stream, 80), (stream, 443), (datagram, 53)):
        one = socket.socket(socket.AF_INET, kind)
        one.bind(("127.0.0.1", port))
        if kind == stream:
            one.listen(32)
        sockets.append(one)
    with socket.socket(fileno=fd) as channel:
        socket.send_fds(channel, [b"listeners"], [one.fileno() for one in sockets])


def open_kernel_sockets(folder: str) -> list[int]:
    """Open the sockets that a kernel answers on, in this network; return what they are open as.

    The folder is on the host, and the box does not show it: the kernel gets open sockets, never a
    path on which it could put something else.
    """
    import fcntl

    opened = []
    for number in range(1, KERNEL_SOCKETS + 1):
        path = f"{folder}/k-{number}"
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path)
            os.chmod(path, 0o666)  # noqa: PTH101, S103 -- only its folder leads to it
            one.listen(WAITING)
            opened.append(fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, OUT_OF_THE_WAY))
    return opened


def leave_open(sockets: list[int]) -> None:
    """Leave nothing open for the command but the standard streams and, from 3 on, these."""
    for number, fd in enumerate(sockets, start=FIRST_SOCKET):
        os.dup2(fd, number)
    os.closerange(FIRST_SOCKET + len(sockets), os.sysconf("SC_OPEN_MAX"))


def give_up_privileges(uid: int | None) -> None:
    """Become `uid` (None: stay who we are) without any capability, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails past the last one there is
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def hand_over(folders: list[str], uid: int) -> None:
    """Make the folders that are filled next another user's own."""
    for folder in folders:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        os.chown(folder, uid, uid)


def fill(copies: list[list[str]], links: list[list[str]]) -> None:
    """Lay files and links into the work folder, as the user that will own them."""
    for source, target in copies:
        waiting = [(source, target)]  # not `os.walk`, which calls itself for each level
        while waiting:
            folder, place = waiting.pop()
            os.makedirs(place, exist_ok=True)  # noqa: PTH103
            with os.scandir(folder) as entries:
                for entry in entries:
                    below = os.path.join(place, entry.name)  # noqa: PTH118 -- starts faster
                    if entry.is_dir():
                        waiting.append((entry.path, below))
                    else:
                        _copy(entry, below)
    for source, target in links:
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        os.symlink(source, target)  # noqa: PTH211


def _copy(entry: os.DirEntry[str], target: str) -> None:
    """Copy a file; long runs of zeros take no memory, of which padded weights have tens of MB."""
    if entry.stat().st_size < LARGE_BYTES:
        shutil.copyfile(entry.path, target)
        return
    block, zeros = bytearray(BLOCK_BYTES), bytes(BLOCK_BYTES)
    with open(entry.path, "rb", buffering=0) as old, open(target, "wb") as new:  # noqa: PTH123
        while size := old.readinto(block):
            if size == BLOCK_BYTES and block == zeros:
                new.seek(size, os.SEEK_CUR)
            else:
                new.write(memoryview(block)[:size])
        new.truncate()


def set_limits(limits: dict[str, int]) -> None:
    """Set soft and hard limits by name, as far as the hard ones that are there allow."""
    import resource

    for name, value in limits.items():
        hard = resource.getrlimit(getattr(resource, name))[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(getattr(resource, name), (bound, bound))


def main(entry: dict[str, Any]) -> None:
    """Do what the entry says, in this order, and become its command."""
    sockets = open_kernel_sockets(entry["sockets"]) if entry["sockets"] else []
    if entry["listeners_fd"] is not None:
        hand_out_listeners(entry["listeners_fd"])
    leave_open(sockets)
    if entry["boxed"]:
        give_up_privileges(entry["uid"])
    elif entry["uid"] is not None:
        hand_over([target for _, target in entry["copies"]], entry["uid"])
        give_up_privileges(entry["uid"])
    if not entry["boxed"] and sys.platform == "linux":  # becoming another user ends it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    fill(entry["copies"], entry["links"])
    set_limits(entry["limits"])
    os.chdir(entry["folder"])
    os.execve(entry["command"][0], entry["command"], os.environ)  # noqa: S606 -- no shell wanted


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
