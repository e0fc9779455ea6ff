"""The rule of the offering that gave a share is named with the share that the offering says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks.findings import say
from grader.checks.registry import CHECKS
from grader.checks.rules import rule_of
from grader.model.records import Outcome
from tests.factories import ASSIGNMENT, finding

HALF = finding("conv_forward", Outcome.PARTIAL, credit=0.5)


def test_the_rule_is_the_offerings_own() -> None:
    rule = rule_of(HALF, CHECKS["conv_forward"], ASSIGNMENT)
    assert rule.startswith("credit.conv_forward.even_kernel = 0.5 (")
    stricter = replace(ASSIGNMENT, credit={"conv_forward": {"even_kernel": 0.4}})
    assert rule_of(HALF, CHECKS["conv_forward"], stricter) == ""
    less = replace(HALF, credit=0.4)
    assert "even_kernel = 0.4" in rule_of(less, CHECKS["conv_forward"], stricter)


def test_of_rules_with_one_share_the_one_that_a_remark_names_counts() -> None:
    partly = finding("conv_grad_input", Outcome.PARTIAL, credit=0.8)
    either = rule_of(replace(partly, remarks=()), CHECKS["conv_grad_input"], ASSIGNMENT)
    assert either.count(" or ") == 1
    named = replace(partly, remarks=(say("conv_backward.swapped", function="f"),))
    rule = rule_of(named, CHECKS["conv_grad_input"], ASSIGNMENT)
    assert rule.startswith("credit.conv_grad_input.swapped = 0.8")
    assert " or " not in rule


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.FAIL, Outcome.NOT_ATTEMPTED])
def test_all_or_nothing_needs_no_rule(outcome: Outcome) -> None:
    all_or_nothing = finding("conv_forward", outcome)
    assert rule_of(all_or_nothing, CHECKS["conv_forward"], ASSIGNMENT) == ""


def test_what_waits_names_the_rule_of_what_is_offered() -> None:
    waits = replace(HALF, outcome=Outcome.NEEDS_HUMAN, credit=0.0, offered=0.5)
    assert "even_kernel" in rule_of(waits, CHECKS["conv_forward"], ASSIGNMENT)
