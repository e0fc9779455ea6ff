"""What nbclient is given of a kernel's messages, and what counts towards the caps; no kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.execution.breaches import Breach
from grader.execution.unpacking import MOST_BYTES
from grader.model.records import Limits
from tests.grader.execution.fake_kernel import FakeKernel

SMALL = Limits(output_mib_per_cell=0.01, output_mib=0.02)
SHOWN = {"data": {"text/plain": "x"}, "metadata": {}, "transient": {"display_id": "d"}}


def breach(kernel: FakeKernel) -> Breach | None:
    return kernel.run._breaches._first


def shown(text: str) -> dict[str, Any]:
    return {**SHOWN, "data": {"text/plain": text}}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {"name": "stdout", "text": "\ud800x"}),
        ("stream", {"name": "\ud800", "text": "x"}),
        ("display_data", {"data": {"text/plain": "\ud800", "image/png": "\udfff"}, "metadata": {}}),
        ("display_data", {"data": {"\ud800": "x"}, "metadata": {}}),
        ("display_data", {"data": {}, "metadata": {"\ud800": {"\ud800": "\ud800"}}}),
        (
            "execute_result",
            {"data": {"text/plain": "\ud800"}, "metadata": {}, "execution_count": 3},
        ),
        ("error", {"ename": "\ud800", "evalue": "\ud800", "traceback": ["\ud800", "x"]}),
        ("display_data", {"data": {"application/json": [float("nan"), 10**400]}, "metadata": {}}),
        ("execute_input", {"code": "x", "execution_count": 10**400}),
        ("execute_input", {"code": "x", "execution_count": {"a": [1]}}),
    ],
)
def test_no_text_or_number_keeps_the_notebook_from_being_written(
    kind: str, content: dict[str, Any], tmp_path: Path
) -> None:
    kernel = FakeKernel(tmp_path)
    assert kernel.hear(kind, content) in {"heard", "ended"}
    kernel.end()
    text = (tmp_path / "executed.ipynb").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


def test_half_a_pair_is_shown_as_a_replacement_character(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path)
    assert kernel.hear("stream", {"name": "stdout", "text": "a\ud800b"}) == "heard"
    assert kernel.notebook.cells[0].outputs[0].text == "a\ufffdb"


def test_an_output_that_is_changed_later_counts_again(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path, limits=SMALL)
    kernel.hear("display_data", SHOWN)
    for number in range(8):
        kernel.hear("update_display_data", shown(f"{number}" * 4000))
    found = breach(kernel)
    assert found is not None
    assert (found.name, found.fatal) == ("OutputLimit", False)
    assert len(str(kernel.notebook.cells[0].outputs)) < 5000


def test_a_display_of_too_many_bytes_costs_its_cell_and_not_the_run(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path)
    assert kernel.hear("display_data", shown("x" * MOST_BYTES)) == "heard"
    found = breach(kernel)
    assert found is not None
    assert (found.name, found.fatal) == ("OutputLimit", False)
    assert kernel.notebook.cells[0].outputs == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("display_data", {"data": {"text/plain": ["a", 1]}, "metadata": {}}),
        ("display_data", {"data": {"image/png": 5}, "metadata": {}}),
        ("display_data", {}),
        ("update_display_data", {"transient": {"display_id": "d"}}),
        ("stream", {"name": 7, "text": [1]}),
        ("error", {"ename": {}, "evalue": None, "traceback": 5}),
        ("execute_result", {"data": [], "metadata": 3}),
        ("status", {}),
    ],
)
def test_what_is_no_output_of_a_notebook_is_left_out_and_the_run_goes_on(
    kind: str, content: dict[str, Any], tmp_path: Path
) -> None:
    kernel = FakeKernel(tmp_path)
    kernel.hear("display_data", SHOWN)
    assert kernel.hear(kind, content) == "heard"
    assert kernel.hear("stream", {"name": "stdout", "text": "on"}) == "heard"
    notes = [note.message for note in kernel.end().notes]
    assert [kind in note for note in notes] == [True]
    assert [one.output_type for one in kernel.notebook.cells[0].outputs][-1] == "stream"


def test_types_that_come_to_nothing_are_counted_and_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kernel = FakeKernel(tmp_path, limits=Limits(messages=3))
    caplog.clear()
    for kind in ("comm_open", "shutdown_reply", "x" * 10_000, "input_request"):
        assert kernel.hear(kind, {"execution_count": "x"}) == "heard"
    assert caplog.records == []
    found = breach(kernel)
    assert found is not None
    assert found.fatal


def test_of_a_reply_only_short_text_is_kept(tmp_path: Path) -> None:
    kernel = FakeKernel(tmp_path)
    kernel.reply({"status": "error", "ename": ["x"] * 10_000, "evalue": "\ud800" * 10_000, "x": 1})
    assert set(kernel.client.reply) == {"status", "ename", "evalue"}
    assert max(map(len, kernel.client.reply.values())) <= 2000
    kernel.reply([])
    assert kernel.client.reply["status"] == ""
