"""Ways in which evidence is lost or damaged, each a small change of one record.

Nothing here makes evidence that a better submission would have left behind (a right answer in the
place of a wrong one): that is forgery, against which there are digests, and a kernel that holds no
answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from grader.checks.stored_arrays import Array
from grader.model.records import (
    ArrayRef,
    Evidence,
    Outcome,
    ProbeReply,
)
from tests.grader.checks.memory import Memory

Change: TypeAlias = Callable[[Evidence], Evidence]

BROKEN = (Outcome.STUDENT_ERROR, Outcome.TIMEOUT, Outcome.RESOURCE_LIMIT)
"""Outcomes of what did not come to its end."""

EMPTY: dict[str, Any] = {
    "function": "",
    "class_id": None,
    "steps": 0,
    "settings": None,
    "start": None,
    "final": None,
    "samples": (),
    "images": (),
    "weights_sha256": "",
    "fingerprint": None,
    "in_features": None,
}
"""Fields of a record of the run, and what stands there when they were not recorded."""


@dataclass(frozen=True, eq=False)
class Damage:
    """One change of the evidence."""

    kind: str
    """The list of records that it concerns, such as `runs`."""
    index: int | None
    """Which of them; None for all."""
    words: str
    """What becomes of it."""
    change: Change

    def __repr__(self) -> str:
        place = f"{self.kind}" if self.index is None else f"{self.kind}[{self.index}]"
        return f"{place} {self.words}"


SPOILT: dict[str, Callable[[Array], Array]] = {
    "all NaN": lambda a: np.full(a.shape, np.nan),
    "one NaN": lambda a: _with_first(a, np.nan),
    "all infinite": lambda a: np.full(a.shape, np.inf),
    "all zero": lambda a: np.zeros(a.shape),
    "without its last row": lambda a: a[:-1] if a.ndim else a.reshape(1),
    "without its last column": lambda a: a[..., :-1] if a.ndim else a.reshape(1),
    "with one more axis": lambda a: np.stack([a, a]),
    "empty": lambda a: np.zeros(0),
}
"""What may become of an array on its way: never something that a right answer would be."""


LISTS = ("cells", "replies", "runs", "models", "predictions")


def damages(evidence: Evidence, memory: Memory) -> Iterator[Damage]:
    """Yield every single damage of the evidence."""
    for kind in LISTS:
        rows = getattr(evidence, kind)
        if rows:
            yield Damage(kind, None, "dropped", _setting(kind, ()))
        for i, row in enumerate(rows):
            yield Damage(kind, i, "dropped", _setting(kind, rows[:i] + rows[i + 1 :]))
            yield from _emptied(kind, i, row)
            yield from _arrays(kind, i, row, memory)
    for i, reply in enumerate(evidence.replies):
        yield from _of_reply(i, reply)
    for i, _ in enumerate(evidence.runs):
        yield Damage("runs", i, "raised", _row("runs", i, error_name="ValueError"))
    for i, _ in enumerate(evidence.cells):
        for outcome in BROKEN:
            change = _row("cells", i, outcome=outcome, error_name="ValueError")
            yield Damage("cells", i, outcome.value, change)


def _emptied(kind: str, i: int, row: Any) -> Iterator[Damage]:
    """Fields that were not recorded, and parts of lists that were not."""
    for name, empty in EMPTY.items():
        if getattr(row, name, empty) != empty:
            yield Damage(kind, i, f"without {name}", _row(kind, i, **{name: empty}))
    for name in ("samples", "images"):
        found = getattr(row, name, ())
        for k in range(len(found)):
            kept = found[:k] + found[k + 1 :]
            yield Damage(kind, i, f"without {name}[{k}]", _row(kind, i, **{name: kept}))


def _arrays(kind: str, i: int, row: Any, memory: Memory) -> Iterator[Damage]:
    """Arrays that were lost or changed on disk, and ones that came out as nonsense."""
    for where, reference in arrays_of(row):
        lost = _swapped(reference, replace(reference, path="lost.npy"))
        yield Damage(kind, i, f"{where} lost", lost)
        for name, spoil in SPOILT.items():
            if (where, name) != ("final", "all zero"):  # an even grey is an image like any other
                yield Damage(kind, i, f"{where} {name}", _spoiling(reference, spoil, memory))


def _spoiling(reference: ArrayRef, spoil: Callable[[Array], Array], memory: Memory) -> Change:
    def change(evidence: Evidence) -> Evidence:
        spoilt = spoil(memory(reference).astype(np.float64))
        return _swapped(reference, memory.put(spoilt.astype(np.float32)))(evidence)

    return change


def _of_reply(i: int, reply: ProbeReply) -> Iterator[Damage]:
    """Outcomes, forms and cases of one reply."""
    for outcome in BROKEN:
        change = _row("replies", i, outcome=outcome, message="no answer")
        yield Damage("replies", i, f"({reply.probe_id}) {outcome.value}", change)
    for name in sorted({part for value in reply.values for part in _parts(value.name)}):
        kept = tuple(v for v in reply.values if name not in _parts(v.name))
        change = _row("replies", i, values=kept)
        yield Damage("replies", i, f"({reply.probe_id}) without {name}", change)
        raised = tuple(
            replace(v, array=None, error_name="ValueError") if name in _parts(v.name) else v
            for v in reply.values
        )
        change = _row("replies", i, values=raised)
        yield Damage("replies", i, f"({reply.probe_id}) {name} raised", change)


def _parts(name: str) -> tuple[str, str]:
    """Case and form of a value's name."""
    key, _, rest = name.partition("@")
    return key, rest.partition("/")[0]


