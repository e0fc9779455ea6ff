"""What the kernel says is checked before it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks import evidence_reader, probes_of
from grader.execution.collector import Collector, StepProgress
from grader.kernel.channel import MIME
from grader.model.assignment import load_assignment
from grader.model.records import Outcome
from grader.testing import cell_run

OPEN = {"run": "run1", "function": "", "class_id": None, "weights": "", "in_features": None}
PROBE = next(p for p in probes_of(load_assignment(), 1) if p.probe_id == "conv1d_forward")
IMAGE = np.ones((1, 3, 4, 4), np.float32)


def message(
    kind: str, body: dict[str, Any], nonce: str = "n", **arrays: np.ndarray
) -> tuple[dict[str, Any], list[bytes]]:
    table = [
        {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
        for name, array in arrays.items()
    ]
    content = {"nonce": nonce, "kind": kind, "body": body, "arrays": table}
    return {"data": {MIME: content}}, [array.tobytes() for array in arrays.values()]


@pytest.fixture
def collector(tmp_path: Path) -> Collector:
    return Collector(folder=tmp_path, nonce="n")


def test_progress_is_handed_on(collector: Collector) -> None:
    sign = collector.feed(*message("progress", {"run": "run1", "step": 5, "total": 200}))
    assert sign == StepProgress(run="run1", step=5, total=200)
    assert collector.problems == []


def test_run_is_put_together(collector: Collector, tmp_path: Path) -> None:
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    step = {"run": "run1", "step": 0}
    collector.feed(*message("run-sample", step, image=IMAGE, gradient=2 * IMAGE))
    collector.feed(*message("run-image", step, image=IMAGE.astype(np.float16)))
    close = {"run": "run1", "steps": 9, "seconds": 1.0, "error": None, "settings": None}
    collector.feed(*message("run-close", close, final=3 * IMAGE))
    assert collector.problems == []
    run = collector.runs["run1"]
    assert (run.error_name, run.error) == ("", "")
    assert (run.steps, len(run.samples), run.images[0][0]) == (9, 1, 0)
    assert run.final is not None
    assert (np.load(tmp_path / run.final.path) == 3).all()


def test_two_images_at_one_step_are_one_file_and_one_record(
    collector: Collector, tmp_path: Path
) -> None:
    """Gradients of several looks are averaged before a step: the step's own image counts."""
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    for step, factor in ((0, 1), (1, 2), (0, 3)):
        body = {"run": "run1", "step": step}
        collector.feed(*message("run-image", body, image=factor * IMAGE))
    images = collector.runs["run1"].images
    read = evidence_reader(tmp_path)
    assert [(step, float(read(image).max())) for step, image in images] == [(0, 3.0), (1, 2.0)]


@pytest.mark.parametrize(
    ("kind", "more"), [("run-sample", {}), ("run-look", {"layer": "fc", "call": 1, "own": True})]
)
def test_what_was_recorded_once_is_not_overwritten(
    collector: Collector, tmp_path: Path, kind: str, more: dict[str, Any]
) -> None:
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    body = {"run": "run1", "step": 0, **more}
    collector.feed(*message(kind, body, image=IMAGE, gradient=IMAGE))
    collector.feed(*message(kind, body, image=IMAGE, gradient=2 * IMAGE))
    run = collector.runs["run1"]
    (kept,) = run.samples or run.looks
    assert float(evidence_reader(tmp_path)(kept.gradient).max()) == 1
    assert "recorded before" in collector.problems[0]


def test_the_exception_that_ended_a_run_has_fields_of_its_own(collector: Collector) -> None:
    collector.feed(*message("run-open", OPEN))
    error = {"name": "NotImplementedError", "message": "to do"}
    close = {"run": "run1", "steps": 0, "seconds": 1.0, "error": error, "settings": None}
    collector.feed(*message("run-close", close))
    assert collector.problems == []
    run = collector.runs["run1"]
    assert (run.error_name, run.error_message) == ("NotImplementedError", "to do")
    assert run.error == "NotImplementedError: to do"


def test_arrays_of_a_reply_share_a_file(collector: Collector, tmp_path: Path) -> None:
    calls = [
        {
            "key": f"case{number}@numpy",
            "form": "numpy",
            "error": None,
            "outputs": [{"name": f"a{number}", "kind": "ndarray"}],
        }
        for number in range(3)
    ]
    collector.asking = PROBE
    body = {"probe": "conv1d_forward", "calls": calls, "used": []}
    collector.feed(*message("probe", body, a0=IMAGE, a1=2 * IMAGE, a2=3 * IMAGE))
    assert collector.problems == []
    assert [path.name for path in tmp_path.iterdir()] == ["probe-conv1d_forward-1.npz"]
    read = evidence_reader(tmp_path)
    references = [value.array for value in collector.replies["conv1d_forward"].values]
    assert [float(read(one).max()) for one in references if one] == [1.0, 2.0, 3.0]


