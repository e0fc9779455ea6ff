"""What runs whose grader was killed have left: folders and control groups named by its process."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from grader.sandbox.cgroups import ROOT

_NAME = re.compile(r"pset4-(\d+)-\w+")


def sweep() -> None:
    """Remove what belongs to no living process; what this user may not remove stays."""
    for folder in _dead(Path(tempfile.gettempdir())):
        shutil.rmtree(folder, ignore_errors=True)
    for hierarchy in (ROOT, ROOT / "memory", ROOT / "pids", ROOT / "cpu"):
        for folder in _dead(hierarchy):
            with suppress(OSError):
                folder.rmdir()


def _dead(parent: Path) -> Iterator[Path]:
    for folder in parent.glob("pset4-*-*"):
        match = _NAME.fullmatch(folder.name)
        if match and not psutil.pid_exists(int(match[1])):
            yield folder
