"""All cases of a family: made by hand, by rule, and by the mutator."""

from __future__ import annotations

from functools import lru_cache

from tests.accuracy.conventions import by_convention
from tests.accuracy.corpus import FAMILIES, Case, hand_made
from tests.accuracy.mutator import by_mutation


@lru_cache(maxsize=8)
def cases_of(family: str) -> tuple[Case, ...]:
    """Return the cases of one family; ids are unique."""
    cases = [Case(family=family, id=f"{family}-solved", kind="variant")]
    cases += [case for case in hand_made() if case.family == family]
    if family == "layers":
        cases += [*by_convention(), *by_mutation()]
    return tuple(cases)


def all_cases() -> tuple[Case, ...]:
    """Return every case."""
    return tuple(case for family in FAMILIES for case in cases_of(family))
