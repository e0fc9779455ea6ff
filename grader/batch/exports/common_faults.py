"""The most common errors of a class: findings of one check with one code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.batch.records import ClassRow, PartFault
from grader.model.catalogue import DIFFERS, Text, fill
from grader.model.text import one_line

_WORDS = "text"
"""Code of findings that are words and no more: those with the same words are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonFault:
    """What a check said of one or more students."""

    part_id: str
    """Part that lost points."""
    check_id: str
    """Check that found it."""
    code: str
    """What it found, by code of the sentences."""
    sentence: str
    """Its text for students; with `…` for values in which they differ."""
    kerberos_names: tuple[str, ...]
    """Of whom, sorted, each once."""


def common_faults(
    rows: Iterable[ClassRow], sentences: Mapping[str, Text]
) -> tuple[CommonFault, ...]:
    """Return all errors of a class, the most common first, then in the handout's order.

    Two findings are the same where part, check and code are.

    Args:
        rows: Of the class.
        sentences: That the offering's checks may say.
    """
    found: dict[tuple[str, str, str, str], list[PartFault]] = defaultdict(list)
    students: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    order: dict[str, int] = {}
    for row in rows:
        for place, part in enumerate(row.parts):
            order[part.id] = min(place, order.get(part.id, place))
            for fault in part.faults:
                words = one_line(fault.message) if fault.remark.code == _WORDS else ""
                key = (part.id, fault.check_id, fault.remark.code, words)
                found[key].append(fault)
                students[key].add(row.kerberos)
    made = [
        CommonFault(
            part_id=key[0],
            check_id=key[1],
            code=key[2],
            sentence=one_line(_sentence(faults, sentences)),
            kerberos_names=tuple(sorted(students[key])),
        )
        for key, faults in found.items()
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


def _sentence(faults: Sequence[PartFault], sentences: Mapping[str, Text]) -> str:
    """Return what findings of one code have in common."""
    text = sentences.get(faults[0].remark.code)
    if text is None or not text.student:  # of an earlier version, or for staff only
        return faults[0].message
    values: dict[str, set[str | int | float]] = defaultdict(set)
    for fault in faults:
        for name, value in fault.remark.values:
            values[name].add(value)
    same = {name: each.pop() if len(each) == 1 else DIFFERS for name, each in values.items()}
    return fill(text.student, same)
