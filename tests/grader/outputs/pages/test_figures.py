from __future__ import annotations

import base64
import hashlib
import io
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grader.model.records import ArrayRef, Bar, BarsExhibit, CurveExhibit, ImageExhibit, StemExhibit
from grader.outputs.pages import pictures, plots, stems, svg
from grader.outputs.pages.figures import Figure, figure_rows
from reference.errors import ConfigError
from tests.grader.outputs.pages.factory import (
    MEAN,
    STD,
    attack_exhibits,
    picture,
    save_array,
    stem_exhibit,
)


def _decoded(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)))


def test_attack_shows_original_yours_difference_reference_then_plots(tmp_path: Path) -> None:
    shown, plotted = figure_rows(attack_exhibits(tmp_path, "4b", side=16), tmp_path)
    assert [column[0].title for column in shown.columns] == [
        "original",
        "yours",
        "difference ×10",
        "reference",
    ]
    assert [[figure.title for figure in column] for column in plotted.columns] == [
        ["before", "after"],
        ["log-probability of the target"],
    ]
    assert all(
        figure.alt for row in (shown, plotted) for column in row.columns for figure in column
    )


def test_plots_of_several_runs_follow_all_pictures(tmp_path: Path) -> None:
    first, second = (attack_exhibits(tmp_path, name, side=8) for name in ("4a", "4b"))
    rows = figure_rows((*first[:2], first[5], *second[:2], second[5]), tmp_path)
    assert [row.kind for row in rows] == ["picture", "picture", "plot"]
    assert [len(row.columns) for row in rows] == [3, 3, 2]


def test_a_picture_of_which_nothing_is_left_has_no_difference(tmp_path: Path) -> None:
    exhibits = tuple(
        ImageExhibit(
            label=label,
            normalised=False,
            array=save_array(tmp_path, f"{label}.npy", np.full((1, 3, 4, 4), value)),
        )
        for label, value in (("original", 0.1), ("yours", 0.9))
    )
    assert len(figure_rows(exhibits, tmp_path)[0].columns) == 2


def test_normalised_arrays_come_back_as_pixels(tmp_path: Path) -> None:
    pixels = picture(3, 16)
    ref = save_array(tmp_path, "x.npy", ((pixels - MEAN) / STD).astype(np.float32))
    back = pictures.load_pixels(ref, tmp_path, normalised=True)
    assert np.allclose(back, pixels[0].transpose(1, 2, 0), atol=1e-6)


