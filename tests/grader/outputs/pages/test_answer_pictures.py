"""Pictures of written answers: pasted into cells, files of the zip; never anything active."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.outputs.pages import markup
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.markup import markdown_html
from grader.outputs.pages.picture_process import decode_apart
from grader.outputs.pages.pictures import MAX_SIDE, answer_data_uri, decode
from reference.errors import ConfigError
from tests.factories import code_cell, markdown_cell, notebook


def picture(side: int = 4, kind: str = "PNG", **save: object) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.full((side, 2 * side, 3), 90, np.uint8)).save(sink, kind, **save)
    return sink.getvalue()


def attached(*names: str, mime: str = "image/png", data: object = None) -> dict[str, object]:
    """A markdown cell with pasted pictures; the n-th is 2 (n + 1) pixels wide."""
    cell = markdown_cell("an answer")
    cell["attachments"] = {
        name: {
            mime: base64.b64encode(picture(n + 1)).decode() if data is None else data,
        }
        for n, name in enumerate(names)
    }
    return cell


@pytest.fixture
def own(tmp_path: Path) -> AnswerPictures:
    (tmp_path / "work/fig").mkdir(parents=True)
    (tmp_path / "work/fig/local.png").write_bytes(picture())
    (tmp_path / "work/two.png").write_bytes(picture())
    (tmp_path / "two.png").write_bytes(picture())
    (tmp_path / "top.jpg").write_bytes(picture(kind="JPEG"))
    (tmp_path / "notes.txt").write_text("<svg onload=alert(1)>")
    (tmp_path / "secret.png").symlink_to("/etc/passwd")
    cells = [
        code_cell("x = 1"),
        attached("image.png", "scan 1.png"),
        attached("image.png", mime="image/svg+xml", data="PHN2Zz4="),
        attached("image.png", data=["iVBOR", 7]),
        attached("image.png", data="%%%"),
    ]
    (tmp_path / "work/pset4.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    return AnswerPictures(tmp_path, "work/pset4.ipynb")


@pytest.mark.parametrize(
    "written",
    [
        "![a](attachment:2/image.png)",
        "![a](attachment:2/scan%201.png)",
        '<img src="attachment:2/image.png" width=300 onerror="alert(1)">',
        "<center><img alt='a' src='attachment:2/image.png'/></center>",
        "![a](fig/local.png)",
        "![a](./fig/../fig/local.png)",
        '<img src="fig/local.png">',
        "![a](/content/drive/My%20Drive/pset4/local.png)",
        "![a](../top.jpg)",
        "![a](top.jpg)",
        "![a](two.png)",
        "![a][ref]\n\n[ref]: fig/local.png",
    ],
)
def test_pasted_and_zipped_pictures_are_shown_in_safe_form(
    written: str, own: AnswerPictures
) -> None:
    html = markdown_html(written, own)

    assert re.findall(r'<img [^>]*src="(data:image/[a-z]+;base64,)', html) == [
        "data:image/png;base64,"
    ]
    assert "onerror" not in html
    assert "picture not shown" not in html


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("![a](attachment:missing.png)", "missing.png is not attached to its cell"),
        ("![a](attachment:2/missing.png)", "a: it is not in the notebook"),
        ("![a](attachment:99/image.png)", "it is not in the notebook"),
        ("![a](attachment:1/image.png)", "it is not in the notebook"),
        ("![a](attachment:3/image.png)", "only PNG, JPEG, GIF, and WebP are"),
        ("![a](attachment:4/image.png)", "picture not shown"),
        ("![a](attachment:5/image.png)", "picture not shown"),
        ("![a](gone.png)", "gone.png is not in the submission"),
        ("![a](../../../../etc/passwd)", "is not in the submission"),
        ("![a](secret.png)", "is not in the submission"),
        ("![a](../notes.txt)", "expected a picture"),
        ("![a](https://example.org/a.png)", "https://example.org/a.png is not in the submission"),
        ("![a](//example.org/a.png)", "is not in the submission"),
        ("<img src=x onerror=alert(1)>", "x is not in the submission"),
        ("<img>", "picture not shown"),
    ],
)
def test_a_picture_that_is_not_shown_is_named_with_the_reason(
    written: str, why: str, own: AnswerPictures
) -> None:
    html = markdown_html(written, own)

    assert "<img" not in html
    assert "<em>[picture not shown: " in html
    assert why in html
    assert why == "picture not shown" or "picture not shown" in markdown_html(written)


def test_tags_that_only_lay_out_are_left_out_and_code_keeps_its_own() -> None:
    html = markdown_html('<p align="center">one<br>two</p> `<br>` and <b>three</b>')
    assert html == "<p>one<br>\ntwo <code>&lt;br&gt;</code> and <b>three</b></p>\n"


def test_a_photo_is_shown_upright_and_no_larger_than_a_page_needs() -> None:
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    noise = np.random.default_rng(0).integers(0, 256, (300, 4000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(sink, "JPEG", exif=exif, quality=60)

    pixels = decode(sink.getvalue(), where="photo")

    assert pixels.shape == (MAX_SIDE, round(300 * MAX_SIDE / 4000), 3)
    assert answer_data_uri(pixels).startswith("data:image/jpeg;base64,")
    assert answer_data_uri(pixels[:4, :4]).startswith("data:image/png;base64,")


def test_many_pictures_of_one_text_are_bounded(
    own: AnswerPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "MAX_IMAGES", 3)
    html = markdown_html("![a](attachment:2/image.png)\n\n" * 5, own)
    assert html.count("<img") == 3
    assert html.count("only the first 3 of a text are") == 2


def test_a_picture_of_too_many_pixels_is_refused() -> None:
    decode_apart.cache_clear()
    sink = io.BytesIO()
    Image.new("1", (9000, 9000)).save(sink, "PNG")
    with pytest.raises(ConfigError, match="at most 64 million pixels"):
        decode_apart(sink.getvalue(), where="scan")
