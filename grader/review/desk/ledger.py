"""What the desk asks of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from grader.model.assignment import Assignment
from grader.model.records.decisions import Decided, Decision
from grader.model.records.places import Place
from grader.model.records.releases import RequestEvent
from grader.model.records.rubrics import Rubric, RubricSaved, Start


class Ledger(Protocol):
    """Decisions, rubrics, requests and places; what is in it is on the disk, and stays."""

    def decide(self, decision: Decision) -> Decided:
        """Add a decision; where it was made on something else than the latest, beside that."""
        ...

    def decisions(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Decision, ...]:
        """Return decisions, oldest first."""
        ...

    def rubric(self, part_id: str) -> Rubric | None:
        """Return the newest rubric that a person made; None where the offering's own stands."""
        ...

    def rubrics(self, part_id: str | None = None) -> tuple[Rubric, ...]:
        """Return the rubrics that people made, oldest first."""
        ...

    def requests(self) -> tuple[RequestEvent, ...]:
        """Return what was said in regrade requests, oldest first."""
        ...

    def note_request(self, event: RequestEvent) -> None:
        """Add to a regrade request, or open one."""
        ...

    def places(self) -> tuple[Place, ...]:
        """Return where people say that reports answer parts, oldest first."""
        ...

    def note_places(self, places: Iterable[Place]) -> None:
        """Add on which pages parts are answered, all or nothing."""
        ...

    def save_rubric(self, rubric: Rubric) -> RubricSaved:
        """Add a changed rubric; refused where it was made of another one than the latest."""
        ...


def rubric_of(ledger: Ledger, assignment: Assignment, part_id: str) -> Rubric:
    """Return the rubric of a part; one without items where it has none."""
    return ledger.rubric(part_id) or offered_rubric(assignment, part_id)


def rubrics_of(ledger: Ledger, assignment: Assignment) -> Mapping[str, Rubric]:
    """Return the rubric of every part."""
    changed = {rubric.part_id: rubric for rubric in ledger.rubrics()}
    own = {part.id: offered_rubric(assignment, part.id) for part in assignment.parts}
    return own | changed


def offered_rubric(assignment: Assignment, part_id: str) -> Rubric:
    """Return the offering's own rubric of a part; one without items where it has none."""
    bare = Rubric(part_id=part_id, start=Start.ZERO)
    return next((one for one in assignment.rubrics if one.part_id == part_id), bare)
