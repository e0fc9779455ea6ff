"""4(d): a loss of some of a layer's channels or places: of which, and by what function?

The gradient at the layer's output is not zero there. What is zero may belong too: behind a ReLU an
l2 norm asks nothing of an output of 0. So a few sets are tried, from the plainest on, each with the
usual functions; one counts only if its gradient is also the one that later steps followed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from grader.checks.images.pushes import cosine
from reference.attack import Objective

EQUAL = 0.99
"""Cosine from which on two patterns of a layer's output are the same."""

MOST_RANGES = 6
"""Ranges of numbers that are named one by one."""

HIGHER = (3, 4)
"""Norms beyond the l2 norm that are known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Some of a layer's outputs."""

    words: str
    """Which, for a report."""
    mask: Tensor
    """(1, C, H, W), true for those."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A function that the loss may have been, by its gradient at the layer's output."""

    objective: Objective
    """Function of the layer's output."""
    uphill: bool
    """Whether the image moved up it."""


def candidates_of(pulling: Tensor, output: Tensor) -> Iterator[Candidate]:
    """Yield the functions of some outputs of a layer that have this gradient, the plainest first.

    Args:
        pulling: Gradient at the layer's output, (1, C, H, W), with the sign of the movement.
        output: The layer's output, the same shape.
    """
    for group in _groups(pulling, output):
        fit = _best_form(pulling, output, group)
        if fit is not None:
            yield fit
    yield from _greatest_few(pulling, output)


def weighted_sum(pulling: Tensor) -> Objective:
    """Return the sum of the outputs with fixed weights that has this gradient everywhere."""
    used = pulling[0] != 0
    weights = pulling / pulling.norm()

    def function(out: Tensor) -> Tensor:
        return (out * weights).sum() if out.shape == weights.shape else out.new_tensor(math.nan)

    words = _words(used.flatten(1).any(dim=1), used.any(dim=0))
    return Objective(name=f"weighted sum of {words}", function=function)


def _groups(pulling: Tensor, output: Tensor) -> Iterator[Group]:
    used = pulling[0] != 0
    channels, places = used.flatten(1).any(dim=1), used.any(dim=0)
    silent = ~(output[0] != 0)[:, places].any(dim=1)
    between = _range(channels)
    rectangle = _range(places.any(dim=1))[:, None] & _range(places.any(dim=0))[None]
    seen: list[Tensor] = []
    for chosen in (channels | silent, channels | (silent & between), channels):
        for where in (torch.ones_like(places), rectangle, places):
            mask = (chosen[:, None, None] & where)[None]
            if bool((used & ~mask[0]).any()) or any(torch.equal(mask, one) for one in seen):
                continue
            seen.append(mask)
            yield Group(words=_words(chosen, where), mask=mask)
    named = f"{int(used.sum())} outputs in {_channels(channels)}"
    yield Group(words=named, mask=used[None])


def _range(flags: Tensor) -> Tensor:
    """True from the first that is true to the last."""
    return (flags.cumsum(0) > 0) & (flags.flip(0).cumsum(0) > 0).flip(0)


def _words(channels: Tensor, places: Tensor) -> str:
    whole = bool(channels.all())
    which = "the layer" if whole else _channels(channels)
    if bool(places.all()):
        return which
    rows, columns = places.any(dim=1), places.any(dim=0)
    where = f"{_numbers('row', rows)}, {_numbers('column', columns)}"
    if not torch.equal(rows[:, None] & columns[None], places):
        where = f"{int(places.sum())} places"
    return f"{where} in {'all channels' if whole else which}"


def _channels(flags: Tensor) -> str:
    return _numbers("channel", flags)


def _numbers(noun: str, flags: Tensor) -> str:
    """Name those that are true: `channels 1, 5`, `rows 2 to 4`, `channels 0, 2, …, 62`."""
    numbers = [int(n) for n in flags.nonzero().flatten()]
    if len(numbers) == 1:
        return f"{noun} {numbers[0]}"
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    shown = [str(r[0]) if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in ranges]
    if len(shown) > MOST_RANGES and len({b - a for a, b in pairwise(numbers)}) == 1:
        return f"{noun}s {numbers[0]}, {numbers[1]}, …, {numbers[-1]}"
    if len(shown) > MOST_RANGES:
        listed = f"{', '.join(shown[:MOST_RANGES])} …"
        return f"{len(numbers)} {noun}s ({listed})"
    return f"{noun}s {', '.join(shown)}"


def _best_form(pulling: Tensor, output: Tensor, group: Group) -> Candidate | None:
    mask = group.mask
    values = output[mask]
    norms = {p: values.abs() ** (p - 1) * values.sign() for p in HIGHER}
    gradients = {
        "mean": torch.ones_like(values),
        "l2 norm": values,
        "l1 norm": values.sign(),
        "mean of the positive part": (values > 0).to(values),
        "l2 norm of the positive part": values.clamp(min=0),
        **{f"l{p} norm": gradient for p, gradient in norms.items()},
    }
    fits = {name: cosine(pulling[mask], gradient) for name, gradient in gradients.items()}
    name = max(fits, key=lambda form: abs(fits[form]))
    if abs(fits[name]) < EQUAL:
        return None
    words = f"{name} of {group.words}"

    def function(out: Tensor) -> Tensor:
        if out.shape != mask.shape:  # for another size of image nobody knows which places
            return out.new_tensor(math.nan)
        return _value(name, out[mask])

    objective = Objective(name=words, function=function)
    return Candidate(objective=objective, uphill=fits[name] > 0)


def _value(name: str, values: Tensor) -> Tensor:
    if name.endswith("positive part"):
        return _value(name.removesuffix(" of the positive part"), values.clamp(min=0))
    if name == "mean":
        return values.mean()
    size: Tensor = torch.linalg.vector_norm(values, ord=int(name[1]))
    return size


def _greatest_few(pulling: Tensor, output: Tensor) -> Iterator[Candidate]:
    """The mean of the greatest outputs of the layer, or of some channels: which ones may change."""
    used = pulling != 0
    count = int(used.sum())
    asked = pulling[used]
    if count in {0, used.numel()} or cosine(asked, torch.ones_like(asked)) < EQUAL:
        return
    channels = used[0].flatten(1).any(dim=1)
    for chosen in (torch.ones_like(channels), channels):
        values = output[:, chosen]
        least, least_used = values.flatten().topk(count).values[-1], output[used].min()
        if float(least_used) >= float(least):
            words = "the layer" if bool(chosen.all()) else _channels(channels)
            yield Candidate(objective=_mean_of_greatest(count, chosen, words), uphill=True)


def _mean_of_greatest(count: int, channels: Tensor, words: str) -> Objective:
    return Objective(
        name=f"mean of the {count} greatest units of {words}",
        function=lambda out: out[:, channels].flatten().topk(count).values.mean(),
    )
