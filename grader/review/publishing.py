"""Publishing and withdrawing the grades of a class, as one thing that is done.

Decisions are applied first, then grades are released, then pages that say so are written. Each step
is on the disk before the next: stopped anywhere, the same call goes on where it was, and publishes
nothing twice. `grader release` and the desk both call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.batch.class_folder import newest_class
from grader.batch.class_records import ClassOutcome, Pages
from grader.batch.class_run import score_class
from grader.batch.records import ClassRow
from grader.batch.run.rescoring import StandingToday
from grader.batch.run.watching import Watcher
from grader.batch.store.store import Store, open_store
from grader.model.assignment import Assignment
from grader.model.records import Decision, ReleaseKind, RequestEvent, Rubric
from grader.review.releasing import (
    Missing,
    ReleasePlan,
    ReleaseRequest,
    missing_before_release,
    plan_release,
    release_grades,
)
from grader.review.standings import KeptStandings
from grader.scoring.overrides import HumanGrades, human_grades
from reference.errors import ConfigError


class PlanChanged(ConfigError):
    """What would be published is not what somebody confirmed; nothing was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPlace:
    """Where a class is."""

    results: Path
    """Its results folder."""
    assignment: str | None = None
    """Offering, where it is not the one that the results name."""
    store: str | None = None
    """URL of another database than that of the results folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassToday:
    """A class by what people decided until now; nothing of it is written."""

    assignment: Assignment
    """What was to be answered."""
    human: HumanGrades
    """What people decided."""
    standings: tuple[StandingToday, ...]
    """By kerberos."""
    missing: tuple[Missing, ...]
    """Why a grade should not be published yet."""
    plan: ReleasePlan
    """What the release would do."""

    @property
    def rows(self) -> tuple[ClassRow, ...]:
        """The class's tables."""
        return tuple(one.row for one in self.standings)

    @property
    def published(self) -> frozenset[str]:
        """Whose grade is published as it stands, by kerberos."""
        names = {one.row.kerberos for one in self.standings}
        return frozenset(names & self.human.published.keys() - set(self.plan.changed))

    @property
    def not_shown(self) -> int:
        """Students whose pages show other points than those of today."""
        return sum(not one.shown for one in self.standings)


LOOK = ReleaseRequest(kind=ReleaseKind.PUBLISH, kerberos=frozenset(), author="")
"""A release that nobody asked for: what publishing everybody would do."""


class Rows(Protocol):
    """What people decided and said, from the store or from memory."""

    def decisions(self) -> tuple[Decision, ...]:
        """Return decisions, oldest first."""
        ...

    def rubrics(self) -> tuple[Rubric, ...]:
        """Return the rubrics that people made, oldest first."""
        ...

    def requests(self) -> tuple[RequestEvent, ...]:
        """Return what was said in regrade requests, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a desk has read already, so that it need not be read for each page."""

    rows: Rows
    """What people decided."""
    standings: KeptStandings
    """How students stood when they were asked for last."""


def class_today(
    store: Store, place: ClassPlace, request: ReleaseRequest = LOOK, memory: Memory | None = None
) -> ClassToday:
    """Return how a class stands today, and what a release would do.

    Args:
        store: Of the class.
        place: Where the class is.
        request: A release.
        memory: What was read already; None for nothing.

    Raises:
        ConfigError: there is no class, or a name is not of it.
    """
    batch_id, assignment = newest_class(store, place.results, place.assignment)
    known, kept = (memory.rows, memory.standings) if memory else (store, KeptStandings())
    decisions, requests, releases = known.decisions(), known.requests(), store.releases()
    human = human_grades(decisions, known.rubrics(), assignment, releases, requests)
    standings = kept.today(store, batch_id, assignment, human)
    rows = {one.row.kerberos: one.row for one in standings}
    unknown = sorted(request.kerberos - rows.keys())
    if unknown:
        raise ConfigError(f"release: expected kerberos names of the class, found {unknown[0]!r}")
    zips = {one.standing.hand_in.kerberos: one.standing.hand_in.zip_sha256 for one in standings}
    missing = missing_before_release(rows.values(), zips, human, decisions, requests)
    plan = plan_release((one.standing for one in standings), rows, missing, releases, request)
    return ClassToday(
        assignment=assignment, human=human, standings=standings, missing=missing, plan=plan
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What came of a release."""

    today: ClassToday
    """As it stood when grades were released."""
    changed: tuple[str, ...]
    """Whose grade was published or withdrawn, by kerberos."""
    outcome: ClassOutcome
    """Of the class's files and pages."""


def release_class(
    place: ClassPlace, request: ReleaseRequest, watcher: Watcher, *, confirmed: str = ""
) -> Released:
    """Publish or withdraw grades of a class: score it, release, write the pages that say so.

    Args:
        place: Where the class is.
        request: What is asked for.
        watcher: Sees how it comes along.
        confirmed: `digest` of the plan that somebody saw; empty for whatever the plan is.

    Raises:
        PlanChanged: another plan was confirmed.
        ConfigError: there is no class, a name is not of it, or another batch writes to it.
    """
    # Pages are written once, when they can say that the grade is published.
    score_class(place.results, place.assignment, place.store, watcher, Pages(html=False))
    with open_store(place.results, place.store) as store:
        today = class_today(store, place, request)
        if confirmed and today.plan.digest != confirmed:
            raise PlanChanged(
                "Nothing was published or withdrawn: points changed after you saw the numbers. "
                "Look at the new numbers and confirm again"
            )
        changed = release_grades(store, today.plan)
    outcome = score_class(place.results, place.assignment, place.store, watcher)
    return Released(today=today, changed=changed, outcome=outcome)
