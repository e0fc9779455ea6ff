"""What every check is given: evidence, trusted networks, expected outputs, the hand-in."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

import numpy as np

from grader.checks.stored_arrays import ArrayReader
from grader.model.assignment import Assignment, Experiment
from grader.model.notebook_code import names_bound
from grader.model.records import (
    NO_REPORT,
    Alignment,
    ArrayRef,
    Cell,
    Evidence,
    Outcome,
    ReportReading,
    Submission,
)
from grader.model.text import format_pages
from grader.planning.untouched import given_texts, is_given
from reference.bundles import Bundle
from reference.expected import Expected

if TYPE_CHECKING:
    from torch import Tensor

    # PyTorch, for which whoever only speaks of checks would wait seconds.
    from grader.checks.trusted_networks import TrustedNetworks

Ts = TypeVarTuple("Ts")
R = TypeVar("R")
TRUSTED = ("pretrained", "robust")
"""Names of the trusted networks."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CheckContext:
    """Everything that the checks of one submission may look at."""

    evidence: Evidence
    """What was seen in the run."""
    arrays: ArrayReader
    """Reads the evidence's arrays."""
    expected: Expected
    """What the reference gets."""
    networks: TrustedNetworks
    """Trusted networks."""
    bundle: Bundle
    """Where the notebook's weights came from."""
    assignment: Assignment
    """Parts and experiments."""
    submission: Submission
    """What was handed in."""
    alignment: Alignment
    """Which cell belongs to which part; the written answers."""
    report: ReportReading = NO_REPORT
    """What the report says and shows."""

    @property
    def seed(self) -> int:
        """Seed of the hidden inputs."""
        return self.evidence.seed

    @cached_property
    def names_defined(self) -> frozenset[str]:
        """Names that the notebook binds: seen in the code of its cells, or by the kernel."""
        code = (cell.code for cell in self.submission.cells)
        found = frozenset(binding.name for binding in self.evidence.bindings)
        return found.union(*(names_bound(source) for source in code))

    @property
    def unread(self) -> frozenset[int]:
        """Positions of the cells whose code is too much to be read."""
        return frozenset(cell.index for cell in self.submission.cells if cell.unread)

    @cached_property
    def is_untouched(self) -> bool:
        """Whether all that was handed in is the notebook that students get, never run."""
        submission = self.submission
        return (
            bool(submission.cells)
            and not submission.report_says_more
            and not submission.other_files
            and all(
                not cell.stored_outputs and cell.execution_count is None and self.is_given(cell)
                for cell in submission.cells
                if cell.source.strip()
            )
        )

    @cached_property
    def _given(self) -> frozenset[str]:
        return given_texts(self.assignment)

    def is_given(self, cell: Cell) -> bool:
        """Whether a cell is one of the notebook that students get, as they get it."""
        return is_given(cell, self._given)

    def answer(self, part_id: str) -> str:
        """Return the written answer to a part, all of its cells, or an empty string."""
        texts = (text.strip() for part, text in self.alignment.answers if part == part_id)
        return "\n\n".join(text for text in texts if text)

    def experiment(self, part_id: str) -> Experiment:
        """Return the part's experiment."""
        return self.assignment.experiment(part_id)

    def cells_of(self, part_id: str) -> tuple[int, ...]:
        """Return the positions of the cells that belong to a part."""
        return tuple(m.cell_index for m in self.alignment.matches if m.part_id == part_id)

    def tensor(self, reference: ArrayRef) -> Tensor:
        """Read an array as a float32 tensor."""
        import torch

        return torch.from_numpy(np.array(self.arrays(reference), dtype=np.float32))

    def pages(self, part_id: str = "") -> str:
        """Name the report's pages of a part, or all pages; empty where there are none."""
        pages = self.report.pages_of(part_id) or range(1, self.submission.report_pages + 1)
        return f"report.pdf, {format_pages(pages)}" if pages else ""


def once_per_context(
    function: Callable[[CheckContext, *Ts], R],
) -> Callable[[CheckContext, *Ts], R]:
    """Remember what a function of the context, and of hashable arguments, returns.

    Several checks ask for the same; the answers go with the context, and nobody changes them.
    """
    known: weakref.WeakKeyDictionary[CheckContext, dict[object, R]] = weakref.WeakKeyDictionary()

    @functools.wraps(function)
    def remembered(context: CheckContext, *args: *Ts) -> R:
        answers = known.setdefault(context, {})
        if args not in answers:
            answers[args] = function(context, *args)
        return answers[args]

    return remembered


RUN_ENDED = (Outcome.TIMEOUT, Outcome.RESOURCE_LIMIT)
"""Outcomes of a cell after which later cells may be missing."""
