"""results.json and its schema say the same."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from grader.model.assignment import load_assignment
from grader.model.records import (
    ArrayRef,
    Bar,
    BarsExhibit,
    CurveExhibit,
    GradeSheet,
    ImageExhibit,
    Outcome,
    Shim,
    StemExhibit,
)
from grader.model.records.codec import from_json, to_json
from grader.outputs.schema import SCHEMA_PATH, results_schema
from tests import factories

SCHEMA = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def full_sheet() -> GradeSheet:
    """A sheet in which every kind of record occurs."""
    array = ArrayRef(path="a.npy", sha256=factories.SHA, dtype="float32", shape=(1, 3, 2, 2))
    exhibits = (
        ImageExhibit(label="yours", array=array, normalised=True),
        ImageExhibit(label="reference", array=None, normalised=False, reference_file="r.png"),
        CurveExhibit(
            title="t",
            x_label="step",
            y_label="log-probability",
            yours_x=(0.0, 1.0),
            yours_y=(0.0, 1.0),
            reference_x=(0.0,),
            reference_y=(1.0,),
        ),
        StemExhibit(title="g", measured=(1.0,), expected=(1.0,), tolerance=1e-5, worst=0),
        BarsExhibit(title="after", bars=(Bar(class_id=76, name="tarantula", probability=1.0),)),
    )
    finding = factories.finding(
        "targeted_attack",
        Outcome.PARTIAL,
        measurements=(factories.measurement(),),
        exhibits=exhibits,
        evidence_ids=("run0",),
    )
    return factories.grade_sheet(
        {"4a": (finding,)},
        notes=(factories.note(),),
        facts=factories.run_facts(shims=(Shim(name="cuda-to-cpu", why="There is no GPU."),)),
    )


def as_json(sheet: GradeSheet) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(to_json(sheet))
    return made


def test_the_committed_schema_is_current() -> None:
    assert results_schema() == SCHEMA, "run `python -m grader.outputs.schema`"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sheet", [factories.grade_sheet(), full_sheet()], ids=["plain", "full"])
def test_a_sheet_fits_and_comes_back(sheet: GradeSheet) -> None:
    VALIDATOR.validate(as_json(sheet))
    assert from_json(GradeSheet, to_json(sheet), where="results.json") == sheet


def test_every_field_is_documented_and_required() -> None:
    for definition in (SCHEMA, *SCHEMA["$defs"].values()):
        assert definition["description"]
        if definition["type"] == "object":
            assert set(definition["required"]) == set(definition["properties"])
            assert all(entry["description"] for entry in definition["properties"].values())


def test_what_other_programs_read_is_at_the_top() -> None:
    found = as_json(factories.grade_sheet())

    assert found["schema_version"] == "1.0"
    assert {"kerberos", "course", "late_coefficient", "total", "max_total"} <= set(found)
    assert [part["id"] for part in found["parts"]] == [p.id for p in load_assignment().parts]
    assert {"id", "title", "points", "max_points", "outcome", "message", "findings"} <= set(
        found["parts"][0]
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [("total", None), ("total", "11"), ("course", 6.8), ("schema_version", "2.0"), ("x", 1)],
)
def test_what_does_not_fit_is_refused(key: str, value: Any) -> None:
    broken = copy.deepcopy(as_json(factories.grade_sheet()))
    broken[key] = value

    assert not VALIDATOR.is_valid(broken)


def test_a_missing_key_is_refused() -> None:
    broken = as_json(factories.grade_sheet())
    del broken["parts"][0]["outcome"]

    assert not VALIDATOR.is_valid(broken)
