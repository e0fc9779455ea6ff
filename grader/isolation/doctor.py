"""The self-test: try each guarantee on this host, from within a box like a notebook's."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from grader.isolation.bounds import resource_limits
from grader.isolation.box import HOME, Box, Mount, write_etc
from grader.isolation.boxed import BoxedResult, run_boxed, run_folder
from grader.isolation.cgroups import Cgroup, cgroup_for
from grader.isolation.launch import Entry, launch, launch_plain
from grader.isolation.memory import tree_memory_mib
from grader.isolation.tiers import Tier, box_user
from grader.records import Limits

TIMEOUT_S = 60.0
"""Wall-clock seconds for one attempt."""
GONE_S = 2.0
"""Seconds in which a box that is ended must be gone."""
DAEMONS = 5
"""Processes that heed no signal, for the attempt to leave some behind."""
SECRET = "PSET4_DOCTOR_SECRET"  # noqa: S105 -- the name of a variable
"""Name of a variable that this process sets, and no box may see."""

LIMITS = Limits(
    memory_mib=384, processes=48, file_mib=8, work_mib=16, tmp_mib=16, shared_memory_mib=16
)
"""Small ones: what is tried is that they hold."""

BOXES = (Tier.CGROUP, Tier.BUBBLEWRAP)
EVERYWHERE = tuple(Tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One guarantee, and how it is tried."""

    name: str
    """The function of `attempts.py`."""
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
    Trial(name="fork_limit", guarantee="processes bounded", tiers=BOXES),
    Trial(name="private_memory", guarantee="private memory bounded", tiers=EVERYWHERE),
    Trial(name="shared_memory", guarantee="memory of the whole run bounded", tiers=BOXES),
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


def examine(tier: Tier) -> Iterator[Diagnosis]:
    """Try every guarantee of the tier; yields one diagnosis at a time."""
    os.environ[SECRET] = "1"
    try:
        yield from _examine(tier)
    finally:
        os.environ.pop(SECRET, None)


def _examine(tier: Tier) -> Iterator[Diagnosis]:
    for trial in TRIALS:
        started = time.perf_counter()
        promised = tier in trial.tiers
        held, found = (False, "not promised")
        if promised:
            try:
                held, found = _try(trial, tier)
            except OSError as error:
                held, found = False, f"could not be tried: {error}"
        yield Diagnosis(
            trial=trial,
            promised=promised,
            held=held,
            found=found,
            seconds=time.perf_counter() - started,
        )


def _try(trial: Trial, tier: Tier) -> tuple[bool, str]:
    """Run the attempt in a fresh box."""
    with (
        tempfile.TemporaryDirectory(prefix="pset4-") as name,
        socket.create_server(("127.0.0.1", 0)) as listener,
        cgroup_for(
            memory_mib=LIMITS.memory_mib,
            processes=LIMITS.processes,
            wanted=tier is Tier.CGROUP,
        ) as cgroup,
    ):
        folder = run_folder(name)
        box = _box(folder, tier)
        facts = _facts(listener.getsockname()[1], folder, box)
        entry = _entry(trial, tier, box, facts, folder)
        special = {"shared_memory": _shared_memory, "daemons": _daemons}.get(trial.name)
        if special is not None and box is not None:
            return special(box, entry, cgroup)
        return _answer(_run(box, entry, cgroup))


def _box(folder: Path, tier: Tier) -> Box | None:
    if tier is Tier.PROCESS:
        return None
    uid, user_namespace = box_user()
    script = Path(__file__).with_name("attempts.py")
    box = Box(
        folder=folder,
        uid=uid,
        user_namespace=user_namespace,
        mounts=(Mount(host=script, inside="/box/attempts.py"),),
        work_mib=LIMITS.work_mib,
        tmp_mib=LIMITS.tmp_mib,
        shared_memory_mib=LIMITS.shared_memory_mib,
        environment=(("PATH", "/usr/bin:/bin"),),
    )
    write_etc(box, b"")
    return box


