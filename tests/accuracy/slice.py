"""The part of the corpus that `make test` grades; `make accuracy` grades all of it.

It needs no record of a run: the header of a case says what the case is there for.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from tests.accuracy.corpus import FAMILIES, Case, changed_cells
from tests.accuracy.selection import all_cases

ONE_IN = 12
"""Of the cases that nothing but themselves asks for, one in as many is in the slice, too."""

Reason = tuple[str, ...]


def reasons_for(case: Case) -> frozenset[Reason]:
    """Return what a case is there for.

    Each kind of case at each part that it marks; each fault that must be named, by code or in
    words; and, of right answers, each set of cells that is answered otherwise.
    """
    marked = (*case.loses, *case.waits)
    reasons: set[Reason] = {(case.family, case.kind, part) for part in marked}
    if case.says:
        reasons.add((case.family, "says", case.says))
    if case.kind == "variant":
        reasons.add((case.family, "answers otherwise", *sorted(changed_cells(case))))
    return frozenset(reasons)


@lru_cache(maxsize=1)
def slice_ids() -> frozenset[str]:
    """Return the ids of cases that together are there for all that the corpus is there for.

    Whoever adds most is taken first, after the solved answers and one in `ONE_IN` of all: the same
    in every run.
    """
    reasons = {case.id: reasons_for(case) for case in all_cases()}
    chosen = {f"{family}-solved" for family in FAMILIES}
    chosen |= {name for name in reasons if zlib.crc32(name.encode()) % ONE_IN == 0}
    covered = {reason for name in chosen for reason in reasons[name]}
    while True:
        best = max(reasons, key=lambda name: len(reasons[name] - covered))
        if reasons[best] <= covered:
            return frozenset(chosen)
        chosen.add(best)
        covered |= reasons[best]
