"""What a worker does: one submission in as bytes, its results out. Any worker, on any machine."""

from __future__ import annotations

import io
import os
import socket
import tarfile
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.assignment import Assignment, Course
from grader.batch.records import State
from grader.formats import one_line
from grader.isolation.tiers import Wish
from grader.records import GradeSheet, Limits
from grader.results import ResultFolder
from reference.errors import ConfigError, GraderFault, SubmissionError

if TYPE_CHECKING:
    from grader.pipeline import GradeRequest


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


def grade_task(task: GradeTask) -> TaskResult:
    """Grade one submission; whatever happens to it is in the result, never an exception."""
    from grader.batch.worker import warm_for  # torch: seconds, and only workers need it
    from grader.pipeline import grade

    started = time.perf_counter()
    stages: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-task") as folder:
        zip_path = Path(folder) / _file_name(task)
        zip_path.write_bytes(task.content)
        request = _request(task, zip_path, task.out or Path(folder) / "out")
        state, sentence, again = State.GRADED, "", False
        sheet, sheet_json, archive = None, b"", b""
        try:
            record = grade(
                replace(request, warm=warm_for(task)),
                lambda name: stages.append((name, time.perf_counter())),
                lambda _: None,
            )
            sheet = without_exhibits(record.sheet)
            sheet_json = record.folder.results.read_bytes()
            archive = b"" if task.out else pack(record.folder)
        except SubmissionError as error:
            state, sentence = State.REJECTED, str(error)
        except ConfigError as error:
            state, sentence = State.FAULT, str(error)
        except GraderFault as error:
            state, sentence, again = State.FAULT, str(error), True
        except Exception as error:  # noqa: BLE001 -- the edge: one submission never stops the rest
            state, sentence, again = State.FAULT, f"{type(error).__name__}: {error}", True
    ended = time.perf_counter()
    return TaskResult(
        state=state,
        sentence=one_line(sentence),
        worth_retrying=again,
        sheet=sheet,
        sheet_json=sheet_json,
        archive=archive,
        stage_seconds=_durations(stages, ended),
        seconds=ended - started,
        worker=f"{socket.gethostname()} {os.getpid()}",
    )


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


def _request(task: GradeTask, zip_path: Path, out: Path) -> GradeRequest:
    from grader.pipeline import GradeRequest

    return GradeRequest(
        zip_path=zip_path,
        out=out,
        assignment=task.assignment,
        course=task.course,
        submitted=task.submitted,
        extension=task.extension,
        kerberos=task.kerberos,
        key=task.key,
        bundle=task.bundle,
        device=task.device,
        limits=task.limits,
        threads=task.threads,
        isolation=task.isolation,
    )


def _file_name(task: GradeTask) -> str:
    """Return a name for the zip: the student's, if it can be the name of a file here."""
    name = PurePosixPath(task.zip_name).name
    usable = name not in {"", ".", ".."} and "\0" not in name and len(os.fsencode(name)) <= 255
    return name if usable else f"{task.kerberos}.zip"


def _durations(stages: list[tuple[str, float]], ended: float) -> tuple[tuple[str, float], ...]:
    ends = [*(start for _, start in stages[1:]), ended]
    return tuple((name, end - start) for (name, start), end in zip(stages, ends, strict=False))
