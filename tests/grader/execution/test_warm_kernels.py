"""Warm kernels do what cold ones do; whatever goes wrong with them, the run is made cold."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from grader.execution import Job, Progress, execute, warm_kernels
from grader.model.records import Alignment, Evidence, Limits, Outcome
from grader.planning.plan import RunOptions, plan_run
from grader.sandbox.box import Box, write_etc
from grader.sandbox.boxed import BoxedResult, run_boxed, run_folder
from grader.sandbox.launch import Entry
from grader.sandbox.tiers import Tier, box_user, host_support
from grader.sandbox.warm import WarmServer
from grader.sandbox.warm_server import Preload, warm_server
from reference import bundles
from reference.errors import GraderFault
from tests import factories

TIER = host_support().tier
pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(TIER is Tier.PROCESS, reason=f"no box here: {host_support().why_not}"),
]


@pytest.fixture(scope="module")
def others() -> set[int]:
    """Servers that fixtures of other files keep up in this process."""
    return driver_servers()


@pytest.fixture(scope="module")
def server(random_bundle: bundles.Bundle, others: set[int]) -> Iterator[WarmServer]:
    with warm_kernels(random_bundle, threads=1, tier=TIER, device="cpu") as found:
        yield found


class Ran:
    """What came of a run."""

    def __init__(self, evidence: Evidence, executed: Path) -> None:
        self.evidence = evidence
        notebook = nbformat.read(executed, 4)  # type: ignore[no-untyped-call]
        self.outputs: list[Any] = [cell.outputs for cell in notebook.cells]

    @property
    def outcomes(self) -> list[Outcome]:
        return [cell.outcome for cell in self.evidence.cells]

    @property
    def texts(self) -> list[str]:
        return ["".join(one.get("text", "") for one in outputs) for outputs in self.outputs]

    @property
    def why_cold(self) -> list[str]:
        return [note.message for note in self.evidence.notes if note.code == "kernel-cold"]


def run(
    bundle: bundles.Bundle,
    warm: WarmServer | None,
    *sources: str,
    files: dict[str, str] | None = None,
    on_progress: Any = lambda _: None,
) -> Ran:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in (files or {}).items():
            (folder / path).write_text(text)
        submission = factories.submission(
            other_files=tuple(files or {}),
            cells=tuple(factories.cell(i, source) for i, source in enumerate(sources)),
        )
        limits = Limits(cell_timeout_s=20, memory_mib=1500, interrupt_grace_s=2)
        options = RunOptions(device="cpu", seed=5, nonce="n0", limits=limits)
        nothing = Alignment(matches=(), missing=(), answers=())
        job = Job(
            submission=submission,
            submission_folder=folder,
            bundle=bundle,
            course_files={},
            evidence_folder=folder / "evidence",
            executed_notebook=folder / "executed.ipynb",
            threads=1,
            tier=TIER,
            on_progress=on_progress,
            warm=warm,
        )
        evidence = execute(plan_run(submission, nothing, (), bundle, options), job)
        return Ran(evidence, job.executed_notebook)


def family() -> set[int]:
    return {one.pid for one in psutil.Process().children(recursive=True) if lives(one)}


def lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:  # it ended while it was asked about
        return False


def nothing_is_left_but(before: set[int]) -> bool:
    deadline = time.monotonic() + 5
    while family() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    return not family() - before


SAME = (
    "import os, sys, cv2, torchvision\nprint(sorted(os.environ.items()))",
    "print(sys.argv[3:], sys.path, sys.flags, __name__, os.getcwd(), sorted(os.listdir('.')))",
    "print(sorted(os.listdir('/etc')), sorted(os.listdir('/')), sorted(os.listdir('/dev')))",
    "import resource\nprint([resource.getrlimit(n) for n in range(16)])",
    "import torch\nprint(torch.rand(3), (torch.rand(300, 300) @ torch.rand(300, 300)).sum())",
    "import numpy, random\nprint(numpy.random.rand(2), random.random(), torch.get_num_threads())",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "import matplotlib\nprint(matplotlib.get_backend(), matplotlib.get_cachedir())",
    "import tempfile\nprint(tempfile.gettempdir(), os.getpid() < 9, len(os.getgroups()))",
    "import signal\nprint([signal.getsignal(n) for n in (1, 13, 15, 17)])",
    "print(open('/proc/self/cgroup').read(), os.uname().nodename, os.umask(0))",
    "import multiprocessing\nwith multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, 2]))",
    "import subprocess\nprint(subprocess.run(['id'], capture_output=True).returncode)",
    "1 / 0",
)
"""Cells whose output must be the same."""


def test_a_warm_kernel_does_what_a_cold_one_does(
    random_bundle: bundles.Bundle, server: WarmServer
) -> None:
    warm, cold = (run(random_bundle, way, *SAME) for way in (server, None))
    assert warm.why_cold == []
    assert warm.outcomes == cold.outcomes == [*[Outcome.PASS] * 13, Outcome.STUDENT_ERROR]
    different = [pair for pair in zip(warm.texts, cold.texts, strict=True) if len(set(pair)) > 1]
    assert different == []
    pictures = [[list(one.get("data", {})) for one in ran.outputs[6]] for ran in (warm, cold)]
    assert pictures[0] == pictures[1] == [["image/png", "text/plain"]]
    assert warm.evidence.host == cold.evidence.host


HOSTILE = {
    "import ctypes, os, socket\nlibc = ctypes.CDLL(None, use_errno=True)": "",
    "print([libc.unshare(flag) for flag in (0x20000, 0x10000000, 0x40000000)])": "[-1, -1, -1]",
    "print(libc.mount(b't', b'/tmp', b'tmpfs', 0, None), libc.umount2(b'/tmp', 2))": "-1 -1",
    "print(libc.umount2(b'/box', 2), libc.setns(0, 0), libc.ptrace(16, 1, 0, 0))": "-1 -1 -1",
    """
