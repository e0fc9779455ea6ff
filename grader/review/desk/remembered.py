"""The store's decisions in memory: rows are never changed, so that only new ones are ever read."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from grader.batch.store.store import Store
from grader.model.records.decisions import Decided, Decision
from grader.model.records.releases import RequestEvent
from grader.model.records.rubrics import Rubric, RubricSaved


class Remembered:
    """A ledger that reads each decision once; what another process adds is there with the next."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store
        self._newest = 0
        self._all: list[Decision] = []
        self._by_kerberos: dict[str, list[Decision]] = {}
        self._by_part: dict[str, list[Decision]] = {}
        self._lock = threading.Lock()

    def decide(self, decision: Decision) -> Decided:
        """Add a decision; where it was made on something else than the latest, beside that."""
        return self._store.decide(decision)

    def decisions(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Decision, ...]:
        """Return decisions, oldest first."""
        with self._lock:
            self._read_on()
            if kerberos is not None:
                own: Iterable[Decision] = self._by_kerberos.get(kerberos, ())
                return tuple(one for one in own if part_id in (None, one.part_id))
            return tuple(self._all if part_id is None else self._by_part.get(part_id, ()))

    def _read_on(self) -> None:
        self._newest, added = self._store.decisions_since(self._newest)
        for one in added:
            self._all.append(one)
            self._by_kerberos.setdefault(one.kerberos, []).append(one)
            self._by_part.setdefault(one.part_id, []).append(one)

    def rubric(self, part_id: str) -> Rubric | None:
        """Return the newest rubric that a person made; None where the offering's own stands."""
        return self._store.rubric(part_id)

    def rubrics(self, part_id: str | None = None) -> tuple[Rubric, ...]:
        """Return the rubrics that people made, oldest first."""
        return self._store.rubrics(part_id)

    def save_rubric(self, rubric: Rubric) -> RubricSaved:
        """Add a changed rubric; refused where it was made of another one than the latest."""
        return self._store.save_rubric(rubric)

    def requests(self) -> tuple[RequestEvent, ...]:
        """Return what was said in regrade requests, oldest first."""
        return self._store.requests()
