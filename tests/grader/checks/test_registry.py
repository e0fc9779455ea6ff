"""What the stages derive from the checks' declarations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.checks import CHECKS, probes_of
from grader.planning.probes import Call, Question, probes_for
from grader.testing import question_of
from reference.errors import ConfigError
from tests.grader.checks.support import ASSIGNMENT, SEED


def probe_ids(*left_out: str) -> list[str]:
    parts = tuple(p for p in ASSIGNMENT.parts if p.id not in left_out)
    return [p.probe_id for p in probes_of(replace(ASSIGNMENT, parts=parts), SEED)]


def test_a_function_is_asked_once_and_before_those_that_may_call_it() -> None:
    assert probe_ids() == [
        "conv1d_forward",
        "conv1d_backward",
        "conv1d_backward_alone",
        "conv1d_update",
        "maxpool1d_forward",
        "maxpool1d_backward",
        "maxpool1d_backward_alone",
        "output2prob",
    ]


@pytest.mark.parametrize(
    ("part", "gone"),
    [
        ("1b", {"maxpool1d_forward"}),
        ("3d", {"maxpool1d_backward", "maxpool1d_backward_alone"}),
        ("3b", {"conv1d_update"}),  # 3a asks for both gradients
        ("2c", {"output2prob"}),
    ],
)
def test_an_offering_without_a_part_asks_fewer_questions(part: str, gone: set[str]) -> None:
    assert set(probe_ids()) - set(probe_ids(part)) == gone


def test_what_is_watched_is_what_the_offering_lists_for_the_checks_that_it_names() -> None:
    watched = {p.probe_id: question_of(p.source)["watched"] for p in probes_of(ASSIGNMENT, 1)}
    listed = ASSIGNMENT.short_cuts
    both = dict.fromkeys((*listed["conv_grad_input"], *listed["conv_grad_kernel"]))
    assert watched["conv1d_backward"] == watched["conv1d_backward_alone"] == list(both)
    assert watched["conv1d_forward"] == list(listed["conv_forward"])
    assert watched["output2prob"] == []


def test_a_check_asks_of_the_function_that_it_judges() -> None:
    for check in CHECKS.values():
        functions = {question.function for question in check.probes(SEED)}
        assert not check.function or functions == {check.function}, check.id


def test_two_different_questions_to_one_function_are_refused() -> None:
    def question(value: float) -> Question:
        return Question(function="f", calls=(Call(key="demo0", rows=((np.array([value]),),)),))

    assert len(probes_for([question(1), question(1)], {})) == 1
    with pytest.raises(ConfigError, match="ask f different questions"):
        probes_for([question(1), question(2)], {})
