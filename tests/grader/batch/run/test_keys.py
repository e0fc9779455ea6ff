"""A run is done again when, and only when, something that it depends on has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grader.batch.run.keys import RunKey, run_digest
from grader.model.assignment import load_assignment
from grader.model.records import Limits

ASSIGNMENT = load_assignment()
KEY = RunKey(
    zip_sha256="a" * 64,
    zip_name="jdoe.zip",
    kerberos="jdoe",
    course="6.869",
    assignment="b" * 64,
    bundle="studio 1",
    code="0.1.0+c",
    device="auto",
    limits=Limits(),
)


@pytest.mark.parametrize(
    "change",
    [
        {"zip_sha256": "c" * 64},
        {"zip_name": "other.zip"},
        {"kerberos": "other"},
        {"course": "6.819"},
        {"assignment": "c" * 64},
        {"bundle": "studio 2"},
        {"code": "0.1.0+d"},
        {"device": "cpu"},
        {"limits": Limits(cell_timeout_s=1.0)},
    ],
)
def test_every_fact_counts(change: dict[str, Any]) -> None:
    assert replace(KEY, **change).digest() != KEY.digest()
    assert replace(KEY).digest() == KEY.digest()


def test_a_name_that_is_no_text_has_a_key() -> None:
    assert len(replace(KEY, zip_name="\udcff.zip").digest()) == 64


PART = ASSIGNMENT.parts[0]
CHECK = PART.checks[0]
EXPERIMENT = ASSIGNMENT.experiments[0]


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"title": "Other"},
        {"deadline": ASSIGNMENT.deadline + timedelta(days=1)},
        {"late": replace(ASSIGNMENT.late, days=1)},
        {"problems": (replace(ASSIGNMENT.problems[0], points=9.0), *ASSIGNMENT.problems[1:])},
        {"parts": (replace(PART, title="Other", required_for=("6.819",)), *ASSIGNMENT.parts[1:])},
        {
            "parts": (
                replace(PART, checks=(replace(CHECK, weight=9.0), *PART.checks[1:])),
                *ASSIGNMENT.parts[1:],
            )
        },
    ],
)
def test_points_and_dates_only_score_anew(change: dict[str, Any]) -> None:
    assert run_digest(replace(ASSIGNMENT, **change)) == run_digest(ASSIGNMENT)


@pytest.mark.parametrize(
    "change",
    [
        {"experiments": (replace(EXPERIMENT, n_steps=9), *ASSIGNMENT.experiments[1:])},
        {"parts": (replace(PART, anchors=("other",)), *ASSIGNMENT.parts[1:])},
        {"parts": ASSIGNMENT.parts[1:]},
        {"credit": {}},
        {"short_cuts": {}},
        {"course_files": {}},
    ],
)
def test_what_the_checks_use_is_run_again(change: dict[str, Any]) -> None:
    assert run_digest(replace(ASSIGNMENT, **change)) != run_digest(ASSIGNMENT)
