"""Gradescope's results.json, against what its documentation says of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

from grader.model.records import ArrayRef, ImageExhibit, Outcome
from grader.outputs import gradescope_pictures
from grader.outputs.gradescope_pictures import MOST_BYTES, MOST_OF_A_PART, SIDE_PX, part_pictures
from grader.outputs.gradescope_results import (
    Shown,
    render_refused,
    render_results,
    render_unfinished,
)
from tests import factories

_VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
_TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "max_score": {"type": "number"},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string"},
        "name_format": _FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "tags": {"type": "array"},
        "visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
    },
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "integer", "minimum": 1},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": _TEST},
        "leaderboard": {"type": "array"},
    },
}


def results(shown: Shown | None = None, **changes: Any) -> dict[str, Any]:
    findings = {
        "1a": (factories.finding("conv_forward", Outcome.FAIL),),
        "4c": (factories.finding("prose", Outcome.NEEDS_HUMAN),),
    }
    sheet = factories.grade_sheet(findings, **changes)
    found: dict[str, Any] = json.loads(render_results(sheet, shown or Shown(), 12.3))
    jsonschema.validate(found, SCHEMA)
    return found


def test_a_test_per_part_and_no_score_for_what_waits() -> None:
    found = results()
    tests = {test["number"]: test for test in found["tests"]}
    assert list(tests) == [part.id for part in factories.ASSIGNMENT.parts]
    assert tests["1a"]["score"] == 0.0
    assert not {"score", "max_score", "status"} & tests["4c"].keys()
    assert tests["4c"]["name"].endswith("waits for grading")
    assert tests["4f"]["max_score"] == 0  # a bonus is on top
    scores = [test["score"] for test in tests.values() if "score" in test]
    assert abs(found["score"] - sum(scores)) < 1e-3
    assert "leaderboard" not in found


def test_the_late_coefficient_is_in_every_score_or_in_none() -> None:
    late = factories.lateness(days_late=1, coefficient=0.9)
    full = results()
    applied = results(late=late)
    ignored = results(Shown(late=False), late=late)
    assert abs(applied["score"] - 0.9 * full["score"]) < 1e-3
    assert ignored["score"] == full["score"]
    assert "multiplied by 0.900" in applied["output"]
    assert "do not show it" in ignored["output"]


def test_points_are_shown_when_staff_say() -> None:
    found = results(Shown(visibility="after_published"))
    assert {test["visibility"] for test in found["tests"]} == {"after_published"}
    assert found["visibility"] == "after_published"
    assert found["stdout_visibility"] == "hidden"


def test_pictures_are_small_and_below_their_part(tmp_path: Path) -> None:
    bright = np.full((1, 3, 224, 224), 0.8, dtype=np.float32)
    np.save(tmp_path / "x.npy", bright)
    digest = hashlib.sha256((tmp_path / "x.npy").read_bytes()).hexdigest()
    there = ArrayRef(path="x.npy", sha256=digest, shape=bright.shape, dtype="float32")
    yours = ImageExhibit(label="yours", array=there, normalised=False, caption="a ](http://x)")
    gone = replace(yours, array=replace(there, path="gone.npy"))
    finding = replace(
        factories.finding("targeted_attack", Outcome.PASS), exhibits=(gone, *[yours] * 9)
    )
    sheet = factories.grade_sheet({"4a": (finding,), "4b": (finding,)})
    pictures = part_pictures(sheet, tmp_path)
    assert set(pictures) == {"4a", "4b"}
    found = json.loads(render_results(sheet, Shown(pictures=pictures), 1.0))
    jsonschema.validate(found, SCHEMA)
    (output,) = (test["output"] for test in found["tests"] if test["number"] == "4a")
    shown = re.findall(r"!\[((?:\\.|[^\]\\])*)\]\(data:image/jpeg;base64,([^)]*)\)", output)
    assert len(shown) == MOST_OF_A_PART - 1  # one cannot be read
    with Image.open(io.BytesIO(base64.b64decode(shown[0][1]))) as picture:
        assert picture.size == (SIDE_PX, SIDE_PX)
        assert np.asarray(picture).mean() == pytest.approx(0.8 * 255, abs=2)


def test_pictures_have_a_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).random((1, 3, 224, 224), dtype=np.float32)
    np.save(tmp_path / "x.npy", noise)
    digest = hashlib.sha256((tmp_path / "x.npy").read_bytes()).hexdigest()
    there = ArrayRef(path="x.npy", sha256=digest, shape=noise.shape, dtype="float32")
    yours = ImageExhibit(label="yours", array=there, normalised=False)
    finding = replace(factories.finding("targeted_attack", Outcome.PASS), exhibits=(yours,) * 4)
    sheet = factories.grade_sheet({"4a": (finding,), "4b": (finding,), "4e": (finding,)})
    every = part_pictures(sheet, tmp_path)
    assert len(every) == 3
    assert sum(map(len, every.values())) <= MOST_BYTES
    monkeypatch.setattr(gradescope_pictures, "MOST_BYTES", len(every["4a"]) + 1)
    assert set(part_pictures(sheet, tmp_path)) == {"4a"}


def test_no_text_of_a_student_is_markup_and_no_seed_is_told() -> None:
    message = "<script>x</script> [a](http://x) ![b](http://y)"
    finding = factories.finding("conv_forward", Outcome.FAIL, message=message)
    sheet = factories.grade_sheet({"1a": (finding,)})
    text = render_results(sheet, Shown(), 1.0)
    assert "<script" not in text
    assert "![" not in text
    assert "seed" not in json.loads(text)["extra_data"]


def test_what_cannot_be_graded_has_0_points_and_what_was_not_graded_has_none() -> None:
    refused, unfinished = json.loads(render_refused("no zip")), json.loads(render_unfinished("x"))
    for found in (refused, unfinished):
        jsonschema.validate(found, SCHEMA)
    assert refused["score"] == 0
    assert "score" not in unfinished
