"""JUnit XML: a case per check, and text of any kind stays text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Outcome
from grader.outputs.junit import render_junit
from tests import factories


def root_of(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 -- our own output


def case_of(root: ET.Element, name: str) -> ET.Element:
    return next(case for case in root.iter("testcase") if case.get("name") == name)


def test_one_case_per_check_and_the_counts_agree() -> None:
    findings = {
        "4a": (factories.finding("targeted_attack", Outcome.FAIL),),
        "4b": (),
        "4f": (factories.finding("attack_bonus", Outcome.FAIL),),
    }

    root = root_of(render_junit(factories.grade_sheet(findings)))

    checks = [check.id for part in load_assignment().parts for check in part.checks]
    assert [case.get("name") for case in root.iter("testcase")] == checks
    counts = {key: int(root.get(key, "")) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 18, "failures": 1, "errors": 1, "skipped": 4}
    for key, count in counts.items():
        assert sum(int(suite.get(key, "")) for suite in root.iter("testsuite")) == count
    assert len(list(root.iter("failure"))) == 1
    assert len(list(root.iter("error"))) == 1
    assert len(list(root.iter("skipped"))) == 4


@pytest.mark.parametrize(
    ("outcome", "tag"),
    [
        (Outcome.PARTIAL, "failure"),
        (Outcome.FAIL, "failure"),
        (Outcome.NOT_ATTEMPTED, "failure"),
        (Outcome.STUDENT_ERROR, "failure"),
        (Outcome.TIMEOUT, "failure"),
        (Outcome.RESOURCE_LIMIT, "failure"),
        (Outcome.NEEDS_HUMAN, "skipped"),
        (Outcome.GRADER_FAULT, "error"),
    ],
)
def test_outcomes(outcome: Outcome, tag: str) -> None:
    findings = {"4a": (factories.finding("targeted_attack", outcome),)}

    root = root_of(render_junit(factories.grade_sheet(findings)))

    (verdict,) = case_of(root, "targeted_attack")
    assert verdict.tag == tag
    assert verdict.get("message")


def test_a_pass_has_no_child_and_a_failure_has_its_numbers() -> None:
    rows = (factories.measurement(), factories.measurement(quantity="gain", ok=False))
    finding = factories.finding("targeted_attack", Outcome.FAIL, measurements=rows)

    root = root_of(render_junit(factories.grade_sheet({"4a": (finding,)})))

    _, second, _ = (c for c in root.iter("testcase") if c.get("name") == "targeted_attack")
    assert list(second) == []
    assert case_of(root, "targeted_attack")[0].text == (
        "gain: measured 1e-7, expected 0, tolerance 1e-5"
    )


@given(message=st.text())
def test_any_message_is_well_formed(message: str) -> None:
    finding = factories.finding("targeted_attack", Outcome.FAIL, message=message)

    root = root_of(render_junit(factories.grade_sheet({"4a": (finding,)})))

    assert len(list(root.iter())) == len(
        list(
            root_of(
                render_junit(
                    factories.grade_sheet(
                        {"4a": (factories.finding("targeted_attack", Outcome.FAIL),)}
                    )
                )
            ).iter()
        )
    )


def test_escape_codes_and_directions_are_left_out() -> None:
    findings = {
        "4a": (
            factories.finding(
                "targeted_attack",
                Outcome.FAIL,
                message="\x9b31m \x1b]52;c;x\x07 \u202etxt\u2066 \ud800",
            ),
        )
    }

    text = render_junit(factories.grade_sheet(findings))

    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text
    )
    assert "31m ]52;c;x txt " in text
