"""The self-test: try each guarantee on this host, from within a box like a notebook's."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.model.records import Limits
from grader.sandbox.bounds import resource_limits
from grader.sandbox.box import HOME, OWN, Box, Mount, write_etc
from grader.sandbox.boxed import run_folder
from grader.sandbox.cgroups import cgroup_for, cpus_shared
from grader.sandbox.doctor_cases import (
    DAEMONS,
    TIMEOUT_S,
    Case,
    act_as_driver,
    answer,
    end_by_memory,
    end_with_daemons,
    run_attempt,
)
from grader.sandbox.launch import Entry
from grader.sandbox.tiers import Tier, box_user
from grader.sandbox.warm import WarmServer
from grader.sandbox.warm_server import Preload, warm_server

SECRET = "PSET4_DOCTOR_SECRET"  # noqa: S105 -- the name of a variable
"""Name of a variable that this process sets, and no box may see."""

LIMITS = Limits(
    memory_mib=384, processes=48, file_mib=8, work_mib=16, tmp_mib=16, shared_memory_mib=16
)
"""Small ones: what is tried is that they hold."""

CORES = 1
"""CPUs of the box of an attempt."""

_SCRIPT, _SCRIPT_INSIDE = Path(__file__).with_name("escape_attempts.py"), "/box/attempts.py"
_ENVIRONMENT = (("PATH", "/usr/bin:/bin"),)

NO_CPU_CONTROLLER = (
    "not promised: this user may not share out CPUs in /sys/fs/cgroup; a neighbor can be slowed "
    "down, and limits on time make allowance for it"
)
SOCKETS = "ipc"
"""Folder, in that of an attempt, of the sockets that a kernel would answer on."""

CPUS = "CPUs of a run bounded, whatever it starts"
BOXES = (Tier.CGROUP, Tier.BUBBLEWRAP)
EVERYWHERE = tuple(Tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One guarantee, and how it is tried."""

    name: str
    """The function of `escape_attempts.py`."""
    guarantee: str
    """What must hold, for the table."""
    tiers: tuple[Tier, ...]
    """Tiers that promise it."""


