"""The part of the corpus that `make test` grades; `make accuracy` grades all of it.

It needs no record of a run: the header of a case says what the case is there for. A case of the
layers takes a third of a second, so each fault that must be named is in the slice. One of the
networks and attacks takes seconds: there each cell is answered rightly and wrongly, and each part
gets each kind of verdict; that every sentence is said is shown by `tests/grader/checks`.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from tests.accuracy.corpus import FAMILIES, Case, changed_cells
from tests.accuracy.selection import all_cases

QUICK = "layers"
"""The family whose cases take the least time: its slice has each fault and one in `ONE_IN`."""
ONE_IN = 24
"""Of the cases that nothing but themselves asks for, one in as many is in the slice, too."""

Reason = tuple[str, ...]


def reasons_for(case: Case) -> frozenset[Reason]:
    """Return what a case is there for.

    Each kind of case at each part that it marks; each cell that is answered otherwise, by right
    answers and by others; and of the quick family each fault that must be named, by code or in
    words, and each set of cells that right answers answer otherwise.
    """
    marked = (*case.loses, *case.waits)
    how = "right" if case.kind == "variant" else "wrong or held"
    reasons: set[Reason] = {(case.family, case.kind, part) for part in marked}
    reasons |= {(case.family, how, cell) for cell in changed_cells(case)}
    if case.family == QUICK and case.says:
        reasons.add((case.family, "says", case.says))
    if case.family == QUICK and case.kind == "variant":
        reasons.add((case.family, how, *sorted(changed_cells(case))))
    return frozenset(reasons)


@lru_cache(maxsize=1)
def slice_ids() -> frozenset[str]:
    """Return the ids of cases that together are there for all that the corpus is there for.

    Whoever adds most is taken first, after the solved answers and one in `ONE_IN` of all: the same
    in every run.
    """
    reasons = {case.id: reasons_for(case) for case in all_cases()}
    chosen = {f"{family}-solved" for family in FAMILIES}
    extra = (case.id for case in all_cases() if case.family == QUICK)
    chosen |= {name for name in extra if zlib.crc32(name.encode()) % ONE_IN == 0}
    covered = {reason for name in chosen for reason in reasons[name]}
    while True:
        best = max(reasons, key=lambda name: len(reasons[name] - covered))
        if reasons[best] <= covered:
            return frozenset(chosen)
        chosen.add(best)
        covered |= reasons[best]