def test_difference_is_amplified_around_mid_grey_in_pixel_space(tmp_path: Path) -> None:
    start = np.full((1, 3, 4, 4), 0.4)
    final = start.copy()
    final[0, 0, 1, 2] += 0.02  # red, row 1, column 2
    exhibits = tuple(
        ImageExhibit(label=label, normalised=True, array=save_array(tmp_path, f"{label}.npy", a))
        for label, a in (("original", (start - MEAN) / STD), ("yours", (final - MEAN) / STD))
    )
    ((row),) = figure_rows(exhibits, tmp_path)
    image = _decoded(row.columns[2][0].source)
    assert image[1, 2].tolist() == [179, 128, 128]  # 0.5 + 10 * 0.02 = 0.7
    assert (np.delete(image.reshape(-1, 3), 6, axis=0) == 128).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "0" * 64}, "changed since the run"),
        ({"path": "../outside.npy"}, "below the evidence folder"),
        ({"path": "gone.npy"}, "No such file"),
    ],
)
def test_a_picture_that_cannot_be_trusted_is_not_shown(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    ref = save_array(folder, "x.npy", picture(0, 8))
    (tmp_path / "outside.npy").write_bytes((folder / "x.npy").read_bytes())
    exhibit = ImageExhibit(label="yours", array=replace(ref, **change), normalised=False)
    ((figure,),) = figure_rows((exhibit,), folder)[0].columns
    assert figure.source == ""
    assert words in figure.caption


def test_a_reference_picture_lies_with_the_evidence_or_is_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    (folder / "reference").mkdir(parents=True)
    png = np.zeros((4, 4, 3))
    for path in (folder / "reference" / "4a.png", tmp_path / "4a.png"):
        path.write_bytes(base64.b64decode(pictures.png_data_uri(png).partition(",")[2]))

    def shown(name: str) -> Figure:
        exhibit = ImageExhibit(label="reference", array=None, normalised=False, reference_file=name)
        ((figure,),) = figure_rows((exhibit,), folder)[0].columns
        return figure

    assert shown("reference/4a.png").source == pictures.png_data_uri(png)
    for name, words in (
        ("../4a.png", "below the evidence folder"),
        (str(tmp_path / "4a.png"), "below the evidence folder"),
        ("reference/4b.png", "No such file"),
    ):
        assert shown(name).source == ""
        assert words in shown(name).caption


def test_pickled_arrays_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    digest = hashlib.sha256((tmp_path / "x.npy").read_bytes()).hexdigest()
    ref = ArrayRef(path="x.npy", sha256=digest, dtype="object", shape=(1,))
    with pytest.raises(ConfigError, match="expected an array"):
        pictures.load_pixels(ref, tmp_path, normalised=False)


@pytest.mark.parametrize(
    "shape", [(3, 4, 4), (1, 1, 4, 4), (2, 3, 4, 4), (1, 3, 0, 4), (1, 3, 4, 5000)]
)
def test_only_one_picture_of_three_channels_is_a_picture(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="expected a picture of shape"):
        pictures.to_pixels(np.zeros(shape), normalised=False, where="x")


def test_values_that_are_not_finite_are_grey_or_clipped() -> None:
    array = np.zeros((1, 3, 1, 2))
    array[0, :, 0, 0] = (np.nan, np.inf, -np.inf)
    assert pictures.to_pixels(array, normalised=False, where="x")[0, 0].tolist() == [0.5, 1.0, 0.0]


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-6, 1e6),
    st.integers(2, 8),
)
def test_ticks_are_few_and_inside(low: float, span: float, at_most: int) -> None:
    found = svg.ticks(low, low + span, at_most)
    assert len(found) <= at_most + 1
    assert all(low - span * 1e-6 <= tick <= low + span * (1 + 1e-6) for tick in found)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (-2, "−2"), (0.05, "0.05"), (1e-7, "1e−7"), (250000, "2e5"), (1234.5, "1234")],
)
def test_tick_labels(value: float, shown: str) -> None:
    assert svg.label(value) == shown


def test_text_in_a_plot_is_escaped() -> None:
    bar = Bar(class_id=1, name="<script>", probability=0.5)
    drawn = plots.bars_svg(BarsExhibit(title='"><b>', bars=(bar,)))
    assert "<script>" not in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 7.0])
def test_bars_stay_on_their_axis(value: float) -> None:
    drawn = plots.bars_svg(
        BarsExhibit(title="t", bars=(Bar(class_id=1, name="x", probability=value),))
    )
    widths = [float(width) for width in re.findall(r'<rect[^>]* width="([\d.]+)"', drawn)]
    assert widths
    assert max(widths) <= plots.WIDTH


def test_a_curve_alone_has_no_key_and_no_reference() -> None:
    curve = CurveExhibit(
        title="t", x_label="step", y_label="log p", yours_x=(0.0, 1.0), yours_y=(-3.0, -1.0),
        reference_x=(), reference_y=(),
    )  # fmt: skip
    assert "reference" not in plots.curve_svg(curve)
    both = replace(curve, reference_x=(0.0, 1.0), reference_y=(-3.0, math.nan))
    assert "reference" in plots.curve_svg(both)
    assert "nan" not in plots.curve_svg(both)


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    xs = tuple(map(float, range(5000)))
    curve = CurveExhibit(
        title="t", x_label="", y_label="", yours_x=xs, yours_y=xs, reference_x=(), reference_y=()
    )
    drawn = plots.curve_svg(curve)
    assert drawn.count(",") <= plots.MAX_POINTS + 10
    assert "from 0 at 0 to 4999 at 4999" in drawn


def test_stems_mark_what_lies_outside_the_tolerance() -> None:
    right, wrong = (
        stems.stems_svg(stem_exhibit("t")),
        stems.stems_svg(stem_exhibit("t", wrong=True)),
    )
    assert "<path" not in right
    assert wrong.count("<path") == 1
    assert "greatest residual is 0.4 at index 15, the tolerance is 1e−6" in wrong


def test_stems_of_unequal_length_or_without_values_are_drawn() -> None:
    odd = StemExhibit(title="t", measured=(1.0, math.nan), expected=(), tolerance=0.0, worst=9)
    assert "2 values, 0 expected" in stems.stems_svg(odd)
    assert "nan" not in stems.stems_svg(odd)
