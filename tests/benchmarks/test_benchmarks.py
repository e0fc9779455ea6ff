"""What benchmarks are made of, without their measuring: what they read, reckon, and change."""

from __future__ import annotations

import ast
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from authoring.samples import build_notebook
from grader.app.batch_terminal import _Lines
from grader.batch.run.keys import todays_keys
from grader.model.assignment import load_assignment
from tests.benchmarks import cost, record, scale
from tests.benchmarks.cost import Kind
from tests.benchmarks.record import Row
from tests.benchmarks.timed_batch import _GRADE, stricter
from tests.benchmarks.whole import with_backward
from tests.grader.batch.store.test_store import RUN

MEASURED = {
    "batch": {"with pdf": 1.0},
    "profile": {"seconds": 180.0, "cells": 160.0},
    "scale": {"rate": 20.0, "large rate": 10.0},
}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of results, as of a machine with two cores."""
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(record, "PAGE", tmp_path / "README.md")
    for name, numbers in MEASURED.items():
        told: dict[str, Any] = {"date": "", "machine": "", "rows": [], "details": ""}
        told |= {"cores": 2, "numbers": numbers}
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    return tmp_path


def test_cost_is_seconds_times_cores_times_prices(results: Path) -> None:
    layers, complete, gpu = cost.kinds(gpu_step_ms=10)
    assert layers.core_seconds == 2
    assert complete.core_seconds == 360
    assert (gpu.gpu_seconds, gpu.core_seconds) == (14, 2 * 20 + 14)
    table = cost.table([Kind(name="it", core_seconds=36, gpu_seconds=3.6)], 0.1, 5)
    lines = {line[:36].strip(): line[36:].strip() for line in table.splitlines()}
    assert lines["1,000: core-hours"] == "10.0"
    assert lines["1,000: GPU-hours"] == "1.0"
    assert lines["1,000: dollars"] == "6.00"
    assert lines["100,000: days, 64 cores, one GPU"] == f"{100 / 24:.2f}"
    cost.main([])
    page = (results / "README.md").read_text()
    assert "assumed: 0.04 $ a core-hour" in page
    assert "about 40 busy workers of one core" in page


def test_cost_says_which_benchmark_has_not_run(results: Path) -> None:
    (results / "profile.json").unlink()
    with pytest.raises(SystemExit, match=r"run `python -m tests\.benchmarks profile` first"):
        cost.main([])


def test_the_page_says_how_long_it_takes(results: Path) -> None:
    record.save("speed", [Row(what="it", bar="", found="1 s", reached=None)])
    record.note_minutes("speed", 2.4)
    record.note_minutes("batch", 9.2)
    record.note_minutes("isolation", 3.0)  # keeps nothing
    page = (results / "README.md").read_text()
    assert "Minutes that they took: batch 9, speed 2; together 12." in page


def test_a_simulation_without_room_is_refused(tmp_path: Path) -> None:
    scale.refuse_without_room(tmp_path, 1)
    with pytest.raises(SystemExit, match=r"expected 1048576 GiB free .* ask for fewer --tasks"):
        scale.refuse_without_room(tmp_path, 2**50)


def test_lines_of_grades_are_told_from_all_others() -> None:
    console = Console(file=StringIO(), width=200)
    lines = _Lines(console)
    lines.stage("grading")
    lines.begin(3, 0)
    lines.done("ada", RUN, 2.5, 0.5)
    lines.judged("bob", 2.0, 2.5)
    lines.judged("eve", 2.0, 2.0)
    lines.stage("pdfs")
    lines.begin(1, 0)
    lines.written("ada")
    said = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert sum(bool(_GRADE.match(line)) for line in said) == 3, said


def test_judging_again_is_by_an_offering_that_can_be_used(tmp_path: Path) -> None:
    made, usual = load_assignment(str(stricter(tmp_path / "stricter"))), load_assignment()
    assert made.name == "stricter"
    assert made.credit["conv_forward"]["even_kernel"] < usual.credit["conv_forward"]["even_kernel"]
    assert todays_keys(made, "studio").judge != todays_keys(usual, "studio").judge
    assert todays_keys(made, "studio").evidence == todays_keys(usual, "studio").evidence


def test_every_gradient_of_the_notebook_is_by_backward() -> None:
    before = [cell.source for cell in build_notebook("course_form").cells]
    after = [with_backward(source) for source in before]
    assert sum("loss.backward()" in source for source in after) == 4
    assert not any("autograd.grad(" in source for source in after)
    for old, new in zip(before, after, strict=True):
        if old != new:
            ast.parse(new)
