"""Stop being root once the box is made: what reads the words of a stranger needs no more."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.launch import driver_uid
from grader.sandbox.orphans import die_with_parent

CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SETUID, CAP_SETGID = 2, 5, 7, 6
KEPT = (CAP_DAC_READ_SEARCH, CAP_KILL)
"""Python and the bundle may lie in root's home, and whoever ends a box must be heard in it."""
NEEDED = (*KEPT, CAP_SETUID, CAP_SETGID)
PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS = 8, 38
CAPABILITY_VERSION_3 = 0x20080522


def may_step_down() -> bool:
    """Whether this process is root with what it takes to be so no more."""
    if os.getuid() != 0 or not hasattr(os, "setresuid"):
        return False
    held = effective_capabilities()
    return all(held >> one & 1 for one in NEEDED)


def effective_capabilities() -> int:
    """Return the capabilities of this thread as bits."""
    status = Path("/proc/thread-self/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("CapEff:"))
    return int(line.split()[1], 16)


def give_away(paths: Iterable[Path]) -> bool:
    """Make files and folders another user's, the one that `step_down` becomes.

    Returns False where their file system does not take another owner.
    """
    try:
        for path in paths:
            os.chown(path, driver_uid(), driver_uid(), follow_symlinks=False)
    except OSError:
        return False
    return True


def step_down() -> None:
    """Become a user that no other process is, for good.

    It may still read any file and signal any process; it may write to nothing but what was given
    away to it, connect to no socket of another user's, and change nothing of the host.

    Raises:
        OSError: the system does not let us.
    """
    uid = driver_uid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    kept = sum(1 << one for one in KEPT)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Effective, permitted, inheritable; each again for the capabilities from 32 on.
    if libc.capset(header, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    die_with_parent()  # another user: it must be said again
