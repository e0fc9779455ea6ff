"""The notebook as handed in against our run of it: what is said, and what is not."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.records import Note
from grader.model.text import one_line
from grader.reading.notebook_outputs import CellOutputs, read_cell_outputs
from grader.reading.output_text import PrintedNumber, comparable_lines, in_features_printed
from grader.reading.seeded import seeded_cells
from grader.reading.stored_outputs import (
    PRINTED_ATOL,
    compare_with_rerun,
    numbers_agree,
)
from tests import factories


def cell(index: int = 0, text: str = "", source: str = "show(x)", **changes: Any) -> CellOutputs:
    """A cell that was run in its place."""
    made = CellOutputs(
        index=index,
        source=source,
        execution_count=index + 1,
        text=text,
        error="",
        traceback="",
        pictures=0,
        outputs=int(bool(text)),
    )
    return replace(made, **changes)


def compared(stored: str, ours: str, source: str = "show(x)") -> list[str]:
    notes = compare_with_rerun([cell(text=stored, source=source)], [cell(text=ours, source=source)])
    return codes(notes)


def codes(notes: Sequence[Note]) -> list[str]:
    assert not any(note.for_student for note in notes)
    return [note.code for note in notes]


# -- by the file alone ----------------------------------------------------------------------------


def test_a_notebook_run_from_top_to_bottom_has_no_note() -> None:
    cells = [cell(i, "Pembroke: 0.9975") for i in range(5)]
    assert compare_with_rerun(cells, cells) == ()
    assert compare_with_rerun([], cells) == ()
    assert compare_with_rerun([cell(source="  ")], cells) == ()


def test_a_notebook_that_was_never_run() -> None:
    handed_in = [cell(i, execution_count=None) for i in range(3)]
    notes = compare_with_rerun(handed_in, [cell(i, "1") for i in range(3)])
    assert codes(notes) == ["stored-not-run"]
    assert "was not run before it was submitted: 3 code cells" in notes[0].message


def test_cells_that_were_not_run_are_named() -> None:
    handed_in = [cell(0), cell(1, execution_count=None), cell(2)]
    notes = compare_with_rerun(handed_in, handed_in)
    assert codes(notes) == ["stored-cells-not-run"]
    assert "1 of 3 code cells" in notes[0].message
    assert "cell 2." in notes[0].message


def test_outputs_without_counts() -> None:
    handed_in = [cell(i, "5", execution_count=None) for i in range(2)]
    assert codes(compare_with_rerun(handed_in, handed_in)) == ["stored-no-counts"]


@pytest.mark.parametrize(
    ("counts", "astray"),
    [
        ([1, 2, 3], []),
        ([4, 9, 30], []),
        ([1, 2, 40, 3, 4], [(3, 40)]),
        ([10, 11, 2, 12], [(3, 2)]),
        ([5, 5], [(1, 5)]),
        ([3, 2, 1], [(1, 3), (2, 2)]),
    ],
)
def test_cells_run_out_of_order(counts: list[int], astray: list[tuple[int, int]]) -> None:
    handed_in = [cell(i, execution_count=count) for i, count in enumerate(counts)]
    notes = compare_with_rerun(handed_in, handed_in)
    assert codes(notes) == (["stored-out-of-order"] if astray else [])
    for number, count in astray:
        assert f"cell {number} (count {count})" in notes[0].message


@given(st.lists(st.integers(0, 30), max_size=12))
def test_order_is_told_exactly_where_counts_do_not_rise(counts: list[int]) -> None:
    handed_in = [cell(i, execution_count=count) for i, count in enumerate(counts)]
    rises = all(a < b for a, b in pairwise(counts))
    assert (codes(compare_with_rerun(handed_in, handed_in)) == []) == rises


TRACEBACK = """---------------------------------------------------------------------------
NameError                                 Traceback (most recent call last)
<ipython-input-40-8d1e> in <module>
      1 starting_image = torch.ones(3)
----> 2 features = model_layers(model, layer_id)

