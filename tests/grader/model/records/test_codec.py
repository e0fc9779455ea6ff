"""Every record survives JSON, and what does not fit is one sentence."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from grader.model import records
from grader.model.records import Finding, GradeSheet, Outcome, StemExhibit
from grader.model.records.codec import from_json, load, save, to_json
from reference.errors import ConfigError
from tests import factories

SAMPLES = {
    "Submission": factories.submission(),
    "Evidence": factories.evidence(),
    "GradeSheet": factories.grade_sheet(),
    "Finding": Finding(
        check_id="x",
        outcome=Outcome.PARTIAL,
        credit=0.5,
        message="m",
        exhibits=(
            StemExhibit(title="t", measured=(1.0,), expected=(2.0,), tolerance=0.1, worst=0),
        ),
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_round_trip(name: str) -> None:
    record = SAMPLES[name]
    assert from_json(type(record), to_json(record), where="here") == record


@pytest.mark.parametrize("name", [n for n in records.__all__ if n[0].isupper()])
def test_records_are_frozen_and_documented(name: str) -> None:
    kind = getattr(records, name)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        assert vars(kind)["__dataclass_params__"].frozen
        assert kind.__doc__


def test_nan_does_not_pass_as_a_number() -> None:
    sheet = dataclasses.replace(factories.grade_sheet(), total=math.nan)
    with pytest.raises(
        ConfigError,
        match=r"here: expected a file as the grader writes it, found a problem at total",
    ):
        from_json(GradeSheet, to_json(sheet), where="here")


def test_missing_key_is_named() -> None:
    broken = json.loads(to_json(factories.grade_sheet()))
    del broken["parts"][0]["outcome"]
    with pytest.raises(ConfigError, match=r"parts\.0\.outcome"):
        from_json(GradeSheet, json.dumps(broken), where="here")


def test_save_leaves_no_partial_file(tmp_path: Path) -> None:
    save(factories.grade_sheet(), tmp_path / "results.json")
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert load(GradeSheet, tmp_path / "results.json") == factories.grade_sheet()


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is missing; grade the submission first"):
        load(GradeSheet, tmp_path / "results.json")
