"""Statements that a cell went on without, and what leaned on them: kept until the cell has run."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field, replace

from grader.execution import messages as m
from grader.model.records import CellRun, Leaning, LeftOut, Outcome

MOST_LEFT_OUT = 1000
"""Statements of a run that are told as left out."""
MOST_NAMES = 20_000
"""Names of a run that are told with them."""


@dataclass
class Statements:
    """By cell."""

    left_out: dict[int, tuple[LeftOut, ...]] = field(default_factory=dict)
    """What the cell went on without."""
    leans: dict[int, tuple[Leaning, ...]] = field(default_factory=dict)
    """Names that it read, which lack their value."""
    _told: int = 0
    _names: int = 0

    def leave_out(self, cell_index: int, body: m.LeftOutBody) -> None:
        """Keep one statement of a cell.

        Raises:
            ValueError: the run has told more of them than are kept.
        """
        self._told += 1
        if self._told > MOST_LEFT_OUT:
            raise ValueError("more statements than are kept as left out")
        self._count(body.names)
        told = LeftOut(
            line=body.line,
            code=body.code,
            reason=body.reason,
            error_name=body.error.name,
            error_message=body.error.message,
            names=tuple(body.names),
        )
        self.left_out[cell_index] = (*self.left_out.get(cell_index, ()), told)

    def lean(self, cell_index: int, body: m.LeansBody) -> None:
        """Keep the names that a cell read; raises as `leave_out` does."""
        self._count(body.names)
        self.leans[cell_index] = tuple(
            Leaning(name=one.name, left_out=one.left_out) for one in body.names
        )

    def finished(self, run: CellRun) -> CellRun:
        """Return a cell's run with what was left out of it; without an exception it waits."""
        left_out = self.left_out.get(run.cell_index, ())
        told = replace(run, left_out=left_out, leans_on=self.leans.get(run.cell_index, ()))
        ended = [one for one in left_out if one.error_name]
        if run.outcome is not Outcome.PASS or not ended:
            return told
        return replace(
            told,
            outcome=Outcome.NEEDS_HUMAN,
            error_name=ended[0].error_name,
            error_message=ended[0].error_message,
        )

    def _count(self, names: Sized) -> None:
        self._names += len(names)
        if self._names > MOST_NAMES:
            raise ValueError("more names than are kept")
