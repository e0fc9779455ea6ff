"""What the kernel says is checked before it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks import evidence_reader, probes_of
from grader.execution.collector import MOST_BOUND, MOST_SHIMS, REFUSED, Collector, StepProgress
from grader.execution.statements import MOST_LEFT_OUT
from grader.kernel.bounds import MAX_MODELS, MAX_PREDICTIONS, MAX_RUNS
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


def test_two_images_at_one_step_are_one_record(collector: Collector, tmp_path: Path) -> None:
    """Gradients of several looks are averaged before a step: the step's own image counts."""
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    for step, factor in ((0, 1), (1, 2), (0, 3), (0, 4)):
        body = {"run": "run1", "step": step}
        collector.feed(*message("run-image", body, image=factor * IMAGE))
    images = collector.runs["run1"].images
    read = evidence_reader(tmp_path)
    assert [(step, float(read(image).max())) for step, image in images] == [(0, 3.0), (1, 2.0)]
    assert "recorded before" in collector.problems[0]


def test_plotted_values_are_kept_with_their_cell(collector: Collector, tmp_path: Path) -> None:
    collector.cell_index = 4
    values = np.array([[0.25, 0.75]])
    collector.feed(*message("plotted", {}, values=values))
    collector.feed(*message("plotted", {}, values=values[0]))
    collector.feed(*message("plotted", {}))
    (kept,) = collector.plotted
    assert kept.cell_index == 4
    assert (evidence_reader(tmp_path)(kept.values) == values).all()
    assert len(collector.problems) == 2


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


PICTURE = np.zeros((1, 3, 8, 8), np.float16)
CLOSE = {"run": "run1", "steps": 9, "seconds": 1.0, "error": None, "settings": None}
SETTINGS = {"step_size": 1.0, "eps_l2": None, "normalised": True, "norm": "l2"}
STEP = {"run": "run1", "step": 0}
LOOK = {"run": "run1", "step": 0, "layer": "fc", "call": 1, "own": True}
MODEL = {"weights": "", "in_features": 2048}
PREDICTION = {"weights": "", "training": False}
SCORES = np.zeros((1, 1000), np.float32)

BEYOND = {
    "seconds that are no number": message("run-close", {**CLOSE, "seconds": float("nan")}),
    "seconds without end": message("run-close", {**CLOSE, "seconds": float("inf")}),
    "seconds before the start": message("run-close", {**CLOSE, "seconds": -1.0}),
    "step without end": message(
        "run-close", {**CLOSE, "settings": {**SETTINGS, "step_size": float("inf")}}
    ),
    "radius without end": message(
        "run-close", {**CLOSE, "settings": {**SETTINGS, "eps_l2": float("-inf")}}
    ),
    "class of 400 digits": message("run-open", {**OPEN, "run": "run2", "class_id": 10**400}),
    "half a surrogate pair": message(
        "run-close", {**CLOSE, "error": {"name": "\ud800", "message": ""}}
    ),
    "features below zero": message("model", {**MODEL, "in_features": -1}),
    "one channel": message("run-image", STEP, image=PICTURE[:, :1]),
    "five channels": message("run-image", STEP, image=np.zeros((1, 5, 8, 8), np.float32)),
    "a picture without pixels": message("run-image", STEP, image=PICTURE[:, :, :0]),
    "a batch of none": message("run-image", STEP, image=PICTURE[:0]),
    "a picture of three dimensions": message("run-image", STEP, image=PICTURE[0]),
    "a picture of whole numbers": message("run-image", STEP, image=PICTURE.astype(np.int64)),
    "2000 pixels": message("run-image", STEP, image=np.zeros((1, 3, 2000, 2000), np.float16)),
    "no picture": message("run-image", STEP),
    "no direction": message("run-sample", STEP, image=PICTURE),
    "an array that nobody asked for": message("run-image", STEP, image=PICTURE, other=PICTURE),
    "an array where there is none": message("note", {"message": "x"}, image=PICTURE),
    "a step that is not recorded": message("run-image", {**STEP, "step": 4}, image=PICTURE),
    "a direction that is not recorded": message(
        "run-sample", {**STEP, "step": 1}, image=PICTURE, gradient=PICTURE
    ),
    "a look that is not recorded": message(
        "run-look", {**LOOK, "step": 1}, image=PICTURE, gradient=PICTURE
    ),
    "scores of one dimension": message("model", MODEL, fingerprint=SCORES[0]),
    "a million scores": message("model", MODEL, fingerprint=np.zeros((1000, 1000), np.float32)),
    "scores for nothing": message("prediction", PREDICTION, logits=SCORES),
}


