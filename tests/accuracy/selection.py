"""All cases of a family: made by hand, and by the mutator."""

from __future__ import annotations

from tests.accuracy.corpus import FAMILIES, Case, hand_made


def cases_of(family: str) -> tuple[Case, ...]:
    """The cases of one family; ids are unique."""
    unchanged = Case(family=family, id=f"{family}-solved", kind="variant")
    return (unchanged, *(case for case in hand_made() if case.family == family))


def all_cases() -> tuple[Case, ...]:
    """Every case."""
    return tuple(case for family in FAMILIES for case in cases_of(family))