TRIALS = (
    Trial(name="network", guarantee="no network but its own loopback", tiers=BOXES),
    Trial(name="files", guarantee="grader, reference, home and other files absent", tiers=BOXES),
    Trial(name="system", guarantee="system and Python read-only", tiers=BOXES),
    Trial(name="privileges", guarantee="no capability, none to gain, filter on", tiers=BOXES),
    Trial(name="host_root", guarantee="not the host's root; /proc/sys closed", tiers=BOXES),
    Trial(name="environment", guarantee="environment of the grader absent", tiers=BOXES),
    Trial(name="processes", guarantee="sees its own processes only", tiers=BOXES),
    Trial(name="system_calls", guarantee="dangerous system calls denied", tiers=BOXES),
    Trial(name="sockets", guarantee="no raw, packet, vsock or alg sockets", tiers=BOXES),
    Trial(name="kernel_sockets", guarantee="a kernel's sockets out of reach", tiers=BOXES),
    Trial(name="driver", guarantee="what listens to a kernel is not root", tiers=(Tier.CGROUP,)),
    Trial(name="fork_limit", guarantee="processes bounded", tiers=BOXES),
    Trial(name="private_memory", guarantee="private memory bounded", tiers=EVERYWHERE),
    Trial(name="shared_memory", guarantee="memory of the whole run bounded", tiers=BOXES),
    Trial(name="cpus", guarantee=CPUS, tiers=(Tier.CGROUP,)),
    Trial(name="disk", guarantee="folders bounded", tiers=BOXES),
    Trial(name="file_size", guarantee="file size bounded", tiers=EVERYWHERE),
    Trial(name="daemons", guarantee="ends whole, at once, daemons too", tiers=BOXES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """How one trial went."""

    trial: Trial
    """What was tried."""
    promised: bool
    """Whether the tier promises it."""
    held: bool
    """Whether it held; False where it is not promised and was not tried."""
    found: str
    """What happened, a few words."""
    seconds: float
    """Wall-clock seconds."""

    @property
    def failed(self) -> bool:
        """Whether a promise is broken."""
        return self.promised and not self.held


def examine(tier: Tier, *, warm: bool = False) -> Iterator[Diagnosis]:
    """Try every guarantee of the tier; yields one diagnosis at a time.

    With `warm` in boxes that a fork server makes, as for warm kernels.

    Raises:
        OSError: there is no fork server.
    """
    os.environ[SECRET] = "1"
    try:
        if not warm:
            yield from _examine(tier, None)
            return
        mounts = (Mount(host=_SCRIPT, inside=_SCRIPT_INSIDE),)
        with warm_server(tier, Preload(), environment=_ENVIRONMENT, mounts=mounts) as server:
            yield from _examine(tier, server)
    finally:
        os.environ.pop(SECRET, None)


def _examine(tier: Tier, warm: WarmServer | None) -> Iterator[Diagnosis]:
    for trial in TRIALS:
        started = time.perf_counter()
        promised = tier in trial.tiers
        held, found = (False, "not promised")
        if promised and trial.name == "cpus" and not cpus_shared():
            promised, found = False, NO_CPU_CONTROLLER
        if promised:
            try:
                held, found = _try(trial, tier, warm)
            except OSError as error:
                held, found = False, f"could not be tried: {error}"
        yield Diagnosis(
            trial=trial,
            promised=promised,
            held=held,
            found=found,
            seconds=time.perf_counter() - started,
        )


def _try(trial: Trial, tier: Tier, warm: WarmServer | None) -> tuple[bool, str]:
    """Run the attempt in a fresh box."""
    with (
        tempfile.TemporaryDirectory(prefix="pset4-", dir=warm.runs if warm else None) as name,
        socket.create_server(("127.0.0.1", 0)) as listener,
        cgroup_for(
            memory_mib=LIMITS.memory_mib,
            processes=LIMITS.processes,
            cores=CORES,
            wanted=tier is Tier.CGROUP,
        ) as cgroup,
    ):
        folder = run_folder(name)
        box = _box(folder, tier)
        (folder / SOCKETS).mkdir(mode=0o700)
        facts = _facts(listener.getsockname()[1], folder, box)
        if warm is not None:
            facts["closed"] = [*facts["closed"], str(warm.address)]
        entry = _entry(trial, tier, box, facts, folder)
        case = Case(box=box, entry=entry, cgroup=cgroup, warm=warm, memory_mib=LIMITS.memory_mib)
        special = {
            "shared_memory": end_by_memory,
            "daemons": end_with_daemons,
            "driver": act_as_driver,
        }.get(trial.name)
        if special is not None and box is not None:
            return special(case)
        return answer(run_attempt(case))


def _box(folder: Path, tier: Tier) -> Box | None:
    if not tier.boxed:
        return None
    uid, user_namespace = box_user()
    box = Box(
        folder=folder,
        uid=uid,
        user_namespace=user_namespace,
        mounts=(Mount(host=_SCRIPT, inside=_SCRIPT_INSIDE),),
        work_mib=LIMITS.work_mib,
        tmp_mib=LIMITS.tmp_mib,
        shared_memory_mib=LIMITS.shared_memory_mib,
        environment=_ENVIRONMENT,
    )
    write_etc(box, b"")
    return box


def _facts(port: int, folder: Path, box: Box | None) -> dict[str, Any]:
    """What the attempts need to know; the same for all."""
    package = Path(__file__).parents[1]
    closed = [package, package.parent / "reference", package.parent / "tests", folder]
    closed += [Path.home(), *_entries(Path.home())]
    python = {sys.prefix, sys.base_prefix}
    return {
        "port": port,
        "sockets": str(folder / SOCKETS),
        "closed": [str(path) for path in closed if not _holds_python(path, python)],
        "python": [*python, str(Path(json.__file__).parent)],
        "user_namespace": bool(box and box.user_namespace),
        "secret_names": [SECRET],
        "processes": LIMITS.processes,
        "memory_mib": LIMITS.memory_mib,
        "folders": {
            HOME: LIMITS.work_mib,
            OWN: LIMITS.work_mib,
            "/tmp": LIMITS.tmp_mib,  # noqa: S108 -- inside the box
            "/dev/shm": LIMITS.shared_memory_mib,  # noqa: S108
        },
        "folder": HOME if box else str(folder),
        "file_mib": LIMITS.file_mib,
        "count": DAEMONS,
        "cores": CORES,
        "patience_s": TIMEOUT_S,
    }


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, as far as it may be known."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _holds_python(path: Path, python: set[str]) -> bool:
    """Whether the path is on the way to Python's own folders, or in them."""
    homes = [Path(home) for home in python]
    return any(home.is_relative_to(path) or path.is_relative_to(home) for home in homes)


def _entry(
    trial: Trial, tier: Tier, box: Box | None, facts: Mapping[str, Any], folder: Path
) -> Entry:
    limits = resource_limits(LIMITS, tier, gpu=False)
    if trial.name == "disk":
        del limits["RLIMIT_FSIZE"]
    script = _SCRIPT_INSIDE if box else str(_SCRIPT)
    code = f"exec(compile(open({script!r}).read(), {script!r}, 'exec'))"
    return Entry(
        command=(sys.executable, "-c", code, trial.name, json.dumps(facts)),
        limits=limits,
        folder=HOME if box else str(folder),
        sockets=folder / SOCKETS if box else None,
    )
