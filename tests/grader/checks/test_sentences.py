"""Sentences that an offering brings along: said like the grader's own, and checked as they load."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import NamedTuple

import pytest

from grader.checks import run_checks, validate_offering
from grader.checks.sentences import sentences_of
from grader.model.assignment import Assignment
from grader.model.catalogue import load_catalogue
from grader.model.records import Outcome
from reference.errors import ConfigError
from tests.grader.checks.support import Lab
from tests.grader.checks.test_offering import with_own

CHECKS = """
from grader.checks import Check
from grader.checks.findings import failed, say

def judge(context, part_id):
    return failed(say("ours.late", samples=2))

CHECKS = (Check(id="ours", judge=judge, reads=frozenset(), rests=()),)
"""
MESSAGES = """
[ours.late]
student = "The output lags by {samples:sample|samples}."
staff = "Counted {samples}."
"""


def offering(messages: str, checks: str = CHECKS) -> Assignment:
    return replace(with_own(checks), own_messages=messages)


def test_own_sentences_are_said_and_travel_with_the_record(lab: Lab) -> None:
    assignment = pickle.loads(pickle.dumps(offering(MESSAGES)))  # noqa: S301 -- our own bytes

    validate_offering(assignment)
    (found,) = run_checks(assignment, replace(lab.context(), assignment=assignment))["3c"]
    assert (found.outcome, found.remarks[0].code) == (Outcome.FAIL, "ours.late")
    assert found.message == "The output lags by 2 samples."
    assert found.staff_detail.startswith("Counted 2.")
    assert set(sentences_of(assignment)) - set(load_catalogue("grader.checks")) == {"ours.late"}


class Bad(NamedTuple):
    name: str
    messages: str
    sentence: str


@pytest.mark.parametrize(
    "bad",
    [
        Bad(
            "none", "", r"checks\.py:6: say: there is no sentence 'ours\.late'; add \[ours\.late\]"
        ),
        Bad("toml", "[ours", r"pset4_sp21/messages\.toml: expected TOML, found"),
        Bad("flat", "late = 'Late.'", r"messages\.toml: late: expected a table with student"),
        Bad("key", "[ours.late]\nstudents = 'Late.'", r"ours\.late: expected.*found students"),
        Bad("empty", "[ours.late]", r"ours\.late: expected student, staff or both, found neither"),
        Bad("brace", "[ours.late]\nstudent = 'A { b.'", r"ours\.late\.student: expected values in"),
        Bad("place", "[ours.late]\nstaff = 'At {}.'", r"ours\.late\.staff: expected the name"),
        Bad("taken", MESSAGES + "[grader_fault]\nstaff = 'A.'", "grader_fault: the grader has"),
        Bad(
            "lacks",
            "[ours.late]\nstudent = '{by}.'",
            r"checks\.py:6: say: 'ours\.late' lacks .*'by",
        ),
    ],
    ids=lambda bad: bad.name,
)
def test_what_cannot_be_said_is_named(bad: Bad) -> None:
    with pytest.raises(ConfigError, match=bad.sentence):
        validate_offering(offering(bad.messages))


def test_a_code_that_is_computed_and_has_no_sentence_is_a_fault_of_one_check(lab: Lab) -> None:
    assignment = offering(MESSAGES, CHECKS.replace('"ours.late"', '"ours." + "lat"'))

    validate_offering(assignment)
    found = run_checks(assignment, replace(lab.context(), assignment=assignment))
    assert found["3c"][0].outcome is Outcome.GRADER_FAULT
    assert "there is no sentence 'ours.lat'" in found["3c"][0].staff_detail
    assert found["1a"][0].outcome is not Outcome.GRADER_FAULT
