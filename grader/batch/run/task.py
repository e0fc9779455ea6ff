"""What goes to a worker and what comes back: a submission as bytes, its results likewise."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.records import State
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment
from grader.model.records import GradeSheet
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import GraderKeys
from grader.scoring.overrides import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeTask:
    """One submission, and how to grade it. Everything that a worker needs but the bundle."""

    content: bytes
    """The zip."""
    hand_in: HandIn
    """Whose, and what staff know about it."""
    run_key: str
    """The run's key; the results folder carries it."""
    assignment: Assignment
    """Parts and points."""
    settings: RunSettings
    """How the notebook is run."""
    out: Path | None
    """Results go to `out/<kerberos>`; None where worker and coordinator share no files."""
    overrides: tuple[Override, ...] = ()
    """What people decided about it."""
    pdf: bool = False
    """Whether `feedback.pdf` is made with the other pages, and not behind them."""

    @property
    def kerberos(self) -> str:
        """Whose."""
        return self.hand_in.kerberos


def with_all_memory(task: GradeTask) -> GradeTask:
    """Return the task as it is run alone: with all memory that a run may take."""
    return replace(task, settings=replace(task.settings, room_mib=None, beside_others=False))


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
    keys: GraderKeys | None
    """What it was judged by; None where there is no sheet."""
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
    disk_full: bool = False
    """Whether there was no room for it, so that all others wait too."""


def no_result(sentence: str) -> TaskResult:
    """What there is to say where no worker came back with a result."""
    return TaskResult(
        state=State.FAULT,
        sentence=sentence,
        worth_retrying=True,
        sheet=None,
        keys=None,
        sheet_json=b"",
        archive=b"",
        stage_seconds=(),
        seconds=0.0,
        worker="",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeTask:
    """One graded submission, to be judged by today's checks."""

    hand_in: HandIn
    """Whose, and what staff know about it."""
    assignment: Assignment
    """Today's."""
    folder: Path | None
    """Its results; None where worker and coordinator share no files."""
    archive: bytes
    """Its results as tar, where `folder` is None; else empty."""
    keep: bool
    """Whether results are written, or only told."""
    overrides: tuple[Override, ...] = ()
    """What people decided about it."""
    pdf: bool = False
    """Whether `feedback.pdf` is made with the other pages, and not behind them."""

    @property
    def kerberos(self) -> str:
        """Whose."""
        return self.hand_in.kerberos


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeResult:
    """What came of it."""

    before: GradeSheet | None
    """As the results folder had it, without pictures; None where it could not be judged."""
    after: GradeSheet | None
    """As it is today."""
    keys: GraderKeys | None
    """What it was judged by."""
    sentence: str
    """Why it could not be judged; empty otherwise."""
    must_run: bool
    """Whether the notebook has to be run again first."""
    worth_retrying: bool
    """Whether another try may end otherwise."""
    archive: bytes
    """The files that are new as tar, where the task came as one and they are kept; else empty."""
    seconds: float
    """Wall-clock seconds."""
    worker: str
    """Host and process id."""
    disk_full: bool = False
    """Whether there was no room for it, so that all others wait too."""


def not_rejudged(sentence: str) -> RejudgeResult:
    """What there is to say where no worker came back with a result."""
    return RejudgeResult(
        before=None,
        after=None,
        keys=None,
        sentence=sentence,
        must_run=False,
        worth_retrying=True,
        archive=b"",
        seconds=0.0,
        worker="",
    )


def without_exhibits(sheet: GradeSheet) -> GradeSheet:
    """Return the sheet without pictures and plots, which are most of its size."""
    parts = tuple(
        replace(part, findings=tuple(replace(one, exhibits=()) for one in part.findings))
        for part in sheet.parts
    )
    return replace(sheet, parts=parts)


def pack(folder: ResultFolder, but: Callable[[Path], bool] = lambda _: False) -> bytes:
    """Return a results folder as a tar, without the files that `but` says, by paths below it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.root.rglob("*")):
            name = path.relative_to(folder.root)
            if not but(name):
                tar.add(path, arcname=str(name), recursive=False)
    return buffer.getvalue()


def unpack(archive: bytes, folder: ResultFolder) -> None:
    """Lay out what `pack` packed; nothing lands outside the folder."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder.root, filter="data")
