"""The filter of system calls inside a box, made by libseccomp.

It allows by default: PyTorch, OpenMP and DataLoader workers call much, and the namespaces carry the
isolation. What it takes away is what widens the kernel's surface (namespaces, mounts, tracing, bpf,
io_uring, keys) and sockets that a network namespace does not isolate (AF_VSOCK).
"""

from __future__ import annotations

import errno
import functools
import os
import sys
import tempfile

DENIED = (
    "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime",
    "delete_module", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "init_module",
    "io_uring_enter", "io_uring_register", "io_uring_setup", "kcmp", "kexec_file_load",
    "kexec_load", "keyctl", "lookup_dcookie", "memfd_secret", "migrate_pages", "mount",
    "mount_setattr", "move_mount", "move_pages", "name_to_handle_at", "nfsservctl",
    "open_by_handle_at", "open_tree", "perf_event_open", "pidfd_getfd", "pivot_root",
    "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl",
    "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns",
    "settimeofday", "swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd", "vhangup",
)  # fmt: skip
"""System calls that fail with EPERM."""

DENIED_X86 = ("ioperm", "iopl", "modify_ldt", "uselib")
"""Those that only x86 has."""

NAMESPACE_FLAGS = (
    0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
"""CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET."""

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_LOW_WORD = 0xFFFFFFFF


@functools.cache
def filter_program() -> bytes:
    """Return the filter as classic BPF for this machine's architecture.

    Raises:
        OSError: libseccomp is not installed.
    """
    try:
        import pyseccomp as sc
    except RuntimeError as error:  # how it says that the shared library is missing
        raise OSError(str(error)) from error

    rules = sc.SyscallFilter(sc.ALLOW)
    refuse = sc.ERRNO(errno.EPERM)
    for name in (*DENIED, *(DENIED_X86 if os.uname().machine == "x86_64" else ())):
        rules.add_rule(refuse, name)
    for flag in NAMESPACE_FLAGS:
        rules.add_rule(refuse, "clone", sc.Arg(0, sc.MASKED_EQ, flag, flag))
    # Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
    rules.add_rule(sc.ERRNO(errno.ENOSYS), "clone3")
    for request in (_TIOCSTI, _TIOCLINUX):
        rules.add_rule(refuse, "ioctl", sc.Arg(1, sc.MASKED_EQ, _LOW_WORD, request))
    _only_known_sockets(rules, sc)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _only_known_sockets(rules: object, sc: object) -> None:
    """Leave AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK for routes.

    libzmq lists the interfaces by netlink and aborts where it may not.
    """
    unknown = sc.ERRNO(errno.EAFNOSUPPORT)  # type: ignore[attr-defined]
    add = rules.add_rule  # type: ignore[attr-defined]
    known = {_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK}
    for family in set(range(_AF_NETLINK + 1)) - known:
        add(unknown, "socket", sc.Arg(0, sc.EQ, family))  # type: ignore[attr-defined]
    add(unknown, "socket", sc.Arg(0, sc.GT, _AF_NETLINK))  # type: ignore[attr-defined]
    add(
        unknown,
        "socket",
        sc.Arg(0, sc.EQ, _AF_NETLINK),  # type: ignore[attr-defined]
        sc.Arg(2, sc.NE, 0),  # type: ignore[attr-defined]
    )


def filter_fd() -> int:
    """Return a file descriptor that bubblewrap reads the filter from; the caller closes it."""
    if sys.platform != "linux":
        raise OSError("seccomp is a feature of Linux")
    fd = os.memfd_create("seccomp")
    os.write(fd, filter_program())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
