"""How a class stands today, made anew only where something changed: a desk asks it often.

What the store holds of runs and grades is read again where it got rows; the points of a student are
scored again where their decisions, requests or release changed.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from grader.batch.run.rescoring import StandingToday, standing_today
from grader.batch.store.rows import Standing
from grader.batch.store.store import Store
from grader.model.assignment import Assignment
from grader.model.stage_keys import pages_key
from grader.scoring.overrides import HumanGrades, Override


@dataclass(slots=True)
class KeptStandings:
    """Standings as they were asked for last."""

    _stamp: object = None
    _standings: tuple[Standing, ...] = ()
    _made: dict[str, tuple[object, StandingToday]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def today(
        self, store: Store, batch_id: int, assignment: Assignment, human: HumanGrades
    ) -> tuple[StandingToday, ...]:
        """Return how each student stands today, by kerberos; nothing is written."""
        with self._lock:
            stamp = (batch_id, *store.revision(), store.newest_page(), assignment.sha256)
            if stamp != self._stamp:
                self._standings = tuple(
                    one for one in store.standings(batch_id) if one.hand_in.role != "superseded"
                )
                self._made.clear()
                self._stamp = stamp
            return tuple(self._of(one, assignment, human) for one in self._standings)

    def _of(self, standing: Standing, assignment: Assignment, human: HumanGrades) -> StandingToday:
        hand_in = standing.hand_in.hand_in
        said: tuple[Override, ...] = human.about(
            hand_in.kerberos, standing.hand_in.zip_sha256, assignment, hand_in.course
        )
        key = (said, human.published.get(hand_in.kerberos))
        known = self._made.get(hand_in.kerberos)
        if known is None or known[0] != key:
            known = (key, standing_today(standing, assignment, human, pages_key()))
            self._made[hand_in.kerberos] = known
        return known[1]
