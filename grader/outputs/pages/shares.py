"""Why a check gave the share that it gave, and who gave a part its points, in sentences."""

from __future__ import annotations

from grader.model.records import Finding, Outcome, PartGrade
from grader.outputs.pages.words import amount, part_points


def share_words(finding: Finding) -> str:
    """Return which share a check gave, and why that one, as a sentence."""
    if finding.outcome is Outcome.PASS:
        return "All of its points: nothing was found to be wrong."
    if finding.outcome is Outcome.PARTIAL:
        rule = f", by the offering's rule {finding.rule}" if finding.rule else ""
        return f"{100 * finding.credit:.3g}% of its points{rule}."
    if finding.outcome is Outcome.NEEDS_HUMAN and finding.offered:
        rule = f" by the offering's rule {finding.rule}" if finding.rule else ""
        return f"A person decides; the check would give {100 * finding.offered:.3g}%{rule}."
    if finding.outcome in {Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT}:
        return "None yet: a person decides."
    return "None of its points: no rule of the offering gives a share for this."


def points_words(part: PartGrade) -> str:
    """Return what a part has, and by whom, as a sentence."""
    most = amount(part.max_points)
    if part.human_points is not None:
        author = f" by {part.human_author}" if part.human_author else ""
        comment = f' Comment: "{part.human_comment}"' if part.human_comment else ""
        return f"Decided{author}: {part_points(part.points)} of {most}.{comment}"
    given = f"{part_points(part.points)} of {most} by checks."
    if part.pending_points:
        given += f" {amount(part.pending_points)} not graded yet."
    return given
