"""An offering and the checks go together, or that is said before anything is graded."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import NamedTuple

import pytest

from grader.checks import CHECKS, checks_of, probes_of, run_checks, validate_offering
from grader.checks.stage import standard
from grader.model.assignment import Assignment, load_assignment, parse_assignment
from grader.model.offering_files import OFFERINGS
from grader.model.records import Outcome
from reference.errors import ConfigError
from tests.grader.checks.support import Lab

TEXT = (OFFERINGS / "pset4_sp21" / "assignment.toml").read_text()

OWN = """
from __future__ import annotations
from dataclasses import dataclass
from grader.checks import Check
from grader.checks.findings import Verdict
from grader.model.records import Outcome

@dataclass(frozen=True)
class Facts:
    credit: float

def judge(context, part_id):
    return Verdict(outcome=Outcome.PASS, remarks=(), credit=Facts(1.0).credit)

CHECKS = (Check(id="ours", judge=judge, reads=frozenset(), rests=()),)
"""

FUNCTION = """
import numpy as np
from grader.checks.functions.function_check import function_check

CHECKS = [
    function_check(
        id="ours",
        function="shift",
        demos=[([1.0, 2.0], 2.0)],
        draw=lambda rng: [(rng.standard_normal(4), 0.5)],
        expected=lambda x, a: x + a,
    )
]
"""


def with_own(source: str, check_id: str = "ours") -> Assignment:
    text = TEXT.replace('{ id = "prose", weight = 1.0 }', f'{{ id = "{check_id}", weight = 1.0 }}')
    return replace(parse_assignment(text.encode(), where="x.toml"), own_checks=source)


@pytest.mark.parametrize("name", ["pset4_sp21", "pset4_sp22"])
def test_the_graders_own_offerings_go_with_its_checks(name: str) -> None:
    validate_offering(load_assignment(name))


def test_own_checks_judge_and_travel_with_the_record(lab: Lab) -> None:
    assignment = pickle.loads(pickle.dumps(with_own(OWN)))  # noqa: S301 -- our own bytes

    validate_offering(assignment)
    assert set(checks_of(assignment)) == {*CHECKS, "ours"}
    assert probes_of(assignment, 3) == probes_of(load_assignment(), 3)
    found = run_checks(assignment, replace(lab.context(), assignment=assignment))
    assert [(one.check_id, one.outcome) for one in found["3c"]] == [("ours", Outcome.PASS)]
    assert set(checks_of(load_assignment())) == set(CHECKS)


class Bad(NamedTuple):
    name: str
    source: str
    sentence: str


@pytest.mark.parametrize(
    "bad",
    [
        Bad("syntax", "x = (", r"pset4_sp21/checks\.py.*SyntaxError"),
        Bad("raises", "\n1 / 0\n", r"checks\.py:2: expected Python that can be run.*ZeroDivision"),
        Bad("nothing", "x = 1", r"expected CHECKS, a tuple of Check, found none"),
        Bad("number", "CHECKS = (1,)", r"CHECKS: expected a Check, found 1"),
        Bad("comma", OWN + "CHECKS = CHECKS[0]", r"found one of type Check; put a comma behind"),
        Bad("exit", "import sys\nsys.exit(0)", r"checks\.py:2: expected Python.*SystemExit"),
        Bad("result", FUNCTION.replace("x + a", "x.nosuch"), r"`expected` raised AttributeError"),
        Bad(
            "finite", FUNCTION.replace("x + a", "x * np.inf"), r"`expected` gave .* not finite for"
        ),
        Bad("call", FUNCTION.replace(", 2.0)", ",)"), r"calls with 2 arguments \(x, a\), as `exp"),
        Bad("twice", OWN + "CHECKS = CHECKS * 2", "each id once"),
        Bad("taken", OWN.replace('"ours"', '"prose"'), "'prose' is the name of a check of the"),
    ],
    ids=lambda bad: bad.name,
)
def test_own_checks_that_cannot_be_used_are_named(bad: Bad) -> None:
    with pytest.raises(ConfigError, match=bad.sentence):
        validate_offering(with_own(bad.source))


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('id = "conv_update"', 'id = "conv_updat"', r"part 3b: checks: expected one of .*updat'$"),
        ("[credit.conv_update]", "[credit.prose]", r"credit\.prose\.in_place: no check uses"),
        ("even_kernel = 0.5", "even_kernal = 0.5", r"conv_forward\.even_kernal: no check uses"),
        ('objective = "layer_norm"', 'objective = "feature_distance"', r"4d\.objective: expected"),
        ('id = "attack_bonus"', 'id = "targeted_attack"', r"add \[experiments\.4f\]"),
        ("conv_forward = [", "conv_forwards = [", r"short_cuts\.conv_forwards: there is no"),
    ],
)
def test_what_the_checks_cannot_judge_is_named(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    assignment = parse_assignment(TEXT.replace(old, new, 1).encode(), where="x.toml")

    with pytest.raises(ConfigError, match=sentence):
        validate_offering(assignment)


def test_checks_in_a_list_will_do() -> None:
    validate_offering(with_own(FUNCTION))


def test_a_file_that_is_in_no_bundle_is_named() -> None:
    text = TEXT.replace('"files/WelshCorgi.jpeg"', '"../WelshCorgi.jpeg"')

    with pytest.raises(ConfigError, match=r"course_files: http.*found '\.\./WelshCorgi\.jpeg'"):
        standard(parse_assignment(text.encode(), where="x.toml"), "studio-narrow")


def test_files_of_earlier_years_keep_their_meaning() -> None:
    share = "[credit.targeted_attack]\nweak_gain = 0.5\n"
    assert share in TEXT
    earlier = TEXT.replace('"targeted_attack"', '"attack_robust"').replace(
        "[credit.targeted_attack]", "[credit.attack_robust]"
    )
    twice = earlier + "\n[credit.attack_tarantula]\nweak_gain = 0.4\n"

    found = parse_assignment(earlier.encode(), where="x.toml")
    assert found.parts == load_assignment().parts
    assert found.credit == load_assignment().credit
    with pytest.raises(ConfigError, match="called targeted_attack now"):
        parse_assignment(twice.encode(), where="x.toml")
