from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Alignment, Cell, Submission
from grader.model.template import TemplateCell
from grader.planning.alignment import align
from tests import factories

ASSIGNMENT = load_assignment()
TEMPLATE = ASSIGNMENT.template


def submission_of(*cells: Cell) -> Submission:
    numbered = tuple(replace(cell, index=index) for index, cell in enumerate(cells))
    return factories.submission(cells=numbered)


def cell(source: str, cell_id: str = "", kind: str = "code") -> Cell:
    return Cell(
        index=0, cell_id=cell_id, kind=kind, source=source, execution_count=1, stored_outputs=0
    )


def as_handed_out() -> tuple[Cell, ...]:
    return tuple(cell(t.source, t.cell_id, t.kind) for t in TEMPLATE)


def aligned(*cells: Cell, template: tuple[TemplateCell, ...] = TEMPLATE) -> Alignment:
    return align(submission_of(*cells), replace(ASSIGNMENT, template=template))


def template_cell(part_id: str, role: str) -> TemplateCell:
    return next(t for t in TEMPLATE if t.part_id == part_id and t.role == role)


def test_untouched_template_matches_itself_by_id() -> None:
    found = aligned(*as_handed_out())
    assert [m.template_id for m in found.matches] == [t.cell_id for t in TEMPLATE]
    assert {m.how for m in found.matches} == {"id"}
    assert {m.similarity for m in found.matches} == {1.0}
    assert found.missing == ()
    assert found.answers == ()


@pytest.mark.parametrize("with_ids", [True, False])
def test_answers_in_joined_cells_are_each_parts_own(with_ids: bool) -> None:
    asked, answered = template_cell("3c", "question"), template_cell("3c", "answer")
    other = template_cell("3e", "answer")
    cut = answered.source.replace("*Your answer here.*", "Zeros around it.")
    ids = asked.cell_id if with_ids else ""
    joined = "\n\n".join((asked.source, cut, other.source.replace("*Your answer here.*", "None.")))
    found = dict(aligned(cell(joined, ids, "markdown")).answers)
    assert set(found) == {"3c", "3e"}
    assert "Zeros around it." in found["3c"]
    assert "None." in found["3e"]
    untouched = "\n\n".join((asked.source, answered.source))
    assert aligned(cell(untouched, ids, "markdown")).answers == ()


def test_cells_without_ids_match_by_content() -> None:
    stripped = [replace(c, cell_id="") for c in as_handed_out() if len(c.source) > 40]
    found = aligned(*stripped)
    by_id = {t.cell_id: t.source.strip() for t in TEMPLATE}
    for c, m in zip(stripped, found.matches, strict=True):
        assert m.how == "content"
        assert by_id[m.template_id] == c.source.strip()


@given(order=st.permutations(range(len(TEMPLATE))))
def test_reordering_changes_no_match(order: list[int]) -> None:
    cells = as_handed_out()
    found = aligned(*(cells[i] for i in order))
    assert [m.template_id for m in found.matches] == [TEMPLATE[i].cell_id for i in order]


def test_copy_of_a_cell_belongs_to_its_part() -> None:
    run = template_cell("4d", "run")
    found = aligned(*as_handed_out(), cell(run.source.replace("layer_id = 0", "layer_id = 2")))
    assert found.matches[-1].part_id == "4d"


def test_added_cell_takes_its_part_from_the_names_it_binds() -> None:
    found = aligned(cell("def conv1d_backward(a, b, c):\n    return 1, 2"))
    assert (found.matches[0].how, found.matches[0].part_id) == ("added", "3a")


def test_added_cell_with_no_known_name_has_no_part() -> None:
    found = aligned(cell("zzz = 1 + 1"))
    assert (found.matches[0].how, found.matches[0].part_id) == ("added", "")


def test_same_id_with_another_kind_is_no_match() -> None:
    first_code = next(t for t in TEMPLATE if t.kind == "code")
    found = aligned(cell("# nothing like it", first_code.cell_id, "markdown"))
    assert found.matches[0].how == "added"


@pytest.mark.parametrize("part_id", ["3c", "3e", "4c"])
def test_written_answer_is_found(part_id: str) -> None:
    answer = template_cell(part_id, "answer")
    cells = [
        replace(c, source="Because zeros.") if c.cell_id == answer.cell_id else c
        for c in as_handed_out()
    ]
    assert aligned(*cells).answers == ((part_id, "Because zeros."),)


def test_deleted_cells_are_missing() -> None:
    assert aligned().missing == tuple(t.cell_id for t in TEMPLATE)


def test_the_work_of_comparing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a cell is the student's own; what has an id is matched as ever."""
    known = template_cell("3b", "todo")
    cells = (
        cell(known.source.replace("Optional", "Done"), known.cell_id),
        cell(known.source.replace("Optional", "Once more")),
    )
    assert [match.how for match in aligned(*cells).matches] == ["id", "content"]

    monkeypatch.setattr("grader.planning.alignment.MOST_WORK", 0)

    found = aligned(*cells)
    assert [match.how for match in found.matches] == ["id", "added"]
    assert found.matches[1].part_id in {"3a", "3b"}
