"""What isolation this host offers, what each tier guarantees, and which one a run gets."""

from __future__ import annotations

import functools
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from grader.model.disk import disk_full, is_full
from grader.sandbox.box import Box, write_etc
from grader.sandbox.boxed import run_boxed, run_folder
from grader.sandbox.cgroups import cgroups_usable
from grader.sandbox.launch import Entry, unique_uid
from grader.sandbox.stepping_down import may_step_down
from reference.errors import ConfigError, GraderFault

TRIAL_TIMEOUT_S = 20.0
"""Seconds that the trial box may take."""

PAUSES_S = (0.1, 1.0)
"""Seconds between the tries of it."""
KILLED = 128
"""Statuses from here on are of commands that a signal ended."""
FORBIDDEN = (
    "not permitted", "ermission denied", "No permissions", "not supported", "not implemented",
    "Invalid argument", "Unknown option", "unknown option", "No such file", "Read-only",
)  # fmt: skip
"""What is said where a host cannot make boxes. All else may pass: out of memory, of processes."""

USER_INSIDE = 0
"""Uid inside a box with a user namespace: 0 is only its name there, for the caller. With any other
bubblewrap nests a second namespace, in which the ports below 1024 cannot be had."""


class Tier(StrEnum):
    """How a student's code is kept apart, the strongest first."""

    CGROUP = "bubblewrap+cgroup"
    BUBBLEWRAP = "bubblewrap"
    USER = "user"
    PROCESS = "process"

    @property
    def boxed(self) -> bool:
        """Whether the code runs in a box of namespaces."""
        return self in (Tier.CGROUP, Tier.BUBBLEWRAP)


class Wish(StrEnum):
    """What staff ask for."""

    AUTO = "auto"
    """The strongest tier that this host offers."""
    REQUIRE = "require"
    """A box, or no run at all."""
    USER = "user"
    """No box, but another user than the grader's; for root in a container that allows no box."""
    PROCESS = "process"
    """A plain process; for code that is trusted."""


GUARANTEES: Mapping[Tier, str] = {
    Tier.CGROUP: (
        "no network, no files but its own, no privileges, its own processes; memory and processes "
        "of the whole run bounded by the kernel"
    ),
    Tier.BUBBLEWRAP: (
        "no network, no files but its own, no privileges, its own processes; memory bounded per "
        "process, and for the whole run by looking every half second"
    ),
    Tier.USER: (
        "a user of its own without privileges, so no file that only the grader's user may read; "
        "time, output, private memory and file size bounded; the code can use the network: run it "
        "in a container that is thrown away"
    ),
    Tier.PROCESS: (
        "time, output, private memory and file size only; the code can read this user's files, "
        "use the network and leave processes behind: run it for code that you trust"
    ),
}
"""What each tier guarantees, for reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What this host offers."""

    tier: Tier
    """The strongest tier."""
    why_not: str = ""
    """Why it is not a stronger one, one sentence; empty for the strongest."""


@functools.cache
def host_support() -> Support:
    """Find out what this host offers, by trying it until that is sure.

    Raises:
        GraderFault: no box could be had, and not because this host cannot make one: by an
            accident nothing is run in a weaker tier. The next call tries again.
        DiskFull: there is no room for the folder of a trial box.
    """
    problem = _problem()
    if problem:
        return Support(tier=Tier.PROCESS, why_not=problem)
    try:
        grouped = cgroups_usable()
    except OSError as error:
        raise _accident(f"a control group could not be made: {error}") from error
    if not grouped:
        return Support(
            tier=Tier.BUBBLEWRAP,
            why_not="this user may not make control groups in /sys/fs/cgroup",
        )
    return Support(tier=Tier.CGROUP)


def choose_tier(wish: Wish, support: Support) -> Tier:
    """Return the tier of a run.

    Raises:
        ConfigError: a box is required and cannot be had.
    """
    match wish:
        case Wish.PROCESS:
            return Tier.PROCESS
        case Wish.USER:
            _require_another_user()
            return Tier.USER
        case Wish.REQUIRE if support.tier is Tier.PROCESS:
            raise ConfigError(
                f"ISOLATION=require: expected a host that can isolate, found that "
                f"{support.why_not}; install bubblewrap, or run trusted code with "
                "ISOLATION=process"
            )
        case _:
            return support.tier


def _require_another_user() -> None:
    if not may_step_down():
        raise ConfigError(
            "ISOLATION=user: expected root on Linux, who may become another user, found none; "
            "start the grader as root of a container that is thrown away"
        )
    for place in (Path(sys.prefix), Path(sys.executable)):
        closed = [path for path in place.resolve().parents if not path.stat().st_mode & 1]
        if closed:
            raise ConfigError(
                f"ISOLATION=user: expected Python and its packages where every user may read them, "
                f"found {place} in {closed[-1]}, which is closed; install them in a folder such as "
                "/opt"
            )


def box_user() -> tuple[int, bool]:
    """Return the uid of a box on this host, and whether it needs a user namespace for it."""
    return (unique_uid(), False) if os.getuid() == 0 else (USER_INSIDE, True)


def _problem() -> str:
    """Why no box can be had; empty where one can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap (bwrap) is not installed"
    for pause_s in (*PAUSES_S, None):
        status, said = _tried()
        if status == 0:
            return ""
        reason = " ".join(said.split())[:300] or f"exit status {status}"
        if pause_s is not None:
            time.sleep(pause_s)
    if status is None or not 0 < status < KILLED or not any(one in said for one in FORBIDDEN):
        raise _accident(f"a trial box did not start ({reason})")
    hint = "; this system's AppArmor may forbid user namespaces" if "ermission" in said else ""
    return f"a trial box did not start ({reason}{hint})"


def _accident(what: str) -> GraderFault:
    return GraderFault(
        f"{what}, although bubblewrap is installed: expected an isolated run, found none for the "
        "moment. Nothing was graded; try again, or with ISOLATION=process where you trust the code."
    )


def _tried() -> tuple[int | None, str]:
    """Run nothing in a box; return its status, None where it did not come to one."""
    try:
        return _trial()
    except OSError as error:
        if is_full(error):  # the disk of the trial's folder
            raise disk_full(error, tempfile.gettempdir()) from error
        return None, str(error)


def _trial() -> tuple[int | None, str]:
    """Run nothing in a box."""
    uid, user_namespace = box_user()
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-") as folder:
        box = Box(
            folder=run_folder(folder), uid=uid, user_namespace=user_namespace, bind_ports=True
        )
        write_etc(box, b"")
        entry = Entry(command=("/bin/true",), limits={}, folder="/")
        done = run_boxed(box, entry, cgroup=None, timeout_s=TRIAL_TIMEOUT_S)
        return done.status, done.errors