@pytest.mark.parametrize(("content", "buffers"), BEYOND.values(), ids=BEYOND)
def test_what_is_beyond_the_bounds_is_dropped_and_noted(
    content: dict[str, Any], buffers: list[bytes], collector: Collector, tmp_path: Path
) -> None:
    collector.feed(*message("run-open", OPEN))
    run = collector.runs["run1"]
    assert collector.feed(content, buffers) is None
    assert len(collector.problems) == 1
    assert collector.runs == {"run1": run}
    assert (collector.models, collector.predictions) == ([], [])
    assert list(tmp_path.iterdir()) == []
    collector.problems[0].encode()


def test_a_run_of_1000_pixels_is_kept(collector: Collector) -> None:
    large = np.zeros((1, 3, 1000, 1000), np.float32)
    collector.feed(*message("run-open", OPEN, start=large))
    collector.feed(*message("run-sample", STEP, image=large, gradient=large.astype(np.float16)))
    collector.feed(*message("run-close", CLOSE, final=large))
    assert collector.problems == []
    assert collector.runs["run1"].final is not None


TWICE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "run-open": (OPEN, {}),
    "run-sample": (STEP, {"image": PICTURE, "gradient": PICTURE}),
    "run-look": (LOOK, {"image": PICTURE, "gradient": PICTURE}),
    "run-close": (CLOSE, {"final": PICTURE}),
}


@pytest.mark.parametrize("kind", TWICE)
def test_what_was_told_stays_as_it_is(kind: str, collector: Collector, tmp_path: Path) -> None:
    body, arrays = TWICE[kind]
    if kind != "run-open":
        collector.feed(*message("run-open", OPEN))
    collector.feed(*message(kind, body, **arrays))
    before = collector.runs["run1"]
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert collector.problems == []
    collector.feed(*message(kind, body, **{name: array + 1 for name, array in arrays.items()}))
    assert len(collector.problems) == 1
    assert collector.runs == {"run1": before}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize("kind", ["run-image", "run-sample", "run-look"])
def test_nothing_belongs_to_a_run_that_has_ended(kind: str, collector: Collector) -> None:
    collector.feed(*message("run-open", OPEN))
    collector.feed(*message("run-close", CLOSE))
    before = collector.runs["run1"]
    arrays: dict[str, Any] = {"image": PICTURE} if kind == "run-image" else TWICE["run-look"][1]
    collector.feed(*message(kind, LOOK if kind == "run-look" else STEP, **arrays))
    assert collector.runs["run1"] == before
    assert "not under way" in collector.problems[0]


def test_runs_predictions_and_networks_are_counted_on_the_host(collector: Collector) -> None:
    for number in range(1100):
        collector.feed(*message("run-open", {**OPEN, "run": f"run{number}"}))
        collector.feed(*message("model", MODEL))
        collector.feed(*message("prediction", PREDICTION, input=PICTURE, logits=SCORES))
    assert len(collector.runs) == MAX_RUNS
    assert len(collector.models) == MAX_MODELS
    assert len(collector.predictions) == MAX_PREDICTIONS
    assert not collector.over_cap


