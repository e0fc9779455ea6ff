"""Set-up by `make`: once, whatever starts at the same time."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLAG = ".venv/.ready"
PYTHON = """#!/usr/bin/env bash
echo "begins: $*" >> log
if [ "$*" = "-m venv .venv" ]; then
  sleep 1
  mkdir -p .venv/bin
  cp "$0" .venv/bin/uv
  cp "$0" .venv/bin/python
fi
echo "ends: $*" >> log
"""
"""Stands in for Python, pip and uv: says what was asked of it, and takes its time."""
_OF_MAKE = ("MAKE", "MFLAGS")
"""What `make test` hands down to the makes that it starts."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    return tmp_path


def make(checkout: Path) -> subprocess.Popen[str]:
    alone = {name: value for name, value in os.environ.items() if not name.startswith(_OF_MAKE)}
    return subprocess.Popen(
        ["make", FLAG, "PYTHON=./python"],
        cwd=checkout,
        env=alone,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.skipif(shutil.which("flock") is None, reason="nothing to lock with")
def test_two_makes_in_a_fresh_checkout_set_it_up_once(checkout: Path) -> None:
    both = [make(checkout), make(checkout)]
    said = [one.communicate(timeout=60)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    steps = (checkout / "log").read_text().splitlines()
    assert steps.count("begins: -m venv .venv") == 1
    assert [one.partition(":")[0] for one in steps] == ["begins", "ends"] * (len(steps) // 2)
    assert (checkout / FLAG).is_file()
    again = make(checkout)
    assert "up to date" in again.communicate(timeout=60)[0]


@pytest.mark.skipif(shutil.which("flock") is None, reason="nothing to lock with")
def test_a_make_says_that_it_waits_for_another(checkout: Path) -> None:
    with (checkout / "Makefile").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = make(checkout)
        assert waiting.stdout is not None
        assert "waiting for another make that sets up this checkout" in waiting.stdout.readline()
        assert not (checkout / "log").exists()
    assert "Setting up .venv" in waiting.communicate(timeout=60)[0]
    assert waiting.returncode == 0
