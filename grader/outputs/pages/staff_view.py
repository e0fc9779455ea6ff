"""What staff see besides the student's page: cells, errors, files that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.model.records import AttackRun, CellRun, Evidence, GradeSheet, ProbeReply
from grader.model.text import cell_number
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.feedback_view import FeedbackPage, page_of
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


def staff_page(
    sheet: GradeSheet,
    evidence_dir: Path,
    evidence: Evidence | None = None,
    own: AnswerPictures | None = None,
) -> StaffPage:
    """Return what staff see.

    Args:
        sheet: the grades.
        evidence_dir: where the arrays of the evidence lie.
        evidence: what was seen while the notebook ran, where it is at hand.
        own: the pictures of the written answers.
    """
    known = {note.message for note in sheet.notes}
    return StaffPage(
        page=page_of(sheet, evidence_dir, staff=True, own=own),
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
    )


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
