"""Every part that a person may have to grade has a good rubric in both offerings."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from grader.model.assignment import Assignment, load_assignment, parse_assignment
from grader.model.offering_files import OFFERINGS, offering_names
from grader.model.offering_rubrics import parse_rubrics
from grader.model.records import AppliedItem, Rubric, RubricItem, Start, share_of
from grader.outputs.pages.markup import markdown_html
from reference.errors import ConfigError

RUBRICS = [(name, one) for name in offering_names() for one in load_assignment(name).rubrics]
IDS = [f"{name}-{one.part_id}" for name, one in RUBRICS]


def applied(*items: RubricItem) -> list[AppliedItem]:
    return [AppliedItem(id=one.id, share=one.share, title=one.title) for one in items]


@pytest.mark.parametrize("name", offering_names())
def test_every_part_that_people_grade_has_a_rubric(name: str) -> None:
    assignment = load_assignment(name)
    by_people = {part.id for part in assignment.parts if part.kind != "auto"}
    assert {one.part_id for one in assignment.rubrics} >= by_people
    assert all(len(one.items) > 4 for one in assignment.rubrics)


@pytest.mark.parametrize(("name", "rubric"), RUBRICS, ids=IDS)
def test_all_points_and_no_points_can_be_given(name: str, rubric: Rubric) -> None:
    groups: dict[str, list[RubricItem]] = {}
    for item in rubric.items:
        groups.setdefault(item.group if item.one_of else item.id, []).append(item)
    best = [max(group, key=lambda one: one.share) for group in groups.values()]
    worst = [min(group, key=lambda one: one.share) for group in groups.values()]
    good = [one for one in best if one.share > 0]
    assert share_of(rubric, applied(*good)) == pytest.approx(1.0)
    bad = [one for one in worst if one.share < 0]
    assert share_of(rubric, applied(*bad)) == 0.0


@pytest.mark.parametrize(("name", "rubric"), RUBRICS, ids=IDS)
def test_a_student_can_read_each_item(name: str, rubric: Rubric) -> None:
    for item in rubric.items:
        text = item.for_student
        assert len(text) >= 20
        assert text[-1] in ".?"
        assert text.count("$") % 2 == 0
        shown = str(markdown_html(text))
        assert "\\" not in re.sub(r'alt="[^"]*"', "", shown), f"{item.id} shows TeX as it is"


def test_the_answer_to_4c_is_another_where_both_attacks_stay_in_the_ball() -> None:
    items = {name: _rubric(load_assignment(name), "4c").items for name in offering_names()}
    assert len({tuple(one.id for one in found) for found in items.values()}) == len(items)


def _rubric(assignment: Assignment, part_id: str) -> Rubric:
    return next(one for one in assignment.rubrics if one.part_id == part_id)


def test_rubrics_are_those_of_the_same_part_of_the_offering_whose_notebook_is_used() -> None:
    first, second = (load_assignment(name) for name in offering_names())
    assert _rubric(first, "3c") == _rubric(second, "3c")
    text = (OFFERINGS / first.name / "assignment.toml").read_bytes()
    renamed = text.replace(b"Convolution layer: boundaries", b"Edges")
    other = parse_assignment(renamed, where="a.toml")
    assert "3c" not in {one.part_id for one in other.rubrics}


GOOD = '[3c]\nstart = "zero"\n[[3c.items]]\nid = "how"\nshare = 0.5\ntitle = "How"\n'


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("share = 0.5", "share = 1.5"), "less than or equal to 1, found 1.5"),
        (("share", "points"), r"3c\.items\.0\.(points|share)"),
        (('"zero"', '"half"'), "'full' or 'zero'"),
        (('id = "how"', 'id = "How!"'), "match pattern"),
        (("[3c]", "[3c"), "expected TOML"),
        (('start = "zero"', "floor = 1.0\nceiling = 0.5"), "floor of at most the ceiling"),
    ],
)
def test_a_mistake_is_one_sentence(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse_rubrics(GOOD.replace(*change).encode(), where="rubrics.toml")


def test_an_id_is_there_once() -> None:
    twice = GOOD + GOOD.partition("\n")[2].partition("\n")[2]
    with pytest.raises(ConfigError, match="'how' is there twice"):
        parse_rubrics(twice.encode(), where="rubrics.toml")


def test_what_starts_full_has_nothing_taken_off_and_the_rest_gives_nothing() -> None:
    (rubric,) = parse_rubrics(GOOD.encode(), where="rubrics.toml")
    assert share_of(rubric, ()) == 0.0
    assert share_of(replace(rubric, start=Start.FULL), ()) == 1.0
