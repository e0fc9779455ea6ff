"""Readers of files by strangers: they see the file that they are shown, and nothing else."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from grader.sandbox import limited
from grader.sandbox.limited import TookTooLong, run_limited
from grader.sandbox.tiers import Support, Tier, host_support
from tests import factories

ROOT = Path(__file__).parents[3]
BOXED = pytest.mark.skipif(host_support().tier is Tier.PROCESS, reason=host_support().why_not)


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "report.pdf"
    path.write_bytes(factories.pdf_bytes(pages=2))
    return path


def ask(pdf: Path, files: tuple[Path, ...]) -> object:
    arguments = (str(pdf), "512")
    answer = run_limited("grader.intake.report_pages", arguments, files=files, timeout_s=60)
    return json.loads(answer)


def test_the_file_that_is_shown(pdf: Path) -> None:
    assert ask(pdf, (pdf,)) == {"pages": 2}


@BOXED
def test_a_file_that_only_its_owner_may_read(pdf: Path) -> None:
    pdf.chmod(0o600)
    assert ask(pdf, (pdf,)) == {"pages": 2}


@BOXED
def test_no_other_file_is_there(pdf: Path) -> None:
    assert "error" in ask(pdf, ())  # type: ignore[operator]


@BOXED
@pytest.mark.parametrize("module", ["reference.expected", "reference.conv", "tests.factories"])
def test_the_expected_values_are_not_there(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("-n1", "-r1", f"import importlib.util as u; assert u.find_spec('{module}')")
    assert run_limited("timeit", arguments, timeout_s=60) == b""
    monkeypatch.setattr(limited, "host_support", lambda: Support(tier=Tier.PROCESS))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert b"loop" in run_limited("timeit", arguments, timeout_s=60)


def test_one_that_takes_too_long_is_killed(pdf: Path) -> None:
    with pytest.raises(TookTooLong):
        run_limited("grader.intake.report_pages", (str(pdf), "512"), files=(pdf,), timeout_s=0.01)


# -- without a box --------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A child that does what it is told, in a plain process: no box shows it."""
    monkeypatch.setattr(limited, "host_support", lambda: Support(tier=Tier.PROCESS))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    (tmp_path / "limited_child.py").write_text(
        "import os, sys, time\n"
        "from grader.sandbox.limited import limit_this_process\n"
        "limit_this_process(memory_mib=256, cpu_s=60)\n"
        "what = sys.argv[1]\n"
        "if what == 'memory': bytearray(1 << 30)\n"
        "if what == 'time': time.sleep(60)\n"
        "if what == 'crash': os.abort()\n"
        "sys.stdout.write(os.environ.get('SECRET', 'none') + sys.stdin.read())\n"
    )
    return "limited_child"


def test_it_answers(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of ours")
    assert run_limited(module, ["answer"], stdin=b" asked", timeout_s=60) == b"none asked"


@pytest.mark.parametrize("what", ["memory", "crash"])
def test_what_is_stopped_says_nothing(module: str, what: str) -> None:
    assert run_limited(module, [what], timeout_s=60) == b""


def test_what_takes_too_long_is_killed(module: str) -> None:
    started = time.perf_counter()
    with pytest.raises(TookTooLong):
        run_limited(module, ["time"], timeout_s=0.5)
    assert time.perf_counter() - started < 20
