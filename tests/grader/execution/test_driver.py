"""The driver: limits of its own, and nothing left of it, its kernel or its box when it ends."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
import psutil
import pytest
import zmq

from grader.execution import Job, Progress, execute
from grader.execution.kernels import kernel_manager
from grader.execution.session import NEVER_S
from grader.model.records import Alignment, Evidence, Limits, Outcome
from grader.planning.plan import RunOptions, plan_run
from grader.sandbox.cgroups import ROOT
from grader.sandbox.launch import Entry
from grader.sandbox.provisioner import KernelPlace
from grader.sandbox.tiers import Tier, host_support
from reference import bundles
from reference.errors import GraderFault
from tests import factories
from tests.grader.execution.conftest import Run
from tests.lanes import more

pytestmark = pytest.mark.kernel

TIERS = [Tier.PROCESS]
if host_support().tier is not Tier.PROCESS:
    TIERS.append(Tier.BUBBLEWRAP)
if host_support().tier is Tier.CGROUP:
    TIERS.append(Tier.CGROUP)


def strongest(tiers: list[Tier]) -> list[Any]:
    """The strongest tier of this machine; `make test-all` has the others, too."""
    return [*more(*tiers[:-1]), *tiers[-1:]]


def family() -> set[int]:
    return {
        one.pid
        for one in psutil.Process().children(recursive=True)
        if one.status() != psutil.STATUS_ZOMBIE
    }


def is_driver(process: psutil.Process) -> bool:
    return "grader.execution.driver" in process.cmdline()


def run_in(
    tier: Tier,
    bundle: bundles.Bundle,
    folder: Path,
    *sources: str,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cell_timeout_s: float = 20,
    files: Mapping[str, str] = MappingProxyType({}),
) -> Evidence:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    submission = factories.submission(
        other_files=tuple(files),
        cells=tuple(factories.cell(i, source) for i, source in enumerate(sources)),
    )
    limits = Limits(cell_timeout_s=cell_timeout_s, memory_mib=1500, interrupt_grace_s=2)
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
        tier=tier,
        on_progress=on_progress,
    )
    return execute(plan_run(submission, nothing, (), bundle, options), job)


DAEMONS = """
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (1, 2, 15):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(600)
        os._exit(0)
"""


def left_behind() -> set[Path]:
    """Folders and control groups of runs of this process, those of running servers included."""
    mine = f"pset4-{psutil.Process().pid}-*"
    return {*Path(tempfile.gettempdir()).glob(mine), *ROOT.glob(f"*/{mine}")}


@pytest.mark.parametrize("tier", strongest(TIERS))
def test_nothing_is_left_of_a_run(
    tier: Tier, random_bundle: bundles.Bundle, tmp_path: Path
) -> None:
    before, traces = family(), left_behind()
    users: set[int] = set()

    def look(progress: Progress) -> None:
        if progress.label.startswith("cell"):
            drivers = [one for one in psutil.Process().children() if is_driver(one)]
            users.update(uid for one in drivers for uid in one.uids())

    evidence = run_in(tier, random_bundle, tmp_path, DAEMONS, "print('on')", on_progress=look)
    # What reads a stranger's words is root no more, where root can still bound the run.
    assert (users == {os.getuid()}) == (tier is not Tier.CGROUP or os.getuid() != 0)
    made = [*(tmp_path / "evidence").rglob("*"), tmp_path / "executed.ipynb"]
    assert {path.stat().st_uid for path in made} == {os.getuid()}
    assert [cell.outcome for cell in evidence.cells] == [Outcome.PASS, Outcome.PASS]
    assert evidence.host.isolation == tier.value
    assert family() == before
    assert left_behind() == traces


@pytest.mark.parametrize("tier", strongest(TIERS[1:]))
def test_memory_of_the_whole_run_is_bounded(
    tier: Tier, random_bundle: bundles.Bundle, tmp_path: Path
) -> None:
    take = (
        "import mmap, time\nkept = []\nwhile True:\n"
        "    kept.append(mmap.mmap(-1, 2**26)); kept[-1].write(b'x' * 2**26); time.sleep(0.02)"
    )
    evidence = run_in(tier, random_bundle, tmp_path, take, "print('never')")
    (cell,) = evidence.cells
    assert cell.outcome is Outcome.RESOURCE_LIMIT
    assert "more memory than its limit (1500 MiB)" in cell.error_message


def test_a_driver_that_is_killed_is_our_fault_and_leaves_nothing(
    random_bundle: bundles.Bundle, tmp_path: Path
) -> None:
    before = family()

    def kill(progress: Progress) -> None:
        if progress.label == "cell 1":
            for process in psutil.Process().children():
                if is_driver(process):
                    process.kill()

    with pytest.raises(GraderFault, match="ended before it was done"):
        run_in(TIERS[-1], random_bundle, tmp_path, "import time; time.sleep(60)", on_progress=kill)
    deadline = time.monotonic() + 5
    while family() != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert family() == before


def test_no_print_is_lost(run_cells: Run) -> None:
    evidence, folder, _ = run_cells("for n in range(2_500):\n    print(n, flush=True)")
    assert evidence.cells[0].outcome is Outcome.PASS
    notebook = nbformat.read(folder / "executed.ipynb", 4)  # type: ignore[no-untyped-call]
    text = "".join(output.text for output in notebook.cells[0].outputs)
    assert text.split() == [str(n) for n in range(2_500)]


SWAP = """
import glob, os
swapped = []
for path in glob.glob('/tmp/pset4-*/ipc/k-*'):
    try:
        os.unlink(path)
        os.symlink('/box/nowhere', path)
        swapped.append(path)
    except OSError:
        pass
