"""What a worker does: one submission in as bytes, its results out. Any worker, on any machine."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from grader.batch.records import State
from grader.batch.run.task import (
    GradeTask,
    RejudgeResult,
    RejudgeTask,
    TaskResult,
    no_result,
    not_rejudged,
    pack,
    unpack,
    without_exhibits,
)
from grader.model.disk import DiskFull, room_in
from grader.model.fault_log import keep_fault
from grader.model.records.codec import RecordError, load
from grader.model.results_folder import ResultFolder, of_the_run
from grader.model.stage_keys import StageKeys
from grader.model.text import one_line
from grader.scoring.lateness import lateness_of
from reference.errors import ConfigError, GraderFault, SubmissionError

if TYPE_CHECKING:
    from grader.pipeline import GradeRequest


def grade_task(task: GradeTask) -> TaskResult:
    """Grade one submission; whatever happens to it is in the result, never an exception."""
    started = time.perf_counter()
    stages: list[tuple[str, float]] = []
    result = no_result("")
    try:
        result = _graded(task, lambda name: stages.append((name, time.perf_counter())))
    except SubmissionError as error:
        result = replace(result, state=State.REJECTED, sentence=str(error), worth_retrying=False)
    except DiskFull as error:
        result = replace(result, sentence=str(error), disk_full=True)
    except ConfigError as error:
        result = replace(result, sentence=str(error), worth_retrying=False)
    except Exception as error:  # noqa: BLE001 -- the edge: one submission never stops the rest
        result = replace(result, sentence=_said(error, task.kerberos))
    ended = time.perf_counter()
    return replace(
        result,
        sentence=one_line(result.sentence),
        stage_seconds=_durations(stages, ended),
        seconds=ended - started,
        worker=_name(),
    )


def _graded(task: GradeTask, on_stage: Callable[[str], None]) -> TaskResult:
    from grader.pipeline import grade  # torch: seconds, and only workers need it

    with (
        room_in(tempfile.gettempdir()),
        tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-task") as folder,
    ):
        zip_path = Path(folder) / _file_name(task)
        zip_path.write_bytes(task.content)
        request = _request(task, zip_path, task.out or Path(folder) / "out")
        record = grade(request, on_stage, lambda _: None)
        return replace(
            no_result(""),
            state=State.GRADED,
            worth_retrying=False,
            sheet=without_exhibits(record.sheet),
            keys=load(StageKeys, record.folder.key).grader,
            sheet_json=record.folder.results.read_bytes(),
            archive=b"" if task.out else pack(record.folder),
        )


def rejudge_task(task: RejudgeTask) -> RejudgeResult:
    """Judge one submission's evidence; whatever happens to it is in the result."""
    from grader.pipeline import MustGradeAgain

    started = time.perf_counter()
    result = not_rejudged("")
    try:
        result = _rejudged(task)
    except (MustGradeAgain, RecordError) as error:
        result = replace(result, sentence=str(error), must_run=True, worth_retrying=False)
    except DiskFull as error:
        result = replace(result, sentence=str(error), disk_full=True)
    except ConfigError as error:
        result = replace(result, sentence=str(error), worth_retrying=False)
    except Exception as error:  # noqa: BLE001 -- the edge: one submission never stops the rest
        result = replace(result, sentence=_said(error, task.kerberos))
    return replace(
        result,
        sentence=one_line(result.sentence),
        seconds=time.perf_counter() - started,
        worker=_name(),
    )


def _said(error: Exception, kerberos: str) -> str:
    """Keep a fault whole in the log; return it as a sentence."""
    log = keep_fault(error, kerberos)
    said = str(error) if isinstance(error, GraderFault) else f"{type(error).__name__}: {error}"
    return f"{said.rstrip('.')[:600]}. The log on {socket.gethostname()} is {log}."


def _rejudged(task: RejudgeTask) -> RejudgeResult:
    from grader.pipeline import RejudgeRequest, rejudge

    with (
        room_in(tempfile.gettempdir()),
        tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-task") as place,
    ):
        folder = ResultFolder(root=task.folder or Path(place) / task.kerberos)
        if task.folder is None:
            folder.root.mkdir()
            unpack(task.archive, folder)
        request = RejudgeRequest(
            folder=folder,
            assignment=task.assignment,
            keep=task.keep,
            course=task.hand_in.course,
            lateness=lateness_of(task.hand_in, task.assignment),
            overrides=task.overrides,
            pdf=task.pdf,
        )
        judged = rejudge(request, lambda _: None)
        back = task.keep and task.folder is None
        return RejudgeResult(
            before=without_exhibits(judged.before),
            after=without_exhibits(judged.after),
            keys=judged.keys,
            sentence="",
            must_run=False,
            worth_retrying=False,
            archive=pack(folder, but=of_the_run) if back else b"",
            seconds=0.0,
            worker="",
        )


def made_by_judging(name: Path) -> bool:
    """Whether judging makes a file of a results folder anew and reads it not."""
    return name.name in {"feedback.html", "feedback.pdf", "staff.html"}


def _name() -> str:
    return f"{socket.gethostname()} {os.getpid()}"


def _request(task: GradeTask, zip_path: Path, out: Path) -> GradeRequest:
    from grader.batch.run.kernel_server import warm_for
    from grader.pipeline import GradeRequest

    return GradeRequest(
        hand_in=replace(task.hand_in, path=zip_path),
        out=out,
        assignment=task.assignment,
        settings=task.settings,
        run_key=task.run_key,
        warm=warm_for(task.settings),
        decided=lambda _: task.overrides,
        pdf=task.pdf,
    )


def _file_name(task: GradeTask) -> str:
    """Return a name for the zip: the student's, if it can be the name of a file here."""
    name = PurePosixPath(task.hand_in.zip_name).name
    usable = name not in {"", ".", ".."} and "\0" not in name and len(os.fsencode(name)) <= 255
    return name if usable else f"{task.kerberos}.zip"


def _durations(stages: list[tuple[str, float]], ended: float) -> tuple[tuple[str, float], ...]:
    ends = [*(start for _, start in stages[1:]), ended]
    return tuple((name, end - start) for (name, start), end in zip(stages, ends, strict=False))
