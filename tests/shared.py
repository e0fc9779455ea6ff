"""What several test files need and one worker makes for all: a graded folder, an environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return a folder that the first worker who asks for it has filled; it must stay as it is.

    Args:
        tmp_path_factory: Pytest's.
        name: Of the folder; one per session of tests.
        make: Fills the empty folder that it is given, which then gets another name.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    target = shared / name
    with FileLock(shared / f"{name}.lock"):
        if not target.is_dir():
            part = shared / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)  # of a worker that failed
            part.mkdir()
            make(part)
            part.rename(target)
    return target


def own_copy(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """Return a copy of it that this worker may change."""
    copy = tmp_path_factory.mktemp(name) / name
    shutil.copytree(made_once(tmp_path_factory, name, make), copy)
    return copy