HOSTILE = {
    "wrong nonce": message("note", {"message": "x"}, nonce="guess"),
    "unknown kind": message("grade", {"points": 11}),
    "extra key": message("run-open", {**OPEN, "points": 11}),
    "path in the run's name": message("run-open", {**OPEN, "run": "../../x"}),
    "step of no run": message("run-image", {"run": "run7", "step": 0}, image=IMAGE),
    "unasked reply": message("probe", {"probe": "conv1d_forward", "calls": []}),
    "path in the probe's name": message("probe", {"probe": "../x", "calls": []}),
    "text for a number": message("progress", {"run": "run1", "step": "5", "total": None}),
    "bytes that do not fit": (message("run-open", OPEN, start=IMAGE)[0], [b"123"]),
    "buffers missing": (message("run-open", OPEN, start=IMAGE)[0], []),
    "object dtype": (
        {
            "data": {
                MIME: {
                    "nonce": "n",
                    "kind": "run-open",
                    "body": OPEN,
                    "arrays": [{"name": "start", "dtype": "object", "shape": [1]}],
                }
            }
        },
        [b"12345678"],
    ),
    "negative shape": (
        {
            "data": {
                MIME: {
                    "nonce": "n",
                    "kind": "run-open",
                    "body": OPEN,
                    "arrays": [{"name": "start", "dtype": "uint8", "shape": [-1, -8]}],
                }
            }
        },
        [b"12345678"],
    ),
    "no body": ({"data": {MIME: {"nonce": "n"}}}, []),
    "not even a table": ({"data": {MIME: 3}}, []),
    "no data": ({}, []),
}


@pytest.mark.parametrize(("content", "buffers"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_message_is_dropped_and_noted(
    content: dict[str, Any], buffers: list[bytes], collector: Collector, tmp_path: Path
) -> None:
    assert collector.feed(content, buffers) is None
    assert len(collector.problems) == 1
    assert (collector.runs, collector.replies, collector.models) == ({}, {}, [])
    assert list(tmp_path.iterdir()) == []


def test_second_reply_to_a_probe_is_dropped(collector: Collector) -> None:
    collector.asking = PROBE
    for _ in range(2):
        collector.feed(*message("probe", {"probe": "conv1d_forward", "calls": []}))
    assert "was not asked" in collector.problems[0]


def test_evidence_is_capped(collector: Collector) -> None:
    collector.max_bytes = IMAGE.nbytes
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    collector.feed(*message("run-open", {**OPEN, "run": "run2"}, start=IMAGE))
    assert list(collector.runs) == ["run1"]
    assert "over its cap" in collector.problems[0]
    assert collector.over_cap


def test_messages_are_capped(collector: Collector) -> None:
    collector.max_messages = 1
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    assert not collector.over_cap
    collector.feed(*message("run-open", {**OPEN, "run": "run2"}, start=IMAGE))
    assert list(collector.runs) == ["run1"]
    assert collector.over_cap


def left_out(reason: str = "module", error_name: str = "ModuleNotFoundError") -> dict[str, object]:
    error = {"name": error_name, "message": "No module named 'wandb'"}
    return {"line": 2, "code": "import wandb", "reason": reason, "error": error, "names": ["wandb"]}


def test_a_cell_whose_statements_were_left_out_for_the_machine_waits(tmp_path: Path) -> None:
    collector = Collector(folder=tmp_path, nonce="n", cell_index=3)
    collector.feed(*message("left-out", left_out()))
    collector.feed(*message("leans", {"names": [{"name": "wandb", "left_out": 0}]}))

    run = collector.finished(cell_run(3))

    assert (run.outcome, run.error_name) == (Outcome.NEEDS_HUMAN, "ModuleNotFoundError")
    assert [(one.line, one.reason, one.names) for one in run.left_out] == [
        (2, "module", ("wandb",))
    ]
    assert [(one.name, one.left_out) for one in run.leans_on] == [("wandb", 0)]
    assert collector.finished(cell_run(4)).left_out == ()


def test_a_cell_that_fails_by_itself_stays_failed_beside_what_was_left_out(tmp_path: Path) -> None:
    collector = Collector(folder=tmp_path, nonce="n", cell_index=3)
    collector.feed(*message("left-out", left_out()))

    run = collector.finished(cell_run(3, Outcome.STUDENT_ERROR, "ValueError", "shapes"))

    assert (run.outcome, run.error_name, len(run.left_out)) == (
        Outcome.STUDENT_ERROR,
        "ValueError",
        1,
    )


def test_other_weights_were_had_so_the_cell_itself_passed(tmp_path: Path) -> None:
    collector = Collector(folder=tmp_path, nonce="n", cell_index=3)
    collector.feed(*message("left-out", left_out("weights", "")))
    assert collector.finished(cell_run(3)).outcome is Outcome.PASS
