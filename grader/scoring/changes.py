"""What changed between two grade sheets of one submission, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model.records import Finding, GradeSheet, Outcome, PartGrade

SAME_POINTS = 1e-9
"""Points that differ by less are equal."""
IN_WORDS = "text"
"""Code of a remark that stands for words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStanding:
    """How a part stands on one sheet."""

    outcome: Outcome
    """Of the part."""
    points: float
    """Before the late coefficient."""
    pending: float
    """Points that need grading by a person."""
    codes: tuple[str, ...]
    """What its checks found: codes of the catalogue, or the check's sentence where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """A part that does not stand as it did."""

    part_id: str
    """Such as `4a`."""
    before: PartStanding | None
    """As it was; None where the offering had no such part."""
    after: PartStanding | None
    """As it is; None where the offering has no such part any more."""

    @property
    def moves_points(self) -> bool:
        """Whether points change, decided or not, and not only what is said."""
        if self.before is None or self.after is None:
            return True
        return (
            abs(self.before.points - self.after.points) > SAME_POINTS
            or abs(self.before.pending - self.after.pending) > SAME_POINTS
        )


def changed_parts(before: GradeSheet, after: GradeSheet) -> tuple[PartChange, ...]:
    """Return the parts whose points, outcome or fault codes differ, in the handout's order."""
    was = {part.id: _standing(part) for part in before.parts}
    now = {part.id: _standing(part) for part in after.parts}
    changes = (
        PartChange(part_id=part_id, before=was.get(part_id), after=now.get(part_id))
        for part_id in dict.fromkeys((*now, *was))
        if was.get(part_id) != now.get(part_id)
    )
    return tuple(
        one for one in changes if one.moves_points or _said(one.before) != _said(one.after)
    )


def _said(standing: PartStanding | None) -> tuple[Outcome, tuple[str, ...]] | None:
    return None if standing is None else (standing.outcome, standing.codes)


def _standing(part: PartGrade) -> PartStanding:
    return PartStanding(
        outcome=part.outcome,
        points=part.points,
        pending=part.pending_points,
        codes=tuple(_code(finding) for finding in part.findings),
    )


def _code(finding: Finding) -> str:
    first = next(iter(finding.remarks), None)
    return finding.message if first is None or first.code == IN_WORDS else first.code
