"""Which of the reference's runs an offering's experiments are compared with: found by settings.

An offering's file is data: it may set an experiment as no other offering does. Then there is no
number to compare with, and that must be said before anything is graded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from grader.model.assignment import Assignment, Experiment
from reference.errors import ConfigError
from reference.expected import AttackResult, Expected, InversionResult
from reference.specs import STAGE


class NeverRun(ConfigError):
    """The reference was never run with the settings of an experiment."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(f"{what}; {advice}")
        self.what = what
        """What was never run, without advice."""


def reference_runs(expected: Expected, assignment: Assignment) -> Expected:
    """Return the expected outputs as this offering needs them.

    Args:
        expected: All outputs of the bundle.
        assignment: The offering.

    Returns:
        Attacks by the ids of the parts that ask for them, followed by those that no part asks for;
        the inversions that some part asks for.

    Raises:
        NeverRun: an experiment has settings that the reference was never run with.
    """
    attacks: dict[str, AttackResult] = {}
    inversions: dict[str, InversionResult] = {}
    for experiment in assignment.experiments:
        if experiment.objective == "log_probability":
            attacks[experiment.part_id] = _attack(expected, experiment, assignment.name)
        elif experiment.objective == "feature_distance":
            found = _inversions(expected, experiment, assignment.name)
            inversions |= {inversion.id: inversion for inversion in found}
    others = (a for a in expected.attacks if a.id not in attacks)
    return replace(
        expected,
        attacks=(*(replace(a, id=part_id) for part_id, a in attacks.items()), *others),
        inversions=tuple(inversions.values()),
    )


def runs_lacking(expected: Expected, assignment: Assignment) -> Iterator[str]:
    """Say which experiments of an offering the reference was never run with; without advice."""
    for experiment in assignment.experiments:
        try:
            reference_runs(expected, replace(assignment, experiments=(experiment,)))
        except NeverRun as error:
            yield error.what


def _attack(expected: Expected, experiment: Experiment, name: str) -> AttackResult:
    wanted = (experiment.network, experiment.target, experiment.step)
    for attack in expected.attacks:
        same = (attack.network, attack.target, attack.step) == wanted
        if same and attack.n_steps >= experiment.n_steps:
            return attack
    what = f"class {experiment.target}, {experiment.n_steps} steps"
    raise _missing(expected, experiment, name, what)


def _inversions(
    expected: Expected, experiment: Experiment, name: str
) -> tuple[InversionResult, ...]:
    by_layer = {
        i.layer: i
        for i in expected.inversions
        if i.network == experiment.network
        and i.step == experiment.step
        and i.n_steps >= experiment.n_steps
    }
    wanted = [STAGE.format(layer_id + 1) for layer_id in experiment.layers]
    lacking = [layer for layer in wanted if layer not in by_layer]
    if lacking:
        raise _missing(expected, experiment, name, ", ".join(lacking))
    return tuple(by_layer[layer] for layer in wanted)


def _missing(expected: Expected, experiment: Experiment, name: str, what: str) -> NeverRun:
    return NeverRun(
        f"{name}: experiments.{experiment.part_id}: the reference was never run with these "
        f"settings ({what}, {experiment.network}, bundle {expected.bundle_name})",
        f"run `.venv/bin/python -m reference add-offering {name} --bundle {expected.bundle_name}` "
        "on each machine that grades",
    )
