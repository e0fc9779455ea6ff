"""Functions that are right for some sizes only: which ones, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from grader.checks.findings import say
from grader.model.records import Remark

Size: TypeAlias = tuple[int, int]
"""(N, k)."""


def limited_to(right: Collection[Size], tried: Collection[Size], drawn: Collection[Size]) -> str:
    """Return words such as `k = 3` for the sizes that are right, where one rule tells them.

    Args:
        right: Sizes (N, k) for which the output is right.
        tried: All sizes that were tried.
        drawn: Those of them that were tried with drawn numbers: round ones may agree by chance.

    Returns:
        An empty string where all or none are right, or no simple rule fits. That k = 1 or N = 1 is
        right says nothing: there is little to go wrong.
    """
    good, wrong = set(right), set(tried) - set(right)
    if not wrong or not (good & set(drawn)) - _trivial(good):
        return ""
    if good - _trivial(good) == {size for size in tried if size[1] < size[0]} - _trivial(tried):
        return "k < N"
    for axis, name in ((1, "k"), (0, "N")):
        values = {size[axis] for size in good}
        fixed = max(values)
        if fixed == 1:
            continue
        telling = good - _trivial(good)
        upto = {size[axis] for size in tried if size[axis] <= fixed}
        all_below = good == _with(tried, axis, upto)
        only = telling == _with(tried, axis, {fixed}) - _trivial(tried)
        if telling and only and not (all_below and len(upto) == fixed):
            return f"{name} = {fixed}"
        if telling and all_below:
            return f"{name} up to {fixed}"
    return ""


def is_small(remark: Remark) -> bool:
    """Whether a remark of `only_for` names k = 2 as the greatest kernel: hardly a rule of sizes."""
    return dict(remark.values)["rule"] in {"k = 2", "k up to 2"}


def only_for(what: str, rule: str, error: str = "") -> Remark:
    """Say that a result is right only for the sizes of a rule; `error` is raised for others."""
    if error:
        return say("function.limited_raises", what=what, rule=rule, error=error)
    return say("function.limited", what=what, rule=rule)


def _trivial(sizes: Collection[Size]) -> set[Size]:
    return {size for size in sizes if 1 in size}


def _with(sizes: Collection[Size], axis: int, values: set[int]) -> set[Size]:
    return {size for size in sizes if size[axis] in values}
