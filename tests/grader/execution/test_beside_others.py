"""A run that lost a cell to a busy machine is made again alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.execution.patience import Waited, for_cell
from grader.execution.run import NeedsRoom, made_again_alone
from grader.model.records import BUSY_MACHINE, Outcome
from grader.testing import cell_run


@pytest.mark.parametrize(
    ("outcome", "error_name", "beside_others", "again"),
    [
        (Outcome.TIMEOUT, BUSY_MACHINE, True, True),
        (Outcome.TIMEOUT, BUSY_MACHINE, False, False),
        (Outcome.TIMEOUT, "TIMEOUT", True, False),
        (Outcome.STUDENT_ERROR, BUSY_MACHINE, True, False),
    ],
)
def test_only_a_limit_reached_while_others_had_the_cpus_is_made_again(
    outcome: Outcome, error_name: str, beside_others: bool, again: bool
) -> None:
    cells = (cell_run(0), replace(cell_run(1, outcome), error_name=error_name))
    if again:
        with pytest.raises(NeedsRoom, match="while others had the CPUs"):
            made_again_alone(cells, beside_others=beside_others)
    else:
        made_again_alone(cells, beside_others=beside_others)


def test_the_patience_with_all_cells_together_has_an_end() -> None:
    assert for_cell(100.0, 3600.0).most_s == 300.0
    assert for_cell(100.0, 40.0).most_s == 40.0
    assert for_cell(100.0, -1.0).most_s == 0.0


def test_a_short_wait_is_no_busy_machine() -> None:
    nothing: set[Any] = set()
    assert not Waited(done=nothing, given_s=20.0).for_long(100.0)
    assert Waited(done=nothing, given_s=30.0).for_long(100.0)
