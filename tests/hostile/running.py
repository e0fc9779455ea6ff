"""Build a case, run it, and tell what came of it."""

from __future__ import annotations

import hashlib
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from unittest import mock

from rich.console import Console

from authoring.hostile_samples import Expectation, build_hostile, hostile_notebook
from grader.app.terminal import show_grades
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.intake.limits import IntakeLimits
from grader.intake.report_pages import PageCount, count_pages
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import Evidence, GradeSheet, Limits, Outcome, ReportReading, Submission
from grader.model.records.codec import to_json
from grader.model.results_folder import ResultFolder
from grader.outputs.junit import render_junit
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.outputs.pages.staff_view import Beside
from grader.outputs.summary import render_summary
from grader.pipeline import GradeRequest, grade
from grader.planning.alignment import align
from grader.reading.hand_in import read_hand_in
from grader.reading.report_families import KnownPicture
from grader.reading.report_limits import ReportLimits
from grader.reading.report_process import read_report_apart
from grader.sandbox.warm import WarmServer
from reference.errors import GraderFault, PsetError
from tests import factories

BUNDLE = "studio-narrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGot:
    """What one part got."""

    outcome: Outcome
    points: float
    max_points: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What came of a case."""

    exit: int
    """0 graded, 2 refused, 3 fault of the grader."""
    told: tuple[str, ...] = ()
    """Refusal, notes and messages that the student or staff see."""
    notes: tuple[str, ...] = ()
    """Codes of the notes."""
    parts: Mapping[str, PartGot] | None = None
    """By part id; None where nothing was graded."""
    cells: Mapping[int, Outcome] | None = None
    """Outcome of each cell that was run, by its index in the notebook."""
    pages: Mapping[str, str] | None = None
    """HTML pages that were written."""
    texts: Mapping[str, str] | None = None
    """Other files and the lines for the terminal."""
    evidence_bytes: int = 0
    """Size of the evidence folder."""
    trace: str = ""
    """Traceback of an error that is no sentence; always a fault."""
    seconds: float = 0.0
    """Wall-clock seconds of the run."""


def run_case(name: str, expected: Expectation, folder: Path, warm: WarmServer | None = None) -> Got:
    """Build the zip of a case below `folder`, and run it there as far as its stage says.

    With `warm` its kernel is forked by that server.
    """
    zip_path = build_hostile(name, folder / (expected.zip_name or f"{name}.zip"))
    run = _graded if expected.stage == "grade" else _read
    started = time.perf_counter()
    with _temporary_files_below(folder), _same_report_read_once():
        got = caught(lambda: run(zip_path, expected, folder, warm))
    return replace(got, seconds=time.perf_counter() - started)


def caught(run: Callable[[], Got]) -> Got:
    """Run; an error becomes what the command line makes of it."""
    try:
        return run()
    except GraderFault as error:
        return Got(exit=3, told=(str(error),))
    except PsetError as error:
        return Got(exit=2, told=(str(error),))
    except Exception as error:  # noqa: BLE001 -- the edge: a traceback is what we look for
        return Got(exit=3, told=(str(error),), trace=traceback.format_exc())


def cell_places(name: str, expected: Expectation) -> Mapping[str, int]:
    """Return the index of each cell by the name that `Expectation.cells` calls it."""
    return hostile_notebook(name).places if expected.cells else {}


def _limits(changed: Mapping[str, float]) -> Limits:
    """The default limits but for some, each of the type of its default."""
    default = Limits()
    return replace(default, **{k: type(getattr(default, k))(v) for k, v in changed.items()})


@contextmanager
def _temporary_files_below(folder: Path) -> Iterator[None]:
    """Keep our own temporary files where nothing of them can be taken for a leftover."""
    place = folder / "t"
    place.mkdir()
    before = tempfile.tempdir
    tempfile.tempdir = str(place)
    try:
        yield
    finally:
        tempfile.tempdir = before


_counts: dict[str, PageCount] = {}
_readings: dict[tuple[str, int], ReportReading] = {}


@contextmanager
def _same_report_read_once() -> Iterator[None]:
    """Read the report that most cases share once only: each reading is a process of its own."""

    def count(path: Path, limits: IntakeLimits) -> PageCount:
        key = _digest(path)
        if key not in _counts:
            _counts[key] = count_pages(path, limits)
        return _counts[key]

    def read(
        path: Path, limits: ReportLimits, part_ids: Sequence[str], pictures: Sequence[KnownPicture]
    ) -> ReportReading:
        if pictures:
            return read_report_apart(path, limits, part_ids, pictures)
        key = _digest(path), len(part_ids)
        if key not in _readings:
            _readings[key] = read_report_apart(path, limits, part_ids, pictures)
        return _readings[key]

    with (
        mock.patch("grader.intake.submission.count_pages", count),
        mock.patch("grader.reading.hand_in.read_report_apart", read),
    ):
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _graded(zip_path: Path, expected: Expectation, folder: Path, warm: WarmServer | None) -> Got:
    request = GradeRequest(
        hand_in=HandIn(path=zip_path, course="6.869"),
        out=folder / "results",
        assignment=load_assignment(),
        settings=RunSettings(
            bundle=BUNDLE,
            device="cuda" if expected.skip_without == "gpu" else "cpu",
            limits=_limits(expected.limits),
            seed=11,
            threads=1,
        ),
        warm=warm,
    )
    record = grade(request, lambda _: None, lambda _: None)
    return _got(record.sheet, record.submission, record.evidence, record.folder)


def _read(zip_path: Path, _: Expectation, folder: Path, __: WarmServer | None) -> Got:
    """Intake, alignment, report; then the pages, as if nothing had been run."""
    assignment = load_assignment()
    submission = read_submission(zip_path, folder / "files")
    alignment = align(submission, assignment)
    look = read_hand_in(submission, folder / "files", assignment, (), folder / "executed.ipynb")
    results = ResultFolder(root=folder / "results")
    results.evidence.mkdir(parents=True)
    sheet = factories.grade_sheet(
        {},
        kerberos=submission.kerberos,
        notes=(*submission.notes, *look.notes),
        answers=alignment.answers,
        report_pages=submission.report_pages,
    )
    evidence = factories.evidence(notes=look.notes)
    feedback = render_feedback_html(sheet, results.evidence)
    results.feedback_html.write_text(feedback, encoding="utf-8")
    staff = render_staff_html(sheet, results.evidence, Beside(evidence=evidence))
    results.staff_html.write_text(staff, encoding="utf-8")
    results.results.write_text(to_json(sheet), encoding="utf-8")
    return replace(_got(sheet, submission, evidence, results), parts=None, cells=None)


def _got(
    sheet: GradeSheet, submission: Submission, evidence: Evidence, folder: ResultFolder
) -> Got:
    return Got(
        exit=0,
        told=tuple(_told(sheet, evidence)),
        notes=tuple(note.code for note in (*sheet.notes, *evidence.notes)),
        parts={
            part.id: PartGot(
                outcome=part.outcome,
                points=part.points,
                max_points=part.max_points,
                message=part.message,
            )
            for part in sheet.parts
        },
        cells={cell.cell_index: cell.outcome for cell in evidence.cells},
        pages={
            path.name: path.read_text(encoding="utf-8")
            for path in (folder.feedback_html, folder.staff_html)
        },
        texts={
            "results.json": folder.results.read_text(encoding="utf-8"),
            "submission.json": to_json(submission),
            "junit.xml": render_junit(sheet),
            "summary.md": render_summary(sheet),
            "terminal": _terminal(sheet, folder),
        },
        evidence_bytes=sum(p.stat().st_size for p in folder.evidence.rglob("*") if p.is_file()),
    )


def _told(sheet: GradeSheet, evidence: Evidence) -> Iterator[str]:
    for part in sheet.parts:
        yield part.message
        for finding in part.findings:
            yield finding.message
            yield finding.staff_detail
    yield from (note.message for note in (*sheet.notes, *evidence.notes))
    yield from (f"{cell.error_name}: {cell.error_message}" for cell in evidence.cells)
    yield from (reply.message for reply in evidence.replies)


def _terminal(sheet: GradeSheet, folder: ResultFolder) -> str:
    """What a person at a terminal gets, without our own colours."""
    sink = StringIO()
    show_grades(Console(file=sink, width=200, color_system=None), sheet, folder)
    return sink.getvalue()
