"""The command: what it prints, and that the committed file is what it would write."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from unittest import mock

from typer.testing import CliRunner

from authoring.calibration import __main__ as command
from authoring.calibration.measure import Extent
from grader.checks.calibration import FILE, Calibration, load_calibration, to_toml

MEASURED = load_calibration()


def test_the_tables_name_everything_that_was_measured() -> None:
    asked: list[Extent] = []

    def calibrate(extent: Extent, on_stage: Callable[[str], None]) -> Calibration:
        asked.append(extent)
        on_stage("layers")
        return MEASURED

    with mock.patch.object(command, "calibrate", calibrate):
        ran = CliRunner().invoke(command.app, ["--seeds", "7"], env={"COLUMNS": "200"})

    assert ran.exit_code == 0, ran.output
    assert [extent.seeds for extent in asked] == [7]
    for rounding in MEASURED.roundings:
        assert rounding.quantity in ran.output
        assert f"{rounding.greatest:.2g}" in ran.output
    for separation in MEASURED.separations:
        assert separation.name in ran.output


def test_the_committed_file_is_as_the_command_writes_it() -> None:
    text = (resources.files("grader.checks") / FILE).read_text(encoding="utf-8")
    assert text == to_toml(MEASURED)
