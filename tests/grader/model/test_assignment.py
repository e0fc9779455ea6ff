"""The assignment file: what the handout says is in it, and no mistake in it passes in silence."""

from __future__ import annotations

import json
import math
import pickle
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from grader.model.assignment import Course, load_assignment, parse_assignment, parse_course
from grader.model.offering_files import OFFERINGS, recorded_offering
from reference.errors import ConfigError

TEXT = (OFFERINGS / "pset4_sp21" / "assignment.toml").read_text()


def test_the_handout_is_in_it() -> None:
    assignment = load_assignment()

    assert [part.id for part in assignment.parts] == (
        [
            "1a",
            "1b",
            "2a",
            "2b",
            "2c",
            "3a",
            "3b",
            "3c",
            "3d",
            "3e",
            "4a",
            "4b",
            "4c",
            "4d",
            "4e",
            "4f",
        ]
    )
    assert [problem.points for problem in assignment.problems] == [2, 1, 4, 4]
    assert assignment.due.astimezone(UTC) == datetime(2021, 4, 1, 3, 59, tzinfo=UTC)
    assert (assignment.late.days, assignment.late.coefficient_at_last_day) == (7, 0.5)
    optional = [p.id for p in assignment.parts if "6.819" not in p.required_for and not p.bonus]
    assert optional == ["1b", "3d", "4d"]
    assert assignment.experiment("4a").target == 76
    assert assignment.experiment("4b").eps_l2 == 30
    assert assignment.experiment("4e").space == "pixels"


@pytest.mark.parametrize(
    ("part_id", "points_6869", "points_6819"),
    [
        ("1a", 1, 2),
        ("1b", 1, 0),
        ("2b", 1 / 3, 1 / 3),
        ("3a", 4 / 5, 1),
        ("3d", 4 / 5, 0),
        ("4e", 4 / 5, 1),
        ("4f", 0.5, 0.5),
    ],
)
def test_a_problem_is_split_evenly_over_its_required_parts(
    part_id: str, points_6869: float, points_6819: float
) -> None:
    assignment = load_assignment()

    assert assignment.max_points(part_id, "6.869") == pytest.approx(points_6869)
    assert assignment.max_points(part_id, "6.819") == pytest.approx(points_6819)


def test_both_courses_have_the_same_total_without_bonus() -> None:
    assignment = load_assignment()

    assert math.isclose(assignment.max_total("6.869"), 11)
    assert math.isclose(assignment.max_total("6.819"), 11)


def test_the_second_offering_approaches_features_and_repeats_it() -> None:
    first, second = load_assignment("pset4_sp21"), load_assignment("pset4_sp22")

    assert {p.id for p in second.parts} == {p.id for p in first.parts} | {"4g"}
    assert [problem.points for problem in second.problems] == [2, 1, 4, 4]
    plain, robust = (second.experiment(part_id) for part_id in ("4d", "4g"))
    assert (plain.objective, plain.network) == ("feature_distance", "pretrained")
    assert (robust.objective, robust.network) == ("feature_distance", "robust")
    assert plain.step == robust.step == first.experiment("4d").step
    assert plain.different_objectives == robust.different_objectives == 3
    assert second.experiment("4a").step == first.experiment("4b").step
    assert second.experiment("4a").target == 76
    assert second.experiment("4b") == first.experiment("4b")
    assert second.experiment("4e") == first.experiment("4e")
    assert second.due > first.due


@pytest.mark.parametrize("course", ["6.819", "6.869"])
def test_the_second_offerings_parts_are_2021s_and_scaled(course: Course) -> None:
    first, second = load_assignment("pset4_sp21"), load_assignment("pset4_sp22")
    fourth = [p.id for p in second.parts if p.problem == 4 and not p.bonus]
    raw = {i: first.max_points("4d" if i == "4g" else i, course) for i in fourth}

    assert math.fsum(second.max_points(i, course) for i in fourth) == pytest.approx(4)
    assert second.max_points("4g", course) == second.max_points("4d", course)
    for part_id in fourth:
        scaled = raw[part_id] * 4 / math.fsum(raw.values())
        assert second.max_points(part_id, course) == pytest.approx(scaled)
    for part in first.parts:
        if part.problem != 4 or part.bonus:
            assert second.max_points(part.id, course) == first.max_points(part.id, course)
    assert second.max_total(course) == pytest.approx(first.max_total(course))