def _facts(port: int, folder: Path, box: Box | None) -> dict[str, object]:
    """What the attempts need to know; the same for all."""
    package = Path(__file__).parents[1]
    closed = [package, package.parent / "reference", package.parent / "tests", folder]
    closed += [Path.home(), *_entries(Path.home())]
    python = {sys.prefix, sys.base_prefix}
    return {
        "port": port,
        "closed": [str(path) for path in closed if not _holds_python(path, python)],
        "python": [*python, str(Path(json.__file__).parent)],
        "user_namespace": bool(box and box.user_namespace),
        "secret_names": [SECRET],
        "processes": LIMITS.processes,
        "memory_mib": LIMITS.memory_mib,
        "folders": {
            HOME: LIMITS.work_mib,
            "/tmp": LIMITS.tmp_mib,  # noqa: S108 -- inside the box
            "/dev/shm": LIMITS.shared_memory_mib,  # noqa: S108
        },
        "folder": HOME if box else str(folder),
        "file_mib": LIMITS.file_mib,
        "count": DAEMONS,
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
    trial: Trial, tier: Tier, box: Box | None, facts: Mapping[str, object], folder: Path
) -> Entry:
    limits = resource_limits(LIMITS, tier, gpu=False)
    if trial.name == "disk":
        del limits["RLIMIT_FSIZE"]
    script = "/box/attempts.py" if box else str(Path(__file__).with_name("attempts.py"))
    return Entry(
        command=(sys.executable, "-I", "-S", script, trial.name, json.dumps(facts)),
        limits=limits,
        folder=HOME if box else str(folder),
    )


def _run(box: Box | None, entry: Entry, cgroup: Cgroup | None) -> BoxedResult:
    if box is not None:
        return run_boxed(box, entry, cgroup=cgroup, timeout_s=TIMEOUT_S)
    with tempfile.TemporaryFile() as output:
        plain = launch_plain(entry, {"PATH": os.defpath}, stdout=output, stderr=output)
        with closing(plain):
            status = plain.process.wait(TIMEOUT_S)
        output.seek(0)
        return BoxedResult(status=status, output=output.read(), errors="")


def _answer(result: BoxedResult) -> tuple[bool, str]:
    try:
        answer = json.loads(result.output)
        return bool(answer["held"]), str(answer["found"])
    except (ValueError, KeyError):
        return False, f"no answer (status {result.status}): {result.errors[-200:]}"


def _shared_memory(box: Box, entry: Entry, cgroup: Cgroup | None) -> tuple[bool, str]:
    """The kernel ends it with a control group; without one, whoever looks at its memory."""
    if cgroup is not None:
        result = run_boxed(box, entry, cgroup=cgroup, timeout_s=TIMEOUT_S)
        kills = cgroup.out_of_memory_kills()
        return kills > 0, f"ended by the kernel ({kills} kill, status {result.status})"
    with _started(box, entry, None) as (pid, _):
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            used_mib = tree_memory_mib(pid)
            if used_mib > LIMITS.memory_mib:
                return True, f"seen at {used_mib:.0f} MiB of {LIMITS.memory_mib:.0f}, ended"
            time.sleep(0.1)
    return False, "its memory was not seen to grow"


@contextmanager
def _started(
    box: Box, entry: Entry, cgroup: Cgroup | None
) -> Iterator[tuple[int, Callable[[], None]]]:
    """A box that runs; yields its process id and what ends it."""
    with tempfile.TemporaryFile() as output:
        boxed = launch(box, entry, cgroup=cgroup, stdout=output, stderr=output)
        with closing(boxed):
            yield boxed.process.pid, boxed.kill


def _daemons(box: Box, entry: Entry, cgroup: Cgroup | None) -> tuple[bool, str]:
    """Wait until they run, end the box, and count who is left."""
    with _started(box, entry, cgroup) as (pid, end):
        family: list[psutil.Process] = []
        deadline = time.monotonic() + TIMEOUT_S
        while len(family) < DAEMONS + 2 and time.monotonic() < deadline:
            family = psutil.Process(pid).children(recursive=True)
            time.sleep(0.02)
        started = time.perf_counter()
        end()
        _, left = psutil.wait_procs(family, timeout=GONE_S)
        living = [one for one in left if one.is_running() and one.status() != "zombie"]
        seconds = time.perf_counter() - started
    found = f"{len(family)} processes, {len(living)} left after {seconds:.2f} s"
    return len(family) >= DAEMONS + 2 and not living, found
