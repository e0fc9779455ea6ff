"""No process of a run outlives the one that drives it."""

from __future__ import annotations

import ctypes
import signal
import sys
import time
from contextlib import suppress

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
PATIENCE_S = 2.0
"""Seconds until killed processes must be gone."""


def die_with_parent() -> None:
    """Let this process be killed when its parent ends. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_and_follow() -> None:
    """Make orphans below this process its children, and let it die with its parent.

    Linux only: elsewhere a daemon of a plain process may survive, which its tier says.
    """
    die_with_parent()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """Kill every process below this one, those that they start meanwhile too."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        living = [one for one in psutil.Process().children(recursive=True) if _alive(one)]
        if not living:
            return
        for one in living:
            with suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(living, timeout=0.05)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