def test_one_array_is_not_kept_as_the_result_of_many_calls(
    collector: Collector, tmp_path: Path
) -> None:
    collector.asking = PROBE
    output = {"name": "a", "kind": "ndarray"}
    call = {"form": "numpy", "error": None, "outputs": [output]}
    calls = [{"key": f"case{number}@numpy", **call} for number in range(2)]
    collector.feed(*message("probe", {"probe": "conv1d_forward", "calls": calls}, a=IMAGE))
    assert collector.replies == {}
    assert list(tmp_path.iterdir()) == []


def test_pictures_along_the_way_leave_room_for_beginnings_and_ends(collector: Collector) -> None:
    collector.max_bytes = 4 * PICTURE.nbytes
    for number in (1, 2):
        run = {"run": f"run{number}"}
        collector.feed(*message("run-open", {**OPEN, **run}, start=PICTURE))
        collector.feed(*message("run-image", {**STEP, **run}, image=PICTURE))
    collector.feed(*message("run-close", CLOSE, final=PICTURE))
    assert not collector.over_cap
    assert [len(run.images) for run in collector.runs.values()] == [1, 0]
    assert collector.runs["run1"].final is not None
    assert "run2: pictures along the way are not kept any more" in collector.problems[0]


def test_names_and_statements_of_a_run_are_counted(collector: Collector) -> None:
    for _ in range(2000):
        collector.feed(*message("left-out", left_out()))
        collector.feed(*message("bound", {"names": ["x"] * 64}))
        collector.feed(*message("shim", {"name": f"shim {len(collector.shims)}"}))
    assert len(collector.statements.left_out[-1]) == MOST_LEFT_OUT
    assert len(collector.bound) <= MOST_BOUND
    assert len(collector.shims) == MOST_SHIMS


def test_a_disk_that_is_full_is_not_the_notebooks_fault(collector: Collector) -> None:
    collector.folder.rmdir()
    with pytest.raises(OSError, match="run1-start"):
        collector.feed(*message("run-open", OPEN, start=IMAGE))


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


def test_what_is_sent_in_vain_is_capped_too(collector: Collector) -> None:
    collector.max_bytes = IMAGE.nbytes
    for _ in range(REFUSED):
        collector.feed(*message("model", {"weights": "", "in_features": 1}, fingerprint=IMAGE))
    assert not collector.over_cap
    collector.feed(*message("model", {"weights": "", "in_features": 1}, fingerprint=IMAGE))
    assert collector.over_cap
    assert collector.models == []


def test_pictures_for_which_there_is_no_room_stop_nothing(collector: Collector) -> None:
    collector.max_bytes = 2 * IMAGE.nbytes
    collector.feed(*message("run-open", OPEN, start=IMAGE))
    for step in range(3 * REFUSED):
        collector.feed(*message("run-image", {"run": "run1", "step": step}, image=IMAGE))
    assert not collector.over_cap


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

    run = collector.statements.finished(cell_run(3))

    assert (run.outcome, run.error_name) == (Outcome.NEEDS_HUMAN, "ModuleNotFoundError")
    assert [(one.line, one.reason, one.names) for one in run.left_out] == [
        (2, "module", ("wandb",))
    ]
    assert [(one.name, one.left_out) for one in run.leans_on] == [("wandb", 0)]
    assert collector.statements.finished(cell_run(4)).left_out == ()


def test_a_cell_that_fails_by_itself_stays_failed_beside_what_was_left_out(tmp_path: Path) -> None:
    collector = Collector(folder=tmp_path, nonce="n", cell_index=3)
    collector.feed(*message("left-out", left_out()))

    run = collector.statements.finished(cell_run(3, Outcome.STUDENT_ERROR, "ValueError", "shapes"))

    assert (run.outcome, run.error_name, len(run.left_out)) == (
        Outcome.STUDENT_ERROR,
        "ValueError",
        1,
    )


def test_other_weights_were_had_so_the_cell_itself_passed(tmp_path: Path) -> None:
    collector = Collector(folder=tmp_path, nonce="n", cell_index=3)
    collector.feed(*message("left-out", left_out("weights", "")))
    assert collector.statements.finished(cell_run(3)).outcome is Outcome.PASS