NameError: name 'model_layers' is not defined"""


def test_a_cell_edited_after_its_error() -> None:
    failed = cell(error="NameError", traceback=TRACEBACK, source="features = model_layer(model, 0)")
    notes = compare_with_rerun([failed], [cell()])
    assert codes(notes) == ["stored-edited", "stored-other-end"]
    assert "was submitted with NameError and runs without an error here" in notes[1].message
    same = replace(failed, source="starting_image\nfeatures = model_layers(model, layer_id)")
    assert codes(compare_with_rerun([same], [same])) == []


def test_a_cell_that_fails_only_here() -> None:
    notes = compare_with_rerun([cell(text="1")], [cell(error="CudaError")])
    assert codes(notes) == ["stored-other-end"]
    assert "had no error when it was submitted and stops with CudaError here" in notes[0].message


# -- text and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "ours"),
    [
        ("Pembroke: 0.9975", "Pembroke: 0.9975"),
        ("Pembroke: 0.99", "Pembroke: 0.9975"),
        ("tensor(0.9975, device='cuda:0', grad_fn=<MaxBackward1>)", "tensor(0.9971)"),
        ("Using cuda:0, Tesla T4", "Using cpu"),
        ("GPU: True", "GPU: False"),
        ("100%|██████████| 200/200 [00:04<00:00, 43.8it/s]\nok", "ok"),
        ("HBox(children=(FloatProgress(value=0.0, max=200.0)))", ""),
        ("took 12.3 seconds", "took 99.1 seconds"),
        ("done in 12.3 s", "done in 240 s"),
        ("CPU times: user 3 s, total: 4 s\nWall time: 4 s", ""),
        ("<function f at 0x7f1a2b3c4d5e>", "<function f at 0x7fffffff0000>"),
        ("at 0x7f1a2b3c4d5e now", "at 0x7f0000000000 now"),
        ("/usr/lib/x.py:3: UserWarning: deprecated", ""),
        ("torch 1.8.1+cu101", "torch 2.15.0"),
        ("saved WelshCorgi.jpeg", ""),
        ("Downloading: http://x.org/a.pt", ""),
        ("Requirement already satisfied: torch", ""),
        ("Mounted at /content/drive", ""),
        (
            "Linear(in_features=2048, out_features=1000)",
            "Linear(in_features=256, out_features=1000)",
        ),
        (
            "  (conv1): Conv2d(3, 64, kernel_size=(7, 7))",
            "  (conv1): Conv2d(3, 8, kernel_size=(7, 7))",
        ),
        ("l2 distance 30.0", "l2 distance 29.97"),
        ("distance 132.2", "distance 136.0"),
        ("5.67e-09", "2.1e-05"),
        ("", "new text"),
        ("a\rb", "b"),
    ],
)
def test_what_runs_elsewhere_explain_is_not_said(stored: str, ours: str) -> None:
    assert compared(stored, ours) == []


@pytest.mark.parametrize(
    ("stored", "ours", "code"),
    [
        ("Pembroke: 0.9975", "Pembroke: 0.42", "stored-numbers"),
        ("l2 distance 132.2", "l2 distance 284.0", "stored-numbers"),
        ("class 145", "class 282", "stored-numbers"),
        ("(1, 1000)", "(2, 1000)", "stored-numbers"),
        ("Linear(in_features=512, out_features=9)", "Linear(in_features=2048, out_features=9)",
         "stored-numbers"),
        ("tiger cat 0.99", "king penguin 0.99", "stored-stale"),
        ("the answer", "", "stored-stale"),
        ("nan", "0.5", "stored-stale"),
    ],
)  # fmt: skip
def test_what_they_do_not_explain_is_said(stored: str, ours: str, code: str) -> None:
    assert compared(stored, ours) == [code]


@pytest.mark.parametrize(
    "cut",
    [
        "Streaming output truncated to the last 5000 lines.",
        "Output exceeds the size limit. Open the full output data in a text editor",
        "Output is truncated. View as a scrollable element or open in a text editor.",
        "IOPub data rate exceeded.",
    ],
)
def test_a_viewer_that_cut_the_stored_output_is_not_taken_for_the_notebook(cut: str) -> None:
    assert compared(cut, "") == []
    assert compared(f"{cut}\nloss 0.5", "loss 0.5") == []


def test_prints_nothing_is_said_only_where_nothing_is_printed() -> None:
    said = compare_with_rerun([cell(text="done")], [cell(text="100%|####| 3/3 [00:01]")])
    assert "prints nothing" not in said[0].message
    said = compare_with_rerun([cell(text="done")], [cell(text="")])
    assert "prints nothing" in said[0].message


def test_the_sentence_quotes_both_sides() -> None:
    notes = compare_with_rerun([cell(7, "p = 0.9975")], [cell(7, "p = 0.42")])
    assert 'cell 8 shows "p = 0.9975", our run 0.42 for 0.9975' in notes[0].message
    many = [cell(i, "0.1") for i in range(9)]
    other = [cell(i, "0.9") for i in range(9)]
    notes = compare_with_rerun(many, other)
    assert len(notes) == 1
    assert "cell 4 shows" in notes[0].message
    assert "cell 5 shows" not in notes[0].message
    assert "and 5 more" in notes[0].message


def test_equal_lines_are_compared_in_their_order() -> None:
    assert compared("p 0.1\np 0.9", "p 0.1\np 0.9") == []
    assert compared("p 0.1\np 0.9", "p 0.9\np 0.1") == ["stored-numbers"]


@given(st.floats(-1e6, 1e6, allow_nan=False), st.floats(-1, 1, allow_nan=False), st.integers(0, 6))
def test_rounding_of_what_is_printed_is_no_difference(x: float, shift: float, places: int) -> None:
    one = comparable_lines(f"{x:.{places + 1}f}")[0].numbers[0]
    other = comparable_lines(f"{x + shift * PRINTED_ATOL:.{places + 1}f}")[0].numbers[0]
    assert numbers_agree(one, other)


def test_whole_numbers_must_be_equal() -> None:
    def whole(value: int) -> PrintedNumber:
        return comparable_lines(str(value))[0].numbers[0]

    assert numbers_agree(whole(1000), whole(1000))
    assert not numbers_agree(whole(1000), whole(1001))


@given(st.text(max_size=300))
def test_any_text_is_compared_with_itself_in_peace(text: str) -> None:
    assert compared(text, text) == []
    in_features_printed(text)


HOSTILE = ["9" * 19_000 + "x", "1.1." * 5000, "<" * 20_000, "0x" + "f" * 19_000]


@pytest.mark.parametrize("text", HOSTILE, ids=["digits", "dots", "brackets", "address"])
def test_hostile_text_is_read_in_no_time(text: str) -> None:
    assert compared(text, text) == []


# -- seeds ----------------------------------------------------------------------------------------

UNTRAINED = "model = models.resnet50()"
TRAINED = "model = models.resnet50(pretrained=True)"
PREDICT = "output = model(batch)\nprint(output.max())"


@pytest.mark.parametrize(
    ("sources", "seeded"),
    [
        (["batch = prepare(img)", TRAINED, PREDICT], set()),
        (["batch = prepare(img)", UNTRAINED, PREDICT], {1, 2}),
        (["model = models.__dict__['resnet50']()", PREDICT], {0, 1}),
        (["model = models.resnet50(weights=None)", PREDICT], {0, 1}),
        ([UNTRAINED, PREDICT, TRAINED, PREDICT], {0, 1}),
        (["x = torch.rand(3)", "y = 1", "print(x)", "print(y)"], {0, 2}),
        (["x = torch.rand(3)", "x = f(x)", "print(x)"], {0, 1, 2}),
        (["x = torch.rand(3)", "x = prepare(img)\nx = f(x)", "print(x)"], {0}),
        (["x = torch.rand(3)\nfor i in range(3):\n    x = step(x)", "loss = x.sum()"], {0, 1}),
        (["x = torch.rand(3)", "for t in (1, 2):\n    x = start.clone()\n    print(f(x))"], {0}),
        (["def draw():\n    return torch.rand(3)", "y = draw()", "print(y)"], {1, 2}),
        (["import random", "x = random.random()"], {0, 1}),
        (["torch.manual_seed(0)", TRAINED], set()),
        (["%matplotlib inline\n!pip install x", "x = torch.randn(3)"], {1}),
        (["x = (", "torch.rand("], {1}),
    ],
)
def test_cells_that_depend_on_a_seed(sources: list[str], seeded: set[int]) -> None:
    assert seeded_cells(sources) == seeded


def test_numbers_of_a_seed_are_not_compared() -> None:
    sources = ["x = torch.rand(3)", "print(x)", "print(y)"]
    handed_in = [cell(i, "0.1", source) for i, source in enumerate(sources)]
    ours = [cell(i, "0.9", source) for i, source in enumerate(sources)]
    notes = compare_with_rerun(handed_in, ours)
    assert codes(notes) == ["stored-numbers"]
    assert "cell 3 shows" in notes[0].message
    assert "cell 2 shows" not in notes[0].message


# -- files ----------------------------------------------------------------------------------------


def stored(path: Path, outputs: list[Any], **changes: Any) -> CellOutputs:
    raw = {**factories.code_cell("show(x)"), "outputs": outputs, **changes}
    path.write_bytes(factories.notebook_bytes([factories.markdown_cell("# Title"), raw]))
    (found,) = read_cell_outputs(path)
    return found


def test_outputs_of_a_file(tmp_path: Path) -> None:
    picture = {"image/png": "aGk=", "text/plain": "<Figure size 640x480>"}
    found = stored(
        tmp_path / "x.ipynb",
        [
            {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
            {"output_type": "stream", "name": "stderr", "text": "a warning"},
            {"output_type": "display_data", "data": picture},
            {"output_type": "execute_result", "data": {"text/plain": ["\x1b[31m0.5\x1b[0m"]}},
            {"output_type": "error", "ename": "NameError", "traceback": ["\x1b[0;31mline", "x"]},
        ],
        execution_count=12,
    )
    assert found == CellOutputs(
        index=1,
        source="show(x)",
        execution_count=12,
        text="one\ntwo\n0.5",
        error="NameError",
        traceback="line\nx",
        pictures=1,
        outputs=5,
    )


@pytest.mark.parametrize(
    "outputs",
    [
        ["x", 3, None, []],
        [{"output_type": "stream", "text": 5}],
        [{"output_type": "display_data", "data": "x"}],
        [{"output_type": "error", "ename": None, "traceback": {"a": 1}}],
        [{"text": [1, 2]}],
    ],
)
def test_malformed_outputs_hold_nothing(tmp_path: Path, outputs: list[Any]) -> None:
    found = stored(tmp_path / "x.ipynb", outputs, execution_count="many")
    assert (found.text, found.execution_count, found.pictures) == ("", None, 0)


def test_files_that_are_no_notebooks(tmp_path: Path) -> None:
    path = tmp_path / "x.ipynb"
    assert read_cell_outputs(path) == ()
    for data in (b"", b"[]", b"{", json.dumps({"nbformat": 4, "cells": 5}).encode()):
        path.write_bytes(data)
        assert read_cell_outputs(path) == ()


def test_loops_within_loops_take_no_time() -> None:
    """Each is followed twice, so thirty of them would be followed a thousand million times."""
    nested = (
        "".join("    " * depth + "for i in x:\n" for depth in range(30)) + "    " * 30 + "y = 1"
    )
    started = time.perf_counter()

    assert seeded_cells([nested, f"{nested} + torch.rand(1)"]) == {1}
    assert time.perf_counter() - started < 5


def test_what_a_sentence_quotes_is_words() -> None:
    """Printed lines and names of exceptions may spell escape codes and directions of writing."""
    spelt = "loss \x1b]52;c;aGk=\x07 \u202e 0.5"
    notes = compare_with_rerun([cell(text=spelt)], [cell(text=spelt.replace("0.5", "0.9"))])
    assert notes
    assert all(one_line(note.message) == note.message for note in notes)