def _setting(name: str, rows: tuple[Any, ...]) -> Change:
    given: dict[str, Any] = {name: rows}
    return lambda evidence: replace(evidence, **given)


def _row(kind: str, i: int, **changes: Any) -> Change:
    def change(evidence: Evidence) -> Evidence:
        rows = getattr(evidence, kind)
        if i >= len(rows):
            return evidence
        given: dict[str, Any] = {kind: (*rows[:i], replace(rows[i], **changes), *rows[i + 1 :])}
        return replace(evidence, **given)

    return change


def arrays_of(record: Any, where: str = "") -> Iterator[tuple[str, ArrayRef]]:
    """Yield every array of a record, with its place."""
    if isinstance(record, ArrayRef):
        yield where, record
    elif isinstance(record, tuple):
        for i, one in enumerate(record):
            yield from arrays_of(one, f"{where}[{i}]")
    elif is_dataclass(record):
        for field in fields(record):
            name = f"{where}.{field.name}" if where else field.name
            yield from arrays_of(getattr(record, field.name), name)


def _swapped(old: ArrayRef, new: ArrayRef) -> Change:
    """Put one array in another's place, wherever that is."""

    def swap(record: Any) -> Any:
        if record == old:
            return new
        if isinstance(record, tuple):
            return tuple(swap(one) for one in record)
        if is_dataclass(record) and not isinstance(record, (ArrayRef, type)):
            changes = {f.name: swap(getattr(record, f.name)) for f in fields(record)}
            return replace(record, **changes)
        return record

    return swap


def remembered(evidence: Evidence, read: Callable[[ArrayRef], Array], memory: Memory) -> Evidence:
    """Return the evidence with all of its arrays in memory."""
    for reference in {reference for _, reference in arrays_of(evidence)}:
        evidence = _swapped(reference, memory.put(read(reference)))(evidence)
    return evidence


def _with_first(array: Array, value: float) -> Array:
    changed = array.copy()
    if changed.size:
        changed.reshape(-1)[0] = value
    return changed


def combined(chosen: Sequence[Damage], evidence: Evidence) -> Evidence:
    """Apply some damages, one after the other."""
    for damage in chosen:
        evidence = damage.change(evidence)
    return evidence
