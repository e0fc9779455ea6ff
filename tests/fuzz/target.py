"""One damaged file through intake, alignment, report reading and the pages."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from unittest import mock

from grader.intake import report_pages
from grader.intake.limits import IntakeLimits
from grader.intake.report_pages import PageCount
from grader.intake.submission import read_submission
from grader.model.records import Alignment, ReportReading, Submission
from grader.model.records.codec import from_json, to_json
from grader.outputs.pages.render import render_staff_html
from grader.planning.alignment import align
from grader.reading.hand_in import read_hand_in
from grader.reading.report import read_report
from grader.reading.report_limits import ReportLimits
from reference.errors import ConfigError, SubmissionError
from tests import factories
from tests.fuzz.mutate import damaged, damaged_json
from tests.fuzz.seeds import notebooks, reports, zips
from tests.hostile.making import Member, raw_zip_bytes
from tests.hostile.pages import active_content

Kind = Literal["zip", "ipynb", "pdf"]
KINDS: tuple[Kind, ...] = ("zip", "ipynb", "zip", "ipynb", "pdf")
"""What is damaged, in turn."""
SLOW_S = 15.0
"""Seconds that one file may take on a slow machine; a usual one takes 0.02."""
PAGE_EVERY = 20
"""One in so many files is rendered, too."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Fault(Exception):
    """Something that a user must never see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A damaged file."""

    kind: Kind
    data: bytes
    render: bool


def case(seed: int, number: int) -> Case:
    """Return the damaged file of this number; the same numbers give the same bytes."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 -- damage, no secret
    kind = KINDS[number % len(KINDS)]
    if kind == "zip":
        data = damaged(draw, draw.choice(zips()))
    elif kind == "pdf":
        data = damaged(draw, draw.choice(reports()))
    else:
        how = draw.choice((damaged, damaged_json, damaged_json))
        data = how(draw, draw.choice(notebooks()))
    return Case(kind=kind, data=data, render=number // len(KINDS) % PAGE_EVERY == 0)


def crasher(path: Path) -> Case:
    """Return a file that once broke something."""
    kind = next(kind for kind in KINDS if path.suffix == f".{kind}")
    return Case(kind=kind, data=path.read_bytes(), render=True)


def go_through(one: Case) -> str:
    """Send a file through; return `read`, or `refused` where a sentence says why.

    Raises:
        Fault: what came of it is neither.
    """
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, _in_this_process():
        folder = Path(name)
        zip_path = folder / "jdoe.zip"
        zip_path.write_bytes(_packed(one))
        try:
            submission = read_submission(zip_path, folder / "files")
        except (SubmissionError, ConfigError) as error:
            _sentence(str(error))
            return "refused"
        _stages(submission, folder, render=one.render)
        if {path.name for path in folder.iterdir()} != {"jdoe.zip", "files"}:
            raise Fault(f"files beside the folder: {sorted(folder.iterdir())}")
    if time.perf_counter() - started > SLOW_S:
        raise Fault(f"it took {time.perf_counter() - started:.0f} s")
    return "read"


@contextmanager
def _in_this_process() -> Iterator[None]:
    """Read PDFs here rather than in processes of their own, which take half a second each."""

    def count(path: Path, _: IntakeLimits) -> PageCount:
        answer = report_pages._answer(path)
        error = str(answer.get("error", ""))
        return PageCount(pages=0 if error else int(answer["pages"]), error=error)

    with (
        mock.patch("grader.intake.submission.count_pages", count),
        mock.patch("grader.reading.hand_in.read_report_apart", read_report),
    ):
        yield


def _packed(one: Case) -> bytes:
    if one.kind == "zip":
        return one.data
    name = b"pset4.ipynb" if one.kind == "ipynb" else b"report.pdf"
    return raw_zip_bytes([Member(name=name, data=one.data)])


def _stages(submission: Submission, folder: Path, *, render: bool) -> None:
    assignment = factories.ASSIGNMENT
    alignment = align(submission, assignment)
    if len(alignment.matches) != len(submission.cells):
        raise Fault("cells were lost in the alignment")
    limits = ReportLimits(cpu_s=5.0, max_pages=5)
    look = read_hand_in(submission, folder / "files", assignment, (), folder / "none.ipynb", limits)
    for kind, record in (
        (Submission, submission),
        (Alignment, alignment),
        (ReportReading, look.report),
    ):
        from_json(kind, to_json(record), where="record")
    for note in (*submission.notes, *look.notes):
        _sentence(note.message)
    if not submission.notebook_path and not submission.notes:
        raise Fault("no notebook, and nothing says so")
    if render:
        sheet = factories.grade_sheet(
            kerberos=submission.kerberos,
            notes=(*submission.notes, *look.notes),
            answers=alignment.answers,
        )
        active = active_content(render_staff_html(sheet, folder))
        if active:
            raise Fault(f"active content: {active}")


def _sentence(text: str) -> None:
    if len(text) < 20 or _CONTROL.search(text) or "Traceback" in text:
        raise Fault(f"not a sentence: {text!r}")
