"""The store's rows in memory: they are never changed, so that only new ones are ever read."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic

from grader.batch.store.store import Row, Store
from grader.model.records.decisions import Decided, Decision
from grader.model.records.places import Place
from grader.model.records.releases import RequestEvent
from grader.model.records.rubrics import Rubric, RubricSaved


@dataclass(slots=True)
class _Kept(Generic[Row]):
    """Rows of one kind, with those of each student and of each part."""

    kind: type[Row]
    newest: int = 0
    all: list[Row] = field(default_factory=list)
    by_kerberos: dict[str, list[Row]] = field(default_factory=dict)
    by_part: dict[str, list[Row]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(
        self, store: Store, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Row, ...]:
        """Return rows as they were added, those of other processes too."""
        with self.lock:
            self.newest, added = store.rows_since(self.kind, self.newest)
            for one in added:
                self.all.append(one)
                self.by_kerberos.setdefault(one.kerberos, []).append(one)
                self.by_part.setdefault(one.part_id, []).append(one)
            if kerberos is not None:
                own: Iterable[Row] = self.by_kerberos.get(kerberos, ())
                return tuple(one for one in own if part_id in (None, one.part_id))
            return tuple(self.all if part_id is None else self.by_part.get(part_id, ()))


class Remembered:
    """A ledger that reads each row once; what another process adds is there with the next."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store
        self._decisions = _Kept(Decision)
        self._requests = _Kept(RequestEvent)
        self._places = _Kept(Place)

    def decide(self, decision: Decision) -> Decided:
        """Add a decision; where it was made on something else than the latest, beside that."""
        return self._store.decide(decision)

    def decisions(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Decision, ...]:
        """Return decisions, oldest first."""
        return self._decisions.rows(self._store, kerberos, part_id)

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
        return self._requests.rows(self._store)

    def note_request(self, event: RequestEvent) -> None:
        """Add to a regrade request, or open one."""
        self._store.note_request(event)

    def places(self) -> tuple[Place, ...]:
        """Return where people say that reports answer parts, oldest first."""
        return self._places.rows(self._store)

    def note_places(self, places: Iterable[Place]) -> None:
        """Add on which pages parts are answered, all or nothing."""
        self._store.note_places(places)