import sys
seen = [p for p, _, _ in os.walk('/tmp') if not p.startswith((sys.prefix, sys.base_prefix))]
print([p for p in seen if p.endswith(('stage', 'etc', 'side'))])
""": "[]",
    """
def opens(path, mode='rb'):
    try:
        return open(path, mode).read(1)
    except OSError as error:
        return type(error).__name__
print({opens(f'/proc/1/{n}') for n in ('mem', 'environ', 'maps')})
""": "{'PermissionError'}",
    "print(opens('/proc/sys/kernel/core_pattern', 'r+b') in {'PermissionError', 'OSError'})": (
        "True"
    ),
    """
links = [f'/proc/self/fd/{n}' for n in os.listdir('/proc/self/fd')]
print([os.readlink(n) for n in links if os.path.lexists(n) and 'pset4' in os.readlink(n)])
""": "[]",
    """
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
    print(one.connect_ex(SERVER) != 0, one.connect_ex(chr(0) + 'pset4') != 0)
""": "True True",
    "print(socket.socket().connect_ex(('192.0.2.1', 80)) != 0)": "True",
    """
try:
    os.setuid(1)
except OSError as error:
    print(type(error).__name__)
""": "PermissionError",
    """
import signal
for number in (15, 9):
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        print('alone', end=' ')
os.kill(1, 9)
""": "alone alone ",
    """
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        os.fork()
        signal.pause()
