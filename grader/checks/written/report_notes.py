"""What staff read about the report beside a finding: where, which pictures, which numbers.

Added to a finding after its check has decided: nothing here can change an outcome or a credit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.checks.context import CheckContext
from grader.checks.report_words import Written, names_class, probabilities_of
from grader.checks.tolerance import TOLERANCES
from grader.model.records import Bar, BarsExhibit, Finding, ReportPicture
from grader.model.text import format_pages
from grader.reading.known_pictures import CORGI, reference_name

LONGEST_LABEL = 60
"""Characters of a label that are quoted."""
MOST_CLASSES = 2
"""Classes of a prediction whose probabilities are compared: the others are near 0."""


def with_report(context: CheckContext, part_id: str, finding: Finding) -> Finding:
    """Return the finding with sentences for staff on what the report says and shows."""
    sentences = (
        _where(context, part_id, finding),
        *_pictures_of(context, part_id, finding),
        *_said(context, part_id, finding),
    )
    added = [sentence for sentence in sentences if sentence]
    if not added:
        return finding
    before = finding.staff_detail.rstrip()
    if before and before[-1] not in ".!?:":
        before += "."
    return replace(finding, staff_detail=" ".join(filter(None, (before, *added))))


def _where(context: CheckContext, part_id: str, finding: Finding) -> str:
    """The part's pages and label, unless the check has named them."""
    sections = context.report.sections_of(part_id)
    if not sections or context.pages(part_id) in finding.staff_detail:
        return ""
    label = sections[0].label
    short = label[:LONGEST_LABEL] + ("..." if len(label) > LONGEST_LABEL else "")
    return f'Answered in {context.pages(part_id)}, under "{short}".'


# -- pictures -------------------------------------------------------------------------------------


def _pictures_of(context: CheckContext, part_id: str, finding: Finding) -> list[str]:
    """Where the last images of the finding's runs are shown, and what else is there."""
    recorded = {run.run_id for run in context.evidence.runs}
    runs = [one for one in finding.evidence_ids if one in recorded]
    sentences = [_run_shown(context, part_id, run) for run in runs]
    if not any(sentences):
        sentences.append(_reference_shown(context, part_id))
    pictures = [p for p in context.report.pictures if part_id in p.part_ids]
    unknown = [picture for picture in pictures if not picture.names]
    if unknown and any(e.part_id == part_id for e in context.assignment.experiments):
        random = context.experiment(part_id).start == "random"
        why = " (images that start at random differ from run to run)" if random else ""
        sentences.append(
            f"Pictures of this part that match no recorded image: {len(unknown)}, in report.pdf, "
            f"{_pages(unknown)}{why}."
        )
    return sentences


def _run_shown(context: CheckContext, part_id: str, run_id: str) -> str:
    everywhere = context.report.pictures_named(run_id)
    certain = [picture for picture in everywhere if set(_own(picture)) == {run_id}]
    found = [p for p in everywhere if part_id in p.part_ids] or everywhere
    if certain:
        return f"The last image of {run_id} is shown in report.pdf, {_pages(certain)}."
    if found:
        others = dict.fromkeys(name for p in found for name in _own(p) if name != run_id)
        listed = " or ".join(_named(name) for name in others)
        return (
            f"A picture in report.pdf, {_pages(found)}, is the last image of {run_id} or {listed}: "
            "on paper they cannot be told apart."
        )
    return ""


def _reference_shown(context: CheckContext, part_id: str) -> str:
    """Where a picture is like the reference's own, which no run of the notebook explains."""
    name = reference_name(part_id)
    found = [p for p in context.report.pictures_named(name) if not _own(p)]
    if not found:
        return ""
    return (
        f"A picture in report.pdf, {_pages(found)}, is like the reference's of this part, and none "
        "of the notebook's."
    )


def _own(picture: ReportPicture) -> list[str]:
    """The corgi and the runs among a picture's names."""
    return [name for name in picture.names if not name.startswith(reference_name(""))]


def _named(name: str) -> str:
    return "the corgi" if name == CORGI else f"that of {name}"


def _pages(pictures: Sequence[ReportPicture]) -> str:
    return format_pages(sorted({picture.page for picture in pictures}))


# -- numbers and names ----------------------------------------------------------------------------


def _said(context: CheckContext, part_id: str, finding: Finding) -> list[str]:
    """Compare what the part's text says of the recomputed classes; the last prediction counts."""
    text = context.report.text_of(part_id)
    predictions = [x for x in finding.exhibits if isinstance(x, BarsExhibit)]
    if not text or not predictions:
        return []
    bars = predictions[-1].bars[:MOST_CLASSES]
    return [sentence for sentence in (_class_said(text, bar) for bar in bars) if sentence]


def _class_said(text: str, bar: Bar) -> str:
    if not names_class(text, bar.name):
        return ""
    given = probabilities_of(text, bar.name)
    if not given:
        return f"The report names {bar.name}."
    agreeing = [one for one in given if _agrees(one, bar.probability)]
    listed = ", ".join(one.text for one in agreeing or given)
    verdict = "agrees with" if agreeing else "differs from"
    return (
        f"The report gives {listed} for {bar.name}, which {verdict} the recomputed probability "
        f"{bar.probability:.4g}."
    )


def _agrees(written: Written, probability: float) -> bool:
    allowed = TOLERANCES["probability_top", "float32"].atol + written.half_unit
    return abs(written.value - probability) <= allowed
