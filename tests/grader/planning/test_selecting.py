"""`check --only`: the cells that some parts need, and no attack that none of them needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.model.records import Cell, Submission
from grader.planning.alignment import align
from grader.planning.selecting import cells_needed, narrowed, parts_named
from reference.errors import ConfigError
from tests import factories

ASSIGNMENT = factories.ASSIGNMENT
PLACE = {cell.cell_id: index for index, cell in enumerate(ASSIGNMENT.template)}
NAME = {index: name for name, index in PLACE.items()}


def release() -> Submission:
    cells = tuple(
        Cell(
            index=index,
            cell_id=known.cell_id,
            kind=known.kind,
            source=known.source,
            execution_count=None,
            stored_outputs=0,
        )
        for index, known in enumerate(ASSIGNMENT.template)
    )
    return factories.submission(cells=cells)


def changed(name: str, source: str) -> Submission:
    """The release with another text in one cell."""
    whole = release()
    odd = replace(whole.cells[PLACE[name]], source=source)
    cells = tuple(odd if cell.index == odd.index else cell for cell in whole.cells)
    return replace(whole, cells=cells)


def needed(*parts: str, submission: Submission | None = None) -> set[str]:
    whole = submission or release()
    found = cells_needed(frozenset(parts), ASSIGNMENT, whole, align(whole, ASSIGNMENT))
    return {NAME[index] for index in found}


def test_a_list_names_problems_and_parts() -> None:
    assert parts_named("1,3b", ASSIGNMENT) == {"1a", "1b", "3b"}
    assert parts_named(" 3(B) 4e", ASSIGNMENT) == {"3b", "4e"}
    with pytest.raises(ConfigError, match=r"--only: expected some of 1, 1a, .*found '5'"):
        parts_named("1,5", ASSIGNMENT)
    with pytest.raises(ConfigError, match="--only"):
        parts_named("", ASSIGNMENT)


def test_layers_need_the_set_up_and_nothing_else() -> None:
    layers = {"p1a-conv-fwd", "p1b-pool-fwd", "p3ab-conv-bw", "p3d-pool-bw-"}
    assert needed("1a", "1b", "3a", "3b", "3d") == layers
    written = changed("p1a-conv-fwd", "def conv1d_forward(x, w):\n    return np.convolve(x, w)")
    assert needed("1a", submission=written) == {"p0-setup-000", "p1a-conv-fwd"}


def test_an_attack_needs_its_network_and_no_attack_after_it() -> None:
    found = needed("4b")
    assert {"p2c-load-000", "p4a-generate", "p4a-step-000", "p4b-attack-0"} <= found
    assert not {"p4d-run-1-00", "p4e-attack-0", "p1a-conv-fwd"} & found


def test_what_cannot_be_read_is_run() -> None:
    assert "p4d-run-1-00" in needed("1a", submission=changed("p4d-run-1-00", "x = = 1"))


def test_an_offering_of_no_part_is_refused() -> None:
    assert [p.id for p in narrowed(ASSIGNMENT, frozenset({"3b", "1a"})).parts] == ["1a", "3b"]
    with pytest.raises(ConfigError, match="none of the parts"):
        narrowed(ASSIGNMENT, frozenset())
