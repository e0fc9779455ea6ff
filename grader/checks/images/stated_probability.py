"""2(c): what the notebook states, in print and in plots, against what the network gives.

A right function and a right prediction may be followed by the wrong statement: of another network,
of another class, of a logit. Only what is plain counts; where nothing is, nothing is said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.plotted import shown_in
from grader.checks.tolerance import TOLERANCES

_NUMBER = re.compile(
    r"(?<![\w.])[-+]?\d*\.\d+(?:e[-+]?\d{1,2})?\s?%?|(?<![\w.])\d+\s?%", re.IGNORECASE
)
"""A number with a decimal point, or in percent."""

_OWN_FIGURE = re.compile(r"\.(barh?|plot|stem|scatter|text|annotate|set_title|title|table)\(")
"""What draws numbers that nobody reads here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One line of print that has numbers."""

    numbers: tuple[str, ...]
    right_class: bool
    """Whether it names the class with the greatest probability."""
    other_class: bool
    """Whether it names another."""


def stated_otherwise(context: CheckContext, part_id: str, logits: Tensor) -> str:
    """Say what the cells of a part state in place of the first class's probability.

    Args:
        context: Of the submission.
        part_id: The part.
        logits: What the right network gives for the corgi, (1, C).

    Returns:
        Words that go after "the notebook states"; empty where nothing speaks against it.
    """
    own = _cells(context, part_id)
    probabilities = logits.double().softmax(dim=1)[0]
    first = int(probabilities.argmax())
    top, logit = float(probabilities[first]), float(logits[0, first])
    said = "\n".join(run.said for run in context.evidence.cells if run.cell_index in own)
    plotted = [one.probabilities for one in shown_in(context, own)]
    if _turned_round(plotted, first):
        return "the classes with the smallest probabilities"
    lines = tuple(_lines(said, context.networks.class_names, first))
    right, _ = _names(tuple(context.networks.class_names), first)
    words = _in_print(lines, top, right.search(_plain(said)) is not None)
    if words or any(_has(line, top) for line in lines):
        return words
    shown = [one.probabilities for one in shown_in(context, own) if one.are_probabilities]
    allowed = TOLERANCES["probability_top", "float32"].atol
    if any(abs(float(one[first]) - top) <= allowed for one in shown):
        return ""
    if any(_OWN_FIGURE.search(c.code) for c in context.submission.cells if c.index in own):
        return ""
    if shown:
        return "other probabilities than the network gives"
    return "a logit" if any(_has(x, logit) for x in lines if x.right_class) else ""


def has_number(said: str, value: float) -> bool:
    """Whether a value, or that many percent, is among the numbers of a text, as it is rounded."""
    return any(_is(number, value) for number in _NUMBER.findall(said))


def _turned_round(plotted: Sequence[Tensor], first: int) -> bool:
    """Whether plots show the first class as the last, and none as the first."""
    last = any(bool((one > one[first]).sum() == len(one) - 1) for one in plotted)
    return last and not any(int(one.argmax()) == first for one in plotted)


def _cells(context: CheckContext, part_id: str) -> frozenset[int]:
    """The part's cells, and those of no part that come next: cells of the student's own."""
    own = context.cells_of(part_id)
    if not own:
        return frozenset()
    matches = context.alignment.matches
    later = [m.cell_index for m in matches if m.part_id != part_id and m.cell_index > max(own)]
    end = min(later, default=len(context.submission.cells))
    return frozenset(own) | frozenset(range(max(own), end))


def _in_print(lines: Sequence[_Line], top: float, names_it: bool) -> str:
    """What is printed in place of it, where that is plain; `names_it` is of the right class."""
    with_top = [line for line in lines if _has(line, top)]
    if with_top:
        shifted = not names_it and all(line.other_class for line in with_top)
        return "the right probability under another class's name" if shifted else ""
    if not names_it and any(line.other_class for line in lines):
        return "a number for another class"
    logarithm = any(_has(x, math.log(top), "-") for x in lines if x.right_class)
    return "the logarithm of the probability" if logarithm else ""


def _lines(said: str, class_names: Sequence[str], first: int) -> Iterator[_Line]:
    right, others = _names(tuple(class_names), first)
    for text in said.splitlines():
        numbers = tuple(_NUMBER.findall(text))
        if numbers:
            plain = _plain(text)
            is_right = right.search(plain) is not None
            yield _Line(
                numbers=numbers,
                right_class=is_right,
                other_class=not is_right and others.search(plain) is not None,
            )


@lru_cache(maxsize=4)
def _names(class_names: tuple[str, ...], first: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Any of the names of the first class, and any of the others'."""
    right = _synonyms(class_names[first])
    others = {
        name for at, line in enumerate(class_names) if at != first for name in _synonyms(line)
    }
    return _any_of(right), _any_of(others - right)


def _synonyms(line: str) -> set[str]:
    return {_plain(name.strip()) for name in line.split(",") if name.strip()}


def _plain(text: str) -> str:
    return text.casefold().replace("_", " ")


def _any_of(names: set[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")


def _has(line: _Line, value: float, sign: str = "") -> bool:
    """Whether one of its numbers is a value, rounded or cut to the digits that are printed.

    Where a sign is given, it has to be printed.
    """
    return any(_is(number, value) for number in line.numbers if number.startswith(sign))


def _is(number: str, value: float) -> bool:
    digits = number.rstrip("% ")
    mantissa, _, exponent = digits.lower().partition("e")
    last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    allowed = TOLERANCES["probability_top", "float32"].atol
    scales = (100,) if number.endswith("%") else (1, 100)
    return any(abs(float(digits) - k * value) <= last_digit + k * allowed for k in scales)
