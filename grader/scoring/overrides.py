"""What scoring reads of people's decisions: points of a part, in place of those of the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from grader.model.assignment import Assignment, Course
from grader.model.records import (
    AppliedItem,
    Decision,
    DecisionKey,
    DecisionKind,
    Mark,
    Release,
    ReleaseKind,
    RequestEvent,
    Rubric,
    Said,
    in_force,
    share_of,
)
from grader.model.text import format_points
from reference.errors import ConfigError

ROUNDING_POINTS = 0.005
"""Points within this of a part's maximum mean the maximum: 0.33 of 1/3, as reports show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person decided about one part, in today's points. It is final."""

    part_id: str
    """Such as `3c`."""
    points: float | None
    """0 to the part's maximum; None for a comment alone."""
    comment: str = ""
    """For the student, Markdown."""
    author: str = ""
    """Who decided; for staff."""
    items: tuple[AppliedItem, ...] = ()
    """Rubric items that apply and that the student sees, with the words and shares of today."""
    decision: str = ""
    """uuid of the decision; empty where there is none."""
    marks: tuple[Mark, ...] = ()
    """Comments placed on pages of the report, each with its words in `text`."""
    said: tuple[Said, ...] = ()
    """Regrade requests about the part, and answers to them; there may be no decision beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanGrades:
    """All decisions in force of a class, and the rubrics by which they are read today."""

    decisions: Mapping[DecisionKey, Decision] = field(default_factory=dict)
    """By kerberos, part and hand-in."""
    rubrics: Mapping[str, Rubric] = field(default_factory=dict)
    """The newest of each part that has one."""
    published: Mapping[str, Release] = field(default_factory=dict)
    """By kerberos: what was published, and not withdrawn; the grade may be another by now."""
    requests: Mapping[tuple[str, str], tuple[Said, ...]] = field(default_factory=dict)
    """By kerberos and part: what was said in regrade requests."""

    def about(
        self, kerberos: str, zip_sha256: str, assignment: Assignment, course: Course
    ) -> tuple[Override, ...]:
        """Return what was decided and said about a hand-in, in the handout's order.

        Points are today's. Regrade requests are about a student's part, whatever the hand-in.
        """
        made = []
        for part in assignment.parts:
            decision = self.decisions.get(DecisionKey(kerberos, part.id, zip_sha256))
            said = self.requests.get((kerberos, part.id), ())
            if decision is not None and decision.kind is not DecisionKind.WITHDRAWN:
                maximum = assignment.max_points(part.id, course)
                decided = override_of(decision, self.rubrics.get(part.id), maximum)
                made.append(replace(decided, said=said))
            elif said:
                made.append(Override(part_id=part.id, points=None, said=said))
        return tuple(made)

    def published_at(self, kerberos: str, digest: str, assignment: Assignment) -> str:
        """Return when a grade was published, in the course's time; empty while provisional.

        Args:
            kerberos: Whose.
            digest: Of the grade as it stands, see `grade_digest`: another one is provisional.
            assignment: Has the time zone.
        """
        release = self.published.get(kerberos)
        if release is None or release.grade_sha256 != digest:
            return ""
        return _local(release.noted_at, assignment)


def _local(noted_at: str, assignment: Assignment) -> str:
    """Return a time of the store in the course's time; empty where there is none."""
    if not noted_at:
        return ""
    here = datetime.fromisoformat(noted_at).astimezone(assignment.due.tzinfo)
    return here.isoformat(timespec="seconds")


NO_GRADES = HumanGrades()
"""Nobody decided anything."""


def human_grades(
    decisions: Iterable[Decision],
    rubrics: Iterable[Rubric],
    assignment: Assignment,
    releases: Iterable[Release] = (),
    requests: Iterable[RequestEvent] = (),
) -> HumanGrades:
    """Return what holds of all decisions, rubrics (the offering's own or a later) and releases.

    Regrade requests are kept whole.
    """
    said: dict[tuple[str, str], list[Said]] = {}
    for one in requests:
        at = _local(one.noted_at, assignment)
        entry = Said(by_student=one.by_student, kind=one.kind, text=one.text, noted_at=at)
        said.setdefault((one.kerberos, one.part_id), []).append(entry)
    newest = {one.part_id: one for one in assignment.rubrics}
    for rubric in rubrics:
        if rubric.part_id not in newest or rubric.number > newest[rubric.part_id].number:
            newest[rubric.part_id] = rubric
    last = {one.kerberos: one for one in releases}
    return HumanGrades(
        decisions=in_force(decisions),
        rubrics=newest,
        published={name: one for name, one in last.items() if one.kind is ReleaseKind.PUBLISH},
        requests={key: tuple(entries) for key, entries in said.items()},
    )


def share_today(decision: Decision, rubric: Rubric | None) -> float | None:
    """Return the share that a decision gives by the newest rubric; None where it gives no points.

    Points that were given without a rubric stay the share that they were.
    """
    if decision.share is None or not decision.rubric_number or rubric is None:
        return decision.share
    return share_of(rubric, decision.items, decision.adjust_share)


def override_of(decision: Decision, rubric: Rubric | None, max_points: float) -> Override:
    """Return a decision in today's points."""
    share = share_today(decision, rubric)
    return Override(
        part_id=decision.part_id,
        points=None if share is None else share * max_points,
        comment=decision.comment,
        author=decision.decided_by,
        items=tuple(one for item in decision.items for one in _shown(item, rubric)),
        decision=decision.uuid,
        marks=tuple(one for mark in decision.marks for one in _marked(mark, decision, rubric)),
    )


def _marked(mark: Mark, decision: Decision, rubric: Rubric | None) -> tuple[Mark, ...]:
    """Return a placed comment with its words; nothing where it is an item for staff only."""
    if not mark.item_id:
        return (mark,)
    applied = (one for one in decision.items if one.id == mark.item_id)
    shown = [item for one in applied for item in _shown(one, rubric)]
    return tuple(replace(mark, text=item.title) for item in shown[:1])


def _shown(applied: AppliedItem, rubric: Rubric | None) -> tuple[AppliedItem, ...]:
    """Return an applied item in the words for the student; nothing where it is for staff only."""
    item = rubric.item(applied.id) if rubric is not None else None
    if item is None:
        return (applied,)
    if item.show == "never":
        return ()
    return (replace(applied, share=item.share, title=item.for_student or item.title),)


def within_range(override: Override, max_points: float, place: str) -> Override:
    """Return the override with its points held to the part's maximum.

    Raises:
        ConfigError: it gives less than 0, or more than the maximum by more than rounding.
    """
    points = override.points
    if points is None:
        return override
    return replace(override, points=held(points, max_points, override.part_id, place))


def held(points: float, max_points: float, part_id: str, place: str) -> float:
    """Return points held to the part's maximum; what rounds to it is the maximum.

    Raises:
        ConfigError: they are less than 0, or more than the maximum by more than rounding.
    """
    if not 0 <= points <= max_points + ROUNDING_POINTS:
        raise ConfigError(
            f"{place}: expected 0 to {format_points(max_points)} points for part {part_id}, "
            f"found {points:g}"
        )
    return max_points if abs(points - max_points) <= ROUNDING_POINTS else points
