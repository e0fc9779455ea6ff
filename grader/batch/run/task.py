"""What goes to a worker and what comes back: a submission as bytes, its results likewise."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from grader.batch.records import State
from grader.model.assignment import Assignment, Course
from grader.model.records import GradeSheet, Limits
from grader.model.results_folder import ResultFolder
from grader.sandbox.tiers import Wish

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeTask:
    """One submission, and how to grade it. Everything that a worker needs but the bundle."""

    content: bytes
    """The zip."""
    zip_name: str
    """What the student called it."""
    kerberos: str
    """Whose."""
    course: Course
    """Which variant."""
    submitted: datetime | None
    """When it was handed in; None where not told."""
    extension: timedelta
    """By how much the deadline is later."""
    key: str
    """The run's key; the results folder carries it."""
    assignment: Assignment
    """Parts and points."""
    bundle: str
    """Name of the bundle."""
    device: str
    """`auto`, `cpu` or `cuda`."""
    limits: Limits
    """Bounds of the run."""
    threads: int
    """CPU threads of the kernel and of the checks."""
    isolation: Wish
    """How the notebook must be kept apart."""
    warm: bool
    """Whether kernels are forked from a server that has imported torch already."""
    out: Path | None
    """Results go to `out/<kerberos>`; None where worker and coordinator share no files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What came of it."""

    state: State
    """GRADED, REJECTED or FAULT."""
    sentence: str
    """Why not graded; empty otherwise."""
    worth_retrying: bool
    """Whether another try may end otherwise."""
    sheet: GradeSheet | None
    """The grades, without pictures."""
    sheet_json: bytes
    """results.json; empty where there is none."""
    archive: bytes
    """The results folder as tar, where `out` was None; else empty."""
    stage_seconds: tuple[tuple[str, float], ...]
    """(stage, wall-clock seconds)."""
    seconds: float
    """Wall-clock seconds of it all."""
    worker: str
    """Host and process id."""


def without_exhibits(sheet: GradeSheet) -> GradeSheet:
    """Return the sheet without pictures and plots, which are most of its size."""
    parts = tuple(
        replace(part, findings=tuple(replace(one, exhibits=()) for one in part.findings))
        for part in sheet.parts
    )
    return replace(sheet, parts=parts)


def pack(folder: ResultFolder) -> bytes:
    """Return a results folder as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(folder.root, arcname=".")
    return buffer.getvalue()


def unpack(archive: bytes, folder: ResultFolder) -> None:
    """Lay out what `pack` packed; nothing lands outside the folder."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder.root, filter="data")
