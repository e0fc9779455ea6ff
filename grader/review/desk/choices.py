"""What a form holds for a decision, and what a form's choices give: two ways over one number.

The points of a decision are its share by today's rubric. What stands in the form is derived from
that share, however the decision came about; sent as it was shown, a form gives that very share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.model.records.decisions import AppliedItem, Decision
from grader.model.records.rubrics import Rubric, Start, share_of
from grader.outputs.pages.words import part_points


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is chosen and typed in a form."""

    items: tuple[str, ...] = ()
    """Ids of the items that are switched on."""
    nothing: bool = False
    """Whether “nothing applies” is switched on."""
    adjust: str = ""
    """Typed points; empty for none."""
    by: float = 0.0
    """What they mean, a share of the part's maximum; `adjust` shows it rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsGiven:
    """What choices give."""

    share: float | None
    """Of the part's maximum; None where nothing was chosen."""
    items: tuple[AppliedItem, ...] = ()
    """What applies."""
    by: float = 0.0
    """Share that is added to what the items give."""
    rubric_number: int = 0
    """Of the rubric that changes of it are followed by; 0 for none."""


def in_use(rubric: Rubric) -> Rubric:
    """Return the rubric as answers are graded by it: with no item to apply, points are typed."""
    if any(not one.retired for one in rubric.items):
        return rubric
    return replace(rubric, start=Start.ZERO, floor=0.0, ceiling=1.0)


def choices_of(decision: Decision | None, rubric: Rubric, max_points: float) -> Choices:
    """Return what a form holds for a decision.

    Args:
        decision: With its share of today; None for an empty form.
        rubric: That holds.
        max_points: That typed points are of.
    """
    if decision is None or decision.share is None:
        return Choices()
    rule = in_use(rubric)
    shown = _shown(decision, rubric)
    by = decision.adjust_share
    if share_of(rule, shown, by) != decision.share:
        by = decision.share - share_of(rule, shown)
    text = part_points(by * max_points)
    ids = tuple(one.id for one in shown)
    if by == 0 and decision.rubric_number and (ids or rule is rubric):
        return Choices(items=ids, nothing=not ids)
    return Choices(items=ids, adjust="0" if text in {"", "-0"} else text, by=by)


def _shown(decision: Decision, rubric: Rubric) -> tuple[AppliedItem, ...]:
    """Return the items as a form can hold them: those of the rubric, each once."""
    return tuple(replace(one, times=1) for one in decision.items if rubric.item(one.id) is not None)


def points_again(sent: Choices, rubric: Rubric, held: Decision | None) -> PointsGiven | None:
    """Return the points of a decision again, as it was made, where a form shows just its choices.

    Args:
        sent: Of the form.
        rubric: That holds.
        held: Decision that the form showed, with its share of today; None for an empty form.
    """
    if held is None or held.share is None:
        return None
    shown = choices_of(held, rubric, 1.0)
    if (set(sent.items), sent.nothing, bool(sent.adjust), sent.by) != (
        set(shown.items), shown.nothing, bool(shown.adjust), shown.by,
    ):  # fmt: skip
        return None
    return PointsGiven(
        share=held.share, items=held.items, by=held.adjust_share, rubric_number=held.rubric_number
    )


def points_given(sent: Choices, items: tuple[AppliedItem, ...], rubric: Rubric) -> PointsGiven:
    """Return what choices give.

    Args:
        sent: Of a form.
        items: Those of them that are of the rubric.
        rubric: That holds.
    """
    rule = in_use(rubric)
    if not items and not sent.nothing and not sent.adjust:
        return PointsGiven(share=None)
    return PointsGiven(
        share=share_of(rule, items, sent.by),
        items=items,
        by=sent.by,
        rubric_number=rubric.number if rule is rubric else 0,
    )