print('left')
""": "left",
}
"""What a student may try, besides what the doctor tries."""


def test_what_a_student_may_try(random_bundle: bundles.Bundle, server: WarmServer) -> None:
    before = family()
    cells = [cell.replace("SERVER", repr(str(server.address))) for cell in HOSTILE]
    ran = run(random_bundle, server, *cells)
    assert ran.why_cold == []
    assert set(ran.outcomes) == {Outcome.PASS}
    assert [text.removesuffix("\n") for text in ran.texts] == list(HOSTILE.values())
    assert nothing_is_left_but(before)


def test_bounds_hold(random_bundle: bundles.Bundle, server: WarmServer) -> None:
    take = (
        "import mmap, time\nkept = []\nwhile True:\n"
        "    kept.append(mmap.mmap(-1, 2**26)); kept[-1].write(b'x' * 2**26); time.sleep(0.02)"
    )
    ran = run(random_bundle, server, take, "print('never')")
    (cell,) = ran.evidence.cells
    assert cell.outcome is Outcome.RESOURCE_LIMIT
    assert "more memory than its limit (1500 MiB)" in cell.error_message
    assert ran.why_cold == []


def test_a_file_that_is_named_like_a_library(
    random_bundle: bundles.Bundle, server: WarmServer
) -> None:
    files = {"requests.py": "mine = 1"}
    ran = run(random_bundle, server, "import requests; print(requests.mine)", files=files)
    assert ran.texts == ["1\n"]
    assert "requests.py" in ran.why_cold[0]


def test_another_environment_is_run_cold(random_bundle: bundles.Bundle, server: WarmServer) -> None:
    other = replace(server, environment=(("OMP_NUM_THREADS", "7"),))
    ran = run(random_bundle, other, "import os; print(os.environ['OMP_NUM_THREADS'])")
    assert ran.texts == ["1\n"]
    assert "another environment" in ran.why_cold[0]


def driver_servers() -> set[int]:
    return {
        one.pid
        for one in psutil.Process().children()
        if "grader.execution.driver_server" in one.cmdline()
    }


def test_a_driver_that_is_killed_leaves_nothing(
    random_bundle: bundles.Bundle, server: WarmServer, others: set[int]
) -> None:
    before = family()

    def kill(progress: Progress) -> None:
        if progress.label == "cell 1":
            (server_process,) = driver_servers() - others
            for watcher in psutil.Process(server_process).children():
                for driver in watcher.children():
                    driver.kill()

    with pytest.raises(GraderFault, match="ended before it was done"):
        run(random_bundle, server, "import time; time.sleep(60)", on_progress=kill)
    assert nothing_is_left_but(before)


def test_without_a_server_of_drivers_one_is_started(
    random_bundle: bundles.Bundle, server: WarmServer
) -> None:
    gone = replace(server, drivers=server.address.with_name("nobody"))
    ran = run(random_bundle, gone, "print(1)")
    assert (ran.texts, ran.why_cold) == (["1\n"], [])


def test_a_forked_driver_is_apart_and_knows_no_token(
    random_bundle: bundles.Bundle,
    server: WarmServer,
    others: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PSET4_TOKEN", "secret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    seen: list[dict[str, str]] = []

    def look(progress: Progress) -> None:
        if progress.label == "cell 1" and not seen:
            (found,) = driver_servers() - others
            seen.append(psutil.Process(found).environ())
            (watcher,) = psutil.Process(found).children()
            (driver,) = watcher.children()
            assert os.getsid(driver.pid) not in {os.getsid(0), os.getsid(found)}

    run(random_bundle, server, "import time; time.sleep(0.5)", on_progress=look)
    assert seen
    assert "PSET4_TOKEN" not in seen[0]


def kill_servers(but: set[int]) -> None:
    for process in psutil.Process().children(recursive=True):
        if process.pid not in but and process.cmdline()[1:2] == ["/box/zygote.py"]:
            process.send_signal(signal.SIGKILL)


def test_a_server_that_ends(random_bundle: bundles.Bundle) -> None:
    before = family()
    started: list[str] = []

    def kill(progress: Progress) -> None:
        started.append(progress.label)
        if started.count("cell 1") == 1 and progress.label == "cell 1":
            kill_servers(but=before)

    with warm_kernels(random_bundle, threads=1, tier=TIER, device="cpu", restarts=0) as server:
        slow = "import time; time.sleep(1); print('done')"
        amid = run(random_bundle, server, slow, on_progress=kill)
        later = run(random_bundle, server, slow)
    for ran in (amid, later):
        assert ran.outcomes == [Outcome.PASS]
        assert ran.texts == ["done\n"]
        assert len(ran.why_cold) == 1
    assert "ended while the notebook ran" in amid.why_cold[0]
    assert nothing_is_left_but(before)


# -- children, without a notebook -----------------------------------------------------------------


def forked(server: WarmServer, code: str, *arguments: str) -> BoxedResult:
    """Run code in a child of the server, as a kernel would be."""
    uid, user_namespace = box_user()
    with tempfile.TemporaryDirectory(dir=server.runs) as name:
        box = Box(
            folder=run_folder(name),
            uid=uid,
            user_namespace=user_namespace,
            environment=server.environment,
        )
        write_etc(box, b"")
        entry = Entry(command=(sys.executable, "-c", code, *arguments), limits={})
        return run_boxed(box, entry, cgroup=None, timeout_s=20, warm=server)


def test_children_have_random_numbers_of_their_own(server: WarmServer) -> None:
    code = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1))"
    first, second = (forked(server, code).output.split() for _ in range(2))
    assert len(first) == 3
    assert not set(first) & set(second)


SEARCH = """
import re, sys
wanted = sys.argv[1].encode()[::-1]
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
    for line in maps:
        span, mode = line.split()[:2]
        start, end = (int(part, 16) for part in span.split("-"))
        if mode.startswith("rw") and end - start < 2**28:
            memory.seek(start)
            found += wanted in memory.read(end - start)
print(found > KNOWN)
"""


def test_no_child_sees_what_another_was_told(server: WarmServer) -> None:
    key = "k3y-of-one-run-" + os.urandom(8).hex()
    own = forked(server, SEARCH.replace("KNOWN", "1"), key[::-1], key)
    assert own.output == b"True\n", own.errors
    other = forked(server, SEARCH.replace("KNOWN", "1"), key[::-1])
    assert other.output == b"False\n", other.errors


@pytest.mark.parametrize(
    ("trial", "why"),
    [("import os; os._exit(3)", "status 3"), ("import time; time.sleep(60)", "not done in time")],
)
def test_a_trial_child_that_does_not_get_through(trial: str, why: str) -> None:
    before = family()
    server = warm_server(TIER, Preload(trial=trial), environment=(), restarts=0)
    with pytest.raises(OSError, match=why), server:
        raise AssertionError("never here")
    assert nothing_is_left_but(before)


def test_without_a_box_there_are_no_warm_kernels(random_bundle: bundles.Bundle) -> None:
    server = warm_kernels(random_bundle, threads=1, tier=Tier.PROCESS, device="cpu")
    with pytest.raises(GraderFault, match="runs start cold"), server:
        raise AssertionError("never here")
