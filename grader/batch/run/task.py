"""What goes to a worker and what comes back: a submission as bytes, its results likewise."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.records import State
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment
from grader.model.records import GradeSheet
from grader.model.results_folder import ResultFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeTask:
    """One submission, and how to grade it. Everything that a worker needs but the bundle."""

    content: bytes
    """The zip."""
    hand_in: HandIn
    """Whose, and what staff know about it."""
    key: str
    """The run's key; the results folder carries it."""
    assignment: Assignment
    """Parts and points."""
    settings: RunSettings
    """How the notebook is run."""
    out: Path | None
    """Results go to `out/<kerberos>`; None where worker and coordinator share no files."""

    @property
    def kerberos(self) -> str:
        """Whose."""
        return self.hand_in.kerberos


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
