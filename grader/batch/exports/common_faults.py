"""The commonest faults of a class: findings that say the same of several students."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from grader.batch.records import ClassRow
from grader.model.text import one_line

_NUMBER = re.compile(r"[-\u2212+]?\d+(?:[.,]\d+)*(?:e[-\u2212+]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonFault:
    """What a check said of one or more students."""

    part_id: str
    """Part that lost points."""
    check_id: str
    """Check that found it."""
    sentence: str
    """What it said; with `…` for numbers in which students differ."""
    kerberos_names: tuple[str, ...]
    """Of whom, sorted, each once."""


def common_faults(rows: Iterable[ClassRow]) -> tuple[CommonFault, ...]:
    """Return all faults of a class, the commonest first, then in the handout's order.

    Two sentences are the same where they differ in numbers only.
    """
    students: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    wordings: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    order: dict[str, int] = {}
    for row in rows:
        for place, part in enumerate(row.parts):
            order[part.id] = min(place, order.get(part.id, place))
            for check_id, sentence in part.faults:
                clean = one_line(sentence)
                key = (part.id, check_id, _NUMBER.sub("\u2026", clean))
                students[key].add(row.kerberos)
                wordings[key].add(clean)
    made = [
        CommonFault(
            part_id=part_id,
            check_id=check_id,
            sentence=next(iter(wordings[key])) if len(wordings[key]) == 1 else key[2],
            kerberos_names=tuple(sorted(students[key])),
        )
        for key in students
        for part_id, check_id, _ in (key,)
    ]
    return tuple(
        sorted(
            made,
            key=lambda one: (
                *(-len(one.kerberos_names), order[one.part_id]),
                *(one.check_id, one.sentence),
            ),
        )
    )
