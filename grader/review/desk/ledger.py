"""What the desk asks of the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from grader.model.records.decisions import Decided, Decision
from grader.model.records.rubrics import Rubric, RubricSaved, Start


class Ledger(Protocol):
    """Decisions and rubrics; what is in it is on the disk, and stays."""

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

    def save_rubric(self, rubric: Rubric) -> RubricSaved:
        """Add a changed rubric; refused where it was made of another one than the latest."""
        ...


def rubric_of(ledger: Ledger, part_id: str) -> Rubric:
    """Return the rubric of a part; one without items where it has none."""
    return ledger.rubric(part_id) or offered_rubric(part_id)


def rubrics_of(ledger: Ledger) -> Mapping[str, Rubric]:
    """Return the newest rubric of each part that people changed one of."""
    return {rubric.part_id: rubric for rubric in ledger.rubrics()}


def offered_rubric(part_id: str) -> Rubric:
    """Return the offering's own rubric of a part; one without items where it has none."""
    return Rubric(part_id=part_id, start=Start.ZERO)