"""


@pytest.mark.parametrize("tier", strongest(TIERS[1:]))
def test_sockets_that_are_swapped_are_never_looked_at_again(
    tier: Tier, random_bundle: bundles.Bundle, tmp_path: Path
) -> None:
    cells = (SWAP, "1 + 1", "while True: pass", "2")
    evidence = run_in(tier, random_bundle, tmp_path, *cells, cell_timeout_s=5)
    outcomes = [cell.outcome for cell in evidence.cells]
    # The interrupt of the third cell went over a socket that was connected before.
    assert outcomes == [Outcome.PASS, Outcome.PASS, Outcome.TIMEOUT, Outcome.PASS]


LEAVES_A_TRACE = "import os; open(os.path.expanduser('~/ran-') + str(__name__), 'w')\n"
READ_BEFORE_A_NOTEBOOK = {
    ".ipython/profile_default/startup/00.py": LEAVES_A_TRACE,
    ".ipython/profile_default/ipython_kernel_config.py": LEAVES_A_TRACE,
    ".ipython/profile_default/ipython_config.py": LEAVES_A_TRACE,
    ".jupyter/jupyter_config.py": LEAVES_A_TRACE,
    ".config/matplotlib/matplotlibrc": "figure.dpi: 7",
    ".local/lib/python3.11/site-packages/usercustomize.py": LEAVES_A_TRACE,
    ".local/lib/python3.11/site-packages/x.pth": LEAVES_A_TRACE,
    "ipython_config.py": LEAVES_A_TRACE,
    "ipython_kernel_config.py": LEAVES_A_TRACE,
    "jupyter_config.py": LEAVES_A_TRACE,
    "matplotlibrc": "figure.dpi: 7",
    ".netrc": "machine 6.869.csail.mit.edu login a password b",
    ".curlrc": "output = /dev/null",
    ".wgetrc": "output_document = /dev/null",
    "sitecustomize.py": LEAVES_A_TRACE,
    "usercustomize/__init__.py": LEAVES_A_TRACE,
    "psutil.py": LEAVES_A_TRACE,
    "traitlets.py": LEAVES_A_TRACE,
    "storemagic.py": LEAVES_A_TRACE,
    "nbformat.py": LEAVES_A_TRACE,
    "grader/execution/driver.py": LEAVES_A_TRACE,
    ".cache/torch/hub/checkpoints/resnet50-0676ba61.pth": "not these",
    "WelshCorgi.jpeg/x.txt": "a folder in place of a file",
    "mine.py": "value = 7",
}
"""What a kernel, a library or we ourselves would read unasked; and a module of a student's."""


@pytest.mark.parametrize("tier", strongest(TIERS))
def test_nothing_of_a_submission_is_read_before_its_first_cell(
    tier: Tier, random_bundle: bundles.Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # as in CI, which grades in the student's repository
    looks = """
import os, sys, matplotlib
from pathlib import Path
home = Path.home()
assert Path.cwd() == home
assert not list(home.glob("ran-*")), list(home.glob("ran-*"))
assert not list(home.glob(".*rc")), list(home.glob(".*rc"))
assert matplotlib.rcParams["figure.dpi"] != 7
import mine
assert mine.value == 7
assert Path("WelshCorgi.jpeg").is_file()
cached = home / ".cache/torch/hub/checkpoints/resnet50-0676ba61.pth"
assert cached.stat().st_size > 100, cached
names = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR", "XDG_CONFIG_HOME", "TORCH_HOME")
assert not [name for name in names if Path(os.environ[name]).is_relative_to(home)]
"""
    evidence = run_in(tier, random_bundle, tmp_path, looks, files=READ_BEFORE_A_NOTEBOOK)
    assert [cell.error_message for cell in evidence.cells] == [""]
    (note,) = (note for note in evidence.notes if note.code == "files-left-out")
    assert ".ipython/profile_default/startup/00.py" in note.message


def test_every_socket_of_the_client_has_our_options(tmp_path: Path) -> None:
    manager = kernel_manager(KernelPlace(**_place(tmp_path)), Limits(message_mib=3))
    manager.write_connection_file()
    client = manager.client()
    try:
        for name in ("shell", "iopub", "stdin", "control"):
            made = getattr(client, f"connect_{name}")()
            assert made.getsockopt(zmq.RECONNECT_IVL) / 1000 > 10 * Limits().notebook_timeout_s
            assert made.getsockopt(zmq.MAXMSGSIZE) == 3 * 2**20
            made.close()
    finally:
        manager.context.destroy(linger=0)


def _place(folder: Path) -> dict[str, Any]:
    return {
        "box": None,
        "entry": Entry(command=(), limits={}),
        "environment": {},
        "sockets": folder,
        "connection": folder,
        "cgroup": None,
        "on_listeners": lambda _: None,
        "startup_timeout_s": 1.0,
    }


def test_time_limits_go_by_clocks_that_do_not_jump() -> None:
    sources = list((Path(__file__).parents[3] / "grader").rglob("*.py"))
    assert len(sources) > 100
    jumping = re.compile(r"\btime\.time\(|from time import time\b")
    assert [path.name for path in sources if jumping.search(path.read_text("utf-8"))] == []
    # The client's own limit goes by the wall's clock, so it must never be reached.
    assert NEVER_S > 20 * 365 * 86_400