def test_it_is_a_frozen_record() -> None:
    assignment = load_assignment()

    assert pickle.loads(pickle.dumps(assignment)) == assignment  # noqa: S301 -- our own bytes
    assert hash(assignment) == hash(load_assignment())


class Mistake(NamedTuple):
    name: str
    old: str
    new: str
    sentence: str


MISTAKES = [
    Mistake(
        "key_of_a_check", "weight = 1.0", "weigth = 1.0", r"parts\[0\]\.checks\[0\]\.weigth: unk"
    ),
    Mistake("key_of_a_part", 'kind = "mixed"', 'kid = "mixed"', r"parts\[0\]\.kid: unknown key"),
    Mistake("key_of_late", "days = 7", "dayz = 7", r"x\.toml: late\.dayz: unknown key"),
    Mistake("table", "[late]", "[layte]", r"x\.toml: layte: unknown key"),
    Mistake(
        "key_of_an_experiment", "target = 76", "targt = 76", r"experiments\.4a\.targt: unknown"
    ),
    Mistake("digest_given", 'name = "p', 'sha256 = "0"\nname = "p', "sha256: unknown key"),
    Mistake(
        "compared_for_nothing",
        'compare_with = "distances"',
        'compare_with = "convolution"',
        r'compared: expected parts where compare_with is "distances"',
    ),
    Mistake("compared_text", '["4a", "4b"]', '["4a", "3c"]', r"compared: part '3c' has no experim"),
    Mistake("missing_key", "points = 2.0", "", r"problems\[0\]\.points: expected this key"),
    Mistake("choice", 'norm = "l2"', 'norm = "l3"', r"experiments\.4b\.norm: .*found 'l3'"),
    Mistake("weight_of_zero", "weight = 1.0", "weight = 0", r"weight: .*greater than 0"),
    Mistake("negative_points", "points = 2.0", "points = -1", r"problems\[0\]\.points"),
    Mistake("course", '"6.819", "6.869"]\nkind', '"6.800"]\nkind', r"required_for: 6.800 is not"),
    Mistake("zone", "America/New_York", "Mars/Base", r"time_zone: expected an IANA name"),
    Mistake("offset", "23:59:00 #", "23:59:00Z #", r"deadline: expected a local time without"),
    Mistake("part_twice", 'id = "1b"', 'id = "1a"', r"parts\.id: '1a' is there twice"),
    Mistake("check_twice", '"conv_update"', '"conv_grad_kernel"', r"checks\.id: 'conv_grad"),
    Mistake("problem_twice", "number = 2", "number = 1", r"problems\.number: 1 is there twice"),
    Mistake(
        "no_such_problem", "problem = 1\n", "problem = 9\n", r"parts\[0\].problem: there is no"
    ),
    Mistake("required_bonus", "required_for = []", 'required_for = ["6.819"]', "a bonus part"),
    Mistake(
        "experiment_of_nothing", "[experiments.4a]", "[experiments.9z]", "9z: there is no such"
    ),
    Mistake("no_target", "target = 76", "", r"experiments\.4a\.target: expected the id"),
    Mistake("no_layers", "layers = [0, 1, 2, 3]", "", r"experiments\.4d\.layers: expected ids"),
    Mistake("not_toml", "[late]", "[late", "expected TOML"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_named_by_its_key_path(mistake: Mistake) -> None:
    assert mistake.old in TEXT

    with pytest.raises(ConfigError, match=mistake.sentence):
        parse_assignment(TEXT.replace(mistake.old, mistake.new, 1).encode(), where="x.toml")


def test_a_problem_that_no_part_of_a_course_answers_is_refused() -> None:
    text = TEXT.replace('required_for = ["6.819", "6.869"]', 'required_for = ["6.869"]')

    with pytest.raises(ConfigError, match=r"problem 1 has points but no part for 6\.819"):
        parse_assignment(text.encode(), where="x.toml")


def test_another_offering_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "next.toml"
    path.write_text(TEXT.replace("2021-03-31", "2022-04-01").replace("pset4_sp21", "next"))

    assignment = load_assignment(str(path))

    assert assignment.due.year == 2022
    assert assignment.sha256 != load_assignment().sha256


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="assignment 'pset9'"):
        load_assignment("pset9")
    with pytest.raises(ConfigError, match="expected one of the parts 1a, 1b"):
        load_assignment().part("9z")
    with pytest.raises(ConfigError, match=r"add \[experiments\.1a\]"):
        load_assignment().experiment("1a")
    with pytest.raises(ConfigError, match=r"6\.819 or 6\.869 \(pset4_sp21\), found '6869'"):
        parse_course("6869", load_assignment())
    assert parse_course("6.819", load_assignment()) == "6.819"


def own_folder(tmp_path: Path, old: str, new: str) -> Path:
    folder = tmp_path / "fall30"
    shutil.copytree(OFFERINGS / "pset4_sp21", folder)
    assert old in TEXT
    text = TEXT.replace('name = "pset4_sp21"', 'name = "fall30"').replace(old, new, 1)
    (folder / "assignment.toml").write_text(text)
    return folder


class Slip(NamedTuple):
    """A slip of next year's staff in their own folder."""

    old: str
    new: str
    sentence: str


@pytest.mark.parametrize(
    "slip",
    [
        Slip('"fall30"', '"pset4_sp21"', r"fall30/assignment\.toml: name: .* offering of the gr"),
        Slip('id = "1a"', 'id = "1.a"', r"parts\[0\]\.id: expected letters and digits"),
        Slip('id = "1a"', 'id = "1 a"', r"parts\[0\]\.id: expected letters and digits"),
        Slip("points = 2.0", "points = inf", r"problems\[0\]\.points: expected a finite number"),
        Slip("step_size = 0.05", "step_size = nan", r"4a\.step_size: expected a finite number"),
        Slip("[0, 1, 2, 3]", "[0, 4]", r"4d\.layers\[1\]: should be less than or equal to 3"),
        Slip("T23:59:00", "", r"deadline: expected a day and a time, such as 2021-03-31T23:59:00"),
        Slip('[{ id = "prose", weight = 1.0 }]', '["prose"]', r"checks\[0\]: expected a table"),
        Slip('["6.819", "6.869"]', '"6.819"', r"courses: expected a list, found '6\.819'"),
        Slip("target = 76", 'target = "fox"', r"4a\.target: expected a whole number, found 'fox'"),
        Slip("target = 76", "target = 1000", r"4a\.target: should be less than 1000, found 1000"),
    ],
    ids=lambda slip: slip.new,
)
def test_slips_in_a_folder_of_staff_are_named(tmp_path: Path, slip: Slip) -> None:
    folder = own_folder(tmp_path, "6.819/6.869 Problem", "Problem")
    path = folder / "assignment.toml"
    path.write_text(path.read_text().replace(slip.old, slip.new, 1))

    with pytest.raises(ConfigError, match=slip.sentence):
        load_assignment(str(folder))


def test_a_notebook_that_was_not_made_of_a_master_is_refused(tmp_path: Path) -> None:
    folder = own_folder(tmp_path, "points = 2.0", "points = 3.0")
    cell = {"cell_type": "code", "metadata": {}, "source": "x = 1"}
    (folder / "release.ipynb").write_text(json.dumps({"cells": [cell]}))

    with pytest.raises(ConfigError, match=r"fall30/release\.ipynb: expected cells that say"):
        load_assignment(str(folder))


def test_the_offering_of_results_is_the_graders_or_must_be_named() -> None:
    assert recorded_offering("pset4_sp22", Path("results/ann")) == "pset4_sp22"
    with pytest.raises(ConfigError, match=r"results/ann: .* 'fall30', .* --assignment FOLDER"):
        recorded_offering("fall30", Path("results/ann"))
