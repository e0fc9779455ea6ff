"""Processes with bounds: what comes back is what they said, or nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from grader.limited import TookTooLong, run_limited


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    (tmp_path / "limited_child.py").write_text(
        "import os, sys, time\n"
        "from grader.limited import limit_this_process\n"
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
