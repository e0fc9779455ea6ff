"""What staff see besides the student's page: cells, errors, files that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from grader.model.records import AttackRun, CellRun, Evidence, GradeSheet, ProbeReply
from grader.model.text import cell_number
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.feedback_view import anchor_of, page_of
from grader.outputs.pages.feedback_view_records import FeedbackPage
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import CHIPS, Chip, evidence_label, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell that was run."""

    number: str
    """Its position in the notebook, as people count: from 1."""
    chip: Chip
    """Outcome."""
    time: str
    """Duration."""
    error: str
    """Exception in one line; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One optimisation of an input."""

    run_id: str
    """Such as `run3`."""
    cell: str
    """Cell number."""
    what: str
    """Function and target, or `inline loop`."""
    steps: str
    """Number of steps."""
    settings: str
    """Step settings in one line."""
    weights: str
    """Start of the digest of the weights."""
    time: str
    """Duration."""
    error: str
    """Exception in one line; empty for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeView:
    """One question to the student's functions."""

    probe_id: str
    """Which."""
    chip: Chip
    """Whether a well-formed reply came."""
    values: str
    """How many values, and how many are errors."""
    error: str
    """Why there is no reply, and the first error among the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPage:
    """The student's page with staff details, and the run in full."""

    page: FeedbackPage
    """The cards, with staff details and written answers."""
    has_evidence: bool
    """Whether the evidence was at hand."""
    cells: tuple[CellView, ...]
    """Cells in the order of the run."""
    runs: tuple[RunView, ...]
    """Optimisations."""
    probes: tuple[ProbeView, ...]
    """Probes."""
    served: tuple[str, ...]
    """URLs served from the bundle."""
    missed: tuple[str, ...]
    """URLs that could not be served."""
    run_notes: tuple[tuple[str, str], ...]
    """(severity, message) of notes taken during the run."""
    files: tuple[tuple[str, str], ...]
    """(words, address) of what lies beside the page."""
    places: Mapping[str, tuple[tuple[str, str], ...]]
    """By the anchor of a part: (words, address) of the pages of the report that answer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What staff look at beside the grades."""

    evidence: Evidence | None = None
    """What was seen while the notebook ran, where it is at hand."""
    pictures: AnswerPictures | None = None
    """Of the written answers."""
    report: str = ""
    """Path of the report among the files as submitted; empty where there is none."""
    notebook: str = ""
    """Path of the notebook among them; empty where there is none."""
    pages: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By part: pages of the report that answer it, from 1."""


NOTHING_BESIDE = Beside()
"""For a sheet alone."""
_SUBMITTED = "submission/"
_MADE = (("Notebook as run here", "executed.ipynb"), ("Feedback", "feedback.html"))


def staff_page(sheet: GradeSheet, evidence_dir: Path, beside: Beside = NOTHING_BESIDE) -> StaffPage:
    """Return what staff see.

    Args:
        sheet: the grades.
        evidence_dir: where the arrays of the evidence lie.
        beside: what else there is.
    """
    evidence = beside.evidence
    known = {note.message for note in sheet.notes}
    return StaffPage(
        page=page_of(sheet, evidence_dir, staff=True, own=beside.pictures),
        has_evidence=evidence is not None,
        cells=tuple(map(_cell, evidence.cells)) if evidence else (),
        runs=tuple(map(_run, evidence.runs)) if evidence else (),
        probes=tuple(map(_probe, evidence.replies)) if evidence else (),
        served=tuple(map(plain, evidence.served)) if evidence else (),
        missed=tuple(map(plain, evidence.missed)) if evidence else (),
        run_notes=tuple(
            (note.severity.value, plain(note.message))
            for note in (evidence.notes if evidence else ())
            if note.message not in known
        ),
        files=tuple(_files(beside)),
        places={
            anchor_of(part.id): tuple(
                (f"page {page}", f"{_submitted(beside.report)}#page={page}")
                for page in beside.pages.get(part.id, ())
            )
            for part in sheet.parts
            if beside.report
        },
    )


def _files(beside: Beside) -> Iterator[tuple[str, str]]:
    """Yield what lies beside the page of a submission that was run."""
    if beside.evidence is None:
        return
    for words, path in (("Report", beside.report), ("Notebook as submitted", beside.notebook)):
        if path:
            yield words, _submitted(path)
    yield from _MADE


def _submitted(path: str) -> str:
    """Return the address of a submitted file, whatever its name holds."""
    return _SUBMITTED + quote(path)


def _cell(cell: CellRun) -> CellView:
    return CellView(
        number=str(cell_number(cell.cell_index)),
        chip=CHIPS[cell.outcome],
        time=seconds(cell.seconds),
        error=_error(cell.error_name, cell.error_message),
    )


def _run(run: AttackRun) -> RunView:
    called = f"{plain(run.function)}, target {run.class_id}" if run.function else "inline loop"
    settings = "no StepImage seen"
    if run.settings is not None:
        ball = "no ball" if run.settings.eps_l2 is None else f"l2 ball {run.settings.eps_l2:g}"
        space = "normalised" if run.settings.normalised else "pixels"
        settings = f"step {run.settings.step_size:g} ({plain(run.settings.norm)}), {ball}, {space}"
    return RunView(
        run_id=evidence_label(plain(run.run_id)),
        cell=str(cell_number(run.cell_index)),
        what=called,
        steps=str(run.steps),
        settings=settings,
        weights=run.weights_sha256[:12] or "unknown",
        time=seconds(run.seconds),
        error=plain(run.error),
    )


def _probe(reply: ProbeReply) -> ProbeView:
    failed = [value for value in reply.values if value.array is None]
    values = f"{len(reply.values)} values" + (f", {len(failed)} of them errors" if failed else "")
    first = _error(failed[0].error_name, failed[0].error_message) if failed else ""
    return ProbeView(
        probe_id=plain(reply.probe_id),
        chip=CHIPS[reply.outcome],
        values=values,
        error=" / ".join(filter(None, (plain(reply.message), first))),
    )


def _error(name: str, message: str) -> str:
    return plain(f"{name}: {message}" if name and message else name or message)
