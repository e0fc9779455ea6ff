"""What a killed grader left is removed by the next one; what a living one uses is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import leftovers


def test_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f"pset4-{gone.pid}-abc", f"pset4-{os.getpid()}-abc", "pset4-notes", "other"):
        (tmp_path / name / "work").mkdir(parents=True)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(leftovers, "ROOT", tmp_path / "no-groups")
    leftovers.sweep()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"pset4-{os.getpid()}-abc", "pset4-notes", "other"}
