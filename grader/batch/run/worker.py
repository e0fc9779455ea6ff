"""What a worker does: one submission in as bytes, its results out. Any worker, on any machine."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.batch.records import State
from grader.batch.run.task import GradeTask, TaskResult, pack, without_exhibits
from grader.model.text import one_line
from reference.errors import ConfigError, GraderFault, SubmissionError

if TYPE_CHECKING:
    from grader.pipeline import GradeRequest


def grade_task(task: GradeTask) -> TaskResult:
    """Grade one submission; whatever happens to it is in the result, never an exception."""
    from grader.pipeline import grade  # torch: seconds, and only workers need it

    started = time.perf_counter()
    stages: list[tuple[str, float]] = []
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-task") as folder:
        zip_path = Path(folder) / _file_name(task)
        zip_path.write_bytes(task.content)
        state, sentence, again = State.GRADED, "", False
        sheet, sheet_json, archive = None, b"", b""
        try:
            record = grade(
                _request(task, zip_path, task.out or Path(folder) / "out"),
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


def _request(task: GradeTask, zip_path: Path, out: Path) -> GradeRequest:
    from grader.batch.run.kernel_server import warm_for
    from grader.pipeline import GradeRequest

    return GradeRequest(
        hand_in=replace(task.hand_in, path=zip_path),
        out=out,
        assignment=task.assignment,
        settings=task.settings,
        key=task.key,
        warm=warm_for(task.settings),
    )


def _file_name(task: GradeTask) -> str:
    """Return a name for the zip: the student's, if it can be the name of a file here."""
    name = PurePosixPath(task.hand_in.zip_name).name
    usable = name not in {"", ".", ".."} and "\0" not in name and len(os.fsencode(name)) <= 255
    return name if usable else f"{task.kerberos}.zip"


def _durations(stages: list[tuple[str, float]], ended: float) -> tuple[tuple[str, float], ...]:
    ends = [*(start for _, start in stages[1:]), ended]
    return tuple((name, end - start) for (name, start), end in zip(stages, ends, strict=False))
