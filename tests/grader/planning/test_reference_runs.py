"""Each offering's experiments find the reference's runs with the same settings, or it is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.model.assignment import Assignment, load_assignment, parse_assignment
from grader.model.offering_files import OFFERINGS
from grader.planning.reference_runs import reference_runs
from reference.errors import ConfigError
from reference.expected import Expected, load_expected
from reference.specs import NEAR


@pytest.fixture(scope="module")
def expected() -> Expected:
    return load_expected("studio")


def changed(name: str, old: str, new: str) -> Assignment:
    text = (OFFERINGS / name / "assignment.toml").read_text()
    assert old in text
    return parse_assignment(text.replace(old, new).encode(), where="x.toml")


@pytest.mark.parametrize("name", ["pset4_sp21", "pset4_sp22"])
def test_every_experiment_has_its_runs(name: str, expected: Expected) -> None:
    assignment = load_assignment(name)
    found = reference_runs(expected, assignment)
    for experiment in assignment.experiments:
        if experiment.objective == "log_probability":
            attack = found.attack(experiment.part_id)
            assert (attack.target, attack.step) == (experiment.target, experiment.step)
    assert len({attack.id for attack in found.attacks}) == len(found.attacks)
    assert found.dreams == expected.dreams


def test_the_first_attack_is_compared_with_its_own_offerings(expected: Expected) -> None:
    first, second = (
        reference_runs(expected, load_assignment(name)).attack("4a")
        for name in ("pset4_sp21", "pset4_sp22")
    )
    assert first.step.eps_l2 is None
    assert second.step == NEAR
    assert second.distance_l2 <= 30 * (1 + 1e-5) < first.distance_l2
    assert expected.path(second.image).is_file()


def test_only_the_second_offering_has_inversions(expected: Expected) -> None:
    assert reference_runs(expected, load_assignment("pset4_sp21")).inversions == ()
    found = reference_runs(expected, load_assignment("pset4_sp22")).inversions
    assert len(found) == 8
    assert {i.network for i in found} == {"pretrained", "robust"}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "pset4_sp21",
            "target = 76",
            "target = 77",
            r"experiments\.4a: .* \(class 77, 200 st",
        ),
        (
            "pset4_sp21",
            "n_steps = 200",
            "n_steps = 201",
            r"4a: .* \(class 76, 201 steps",
        ),
        ("pset4_sp21", "step_size = 2.0", "step_size = 1.0", r"experiments\.4e: the reference was"),
        ("pset4_sp22", "step_size = 0.05", "step_size = 0.5", r"4d: .*layer1, layer2, layer3"),
    ],
)
def test_settings_that_were_never_run_are_named(
    name: str, old: str, new: str, message: str, expected: Expected
) -> None:
    with pytest.raises(ConfigError, match=message):
        reference_runs(expected, changed(name, old, new))


def test_a_bundle_without_the_groups_is_named(expected: Expected) -> None:
    bare = replace(expected, inversions=())
    with pytest.raises(ConfigError, match="4d: the reference was never run"):
        reference_runs(bare, load_assignment("pset4_sp22"))
