"""What staff read about the report beside a finding: where, which pictures, which numbers.

Noted after the check has decided: nothing here can change an outcome or a credit.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.context import CheckContext
from grader.checks.findings import say, where_to_look
from grader.checks.report_words import Written, names_class, probabilities_of
from grader.checks.tolerance import TOLERANCES
from grader.model.records import Bar, BarsExhibit, Finding, Remark, ReportPicture
from grader.model.text import format_pages
from grader.reading.known_pictures import reference_name

LONGEST_LABEL = 60
"""Characters of a label that are quoted."""
MOST_CLASSES = 2
"""Classes of a prediction whose probabilities are compared: the others are near 0."""


def report_notes(context: CheckContext, part_id: str, finding: Finding) -> tuple[Remark, ...]:
    """Return remarks for staff on what the report says and shows of a finding."""
    return (
        *_where(context, part_id, finding),
        *_pictures_of(context, part_id, finding),
        *_said(context, part_id, finding),
    )


def _where(context: CheckContext, part_id: str, finding: Finding) -> list[Remark]:
    """The part's pages and label, unless the check has named them."""
    sections = context.report.sections_of(part_id)
    place = where_to_look(context, part_id)
    if not sections or place in finding.remarks:
        return []
    label = sections[0].label
    short = label[:LONGEST_LABEL] + ("..." if len(label) > LONGEST_LABEL else "")
    return [say("report.answered", pages=context.pages(part_id), label=short)]


# -- pictures -------------------------------------------------------------------------------------


def _pictures_of(context: CheckContext, part_id: str, finding: Finding) -> list[Remark]:
    """Where the last images of the finding's runs are shown, and what else is there."""
    recorded = {run.run_id for run in context.evidence.runs}
    runs = [one for one in finding.evidence_ids if one in recorded]
    shown = (_run_shown(context, part_id, run) for run in runs)
    remarks = [remark for remark in shown if remark is not None]
    if not remarks:
        remarks += _reference_shown(context, part_id)
    pictures = [p for p in context.report.pictures if part_id in p.part_ids]
    unknown = [picture for picture in pictures if not picture.names]
    if unknown and any(e.part_id == part_id for e in context.assignment.experiments):
        remarks.append(say("report.unmatched", count=len(unknown), pages=_pages(unknown)))
        if context.experiment(part_id).start == "random":
            remarks.append(say("report.random_start"))
    return remarks


def _run_shown(context: CheckContext, part_id: str, run_id: str) -> Remark | None:
    everywhere = context.report.pictures_named(run_id)
    certain = [picture for picture in everywhere if set(_own(picture)) == {run_id}]
    found = [p for p in everywhere if part_id in p.part_ids] or everywhere
    if certain:
        return say("report.shown", run=run_id, pages=_pages(certain))
    if found:
        others = dict.fromkeys(name for p in found for name in _own(p) if name != run_id)
        return say("report.shown_or", run=run_id, pages=_pages(found), others=", ".join(others))
    return None


def _reference_shown(context: CheckContext, part_id: str) -> list[Remark]:
    """Where a picture is like the reference's own, which no run of the notebook explains."""
    name = reference_name(part_id)
    found = [p for p in context.report.pictures_named(name) if not _own(p)]
    return [say("report.reference_shown", pages=_pages(found))] if found else []


def _own(picture: ReportPicture) -> list[str]:
    """The corgi and the runs among a picture's names."""
    return [name for name in picture.names if not name.startswith(reference_name(""))]


def _pages(pictures: Sequence[ReportPicture]) -> str:
    return format_pages(sorted({picture.page for picture in pictures}))


# -- numbers and names ----------------------------------------------------------------------------


def _said(context: CheckContext, part_id: str, finding: Finding) -> list[Remark]:
    """Compare what the part's text says of the recomputed classes; the last prediction counts."""
    text = context.report.text_of(part_id)
    predictions = [x for x in finding.exhibits if isinstance(x, BarsExhibit)]
    if not text or not predictions:
        return []
    bars = predictions[-1].bars[:MOST_CLASSES]
    return [remark for remark in (_class_said(text, bar) for bar in bars) if remark is not None]


def _class_said(text: str, bar: Bar) -> Remark | None:
    if not names_class(text, bar.name):
        return None
    given = probabilities_of(text, bar.name)
    if not given:
        return say("report.names_class", name=bar.name)
    agreeing = [one for one in given if _agrees(one, bar.probability)]
    return say(
        "report.probability_agrees" if agreeing else "report.probability_differs",
        written=", ".join(one.text for one in agreeing or given),
        name=bar.name,
        probability=bar.probability,
    )


def _agrees(written: Written, probability: float) -> bool:
    allowed = TOLERANCES["probability_top", "float32"].atol + written.half_unit
    return abs(written.value - probability) <= allowed
