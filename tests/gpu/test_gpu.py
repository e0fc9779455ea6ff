"""The script for GPUs, where there is none: it says so; and no check takes the others along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from authoring.calibration.networks import CPU
from tests.gpu.__main__ import main
from tests.gpu.rounding import rounding
from tests.gpu.rows import Row, rows_of


def test_without_a_gpu_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main([]) == 0
    assert "No GPU: torch finds none on this machine. Nothing was run." in capsys.readouterr().out


def test_a_name_that_is_no_check_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "rounding,spead"])
    assert ended.value.code == 2
    assert "found 'spead'" in capsys.readouterr().err


def test_what_a_check_raises_is_a_row() -> None:
    def check() -> Iterator[Row]:
        yield Row(what="one", found="1")
        raise RuntimeError("CUDA error:\n out of memory")

    rows = list(rows_of("box", check))
    assert [row.what for row in rows] == ["one", "box", "box: time"]
    assert (rows[1].found, rows[1].ok) == ("RuntimeError: CUDA error: out of memory", False)


def test_rounding_is_held_against_the_tolerances_of_the_checks() -> None:
    rows = list(rounding("studio-narrow", CPU[:1]))
    assert [row.ok for row in rows] == [True] * 4
    assert rows[0].what == "pretrained on the corgi, 1 thread: greatest error of a logit"
    assert float(rows[0].found) > 0
