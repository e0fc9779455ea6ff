"""What the notebook shows as the values of the classes: what `plot_top_classes` was called with.

The helper takes logits or probabilities. Of both, here, the probabilities that are shown are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.tolerance import TOLERANCES

SLACK = 1.001
"""Factor by which rounding may move a ratio of two probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """The values of one call."""

    cell_index: int
    """The cell during which it was made."""
    values: Tensor
    """One for each class, float64."""

    @property
    def are_probabilities(self) -> bool:
        """Whether they are none below 0, adding up to 1, or to 100 as percents."""
        total = float(self.values.sum())
        allowed = TOLERANCES["probability_top", "float32"].atol
        sums = any(abs(total / whole - 1) <= allowed for whole in (1, 100))
        return sums and bool((self.values >= 0).all())

    @property
    def probabilities(self) -> Tensor:
        """The probabilities that they are, or that belong to them as logits."""
        if self.are_probabilities:
            return self.values / self.values.sum()
        return self.values.softmax(dim=0)

    @property
    def taken_twice(self) -> bool:
        """Whether they are a softmax of probabilities, all of which lie between 0 and 1.

        The greatest is then less than e times the least: a softmax of logits is far from that.
        """
        least, greatest = float(self.values.min()), float(self.values.max())
        return self.are_probabilities and 0 < greatest <= SLACK * math.e * least


def shown_in(context: CheckContext, cells: Iterable[int]) -> list[Shown]:
    """Return what some cells show, in order of time; values of other classes are left out."""
    wanted, classes = set(cells), len(context.networks.class_names)
    found = []
    for plotted in context.evidence.plotted:
        if plotted.cell_index not in wanted:
            continue
        values = torch.from_numpy(context.arrays(plotted.values)).double().flatten()
        if len(values) == classes and bool(torch.isfinite(values).all()):
            found.append(Shown(cell_index=plotted.cell_index, values=values))
    return found
