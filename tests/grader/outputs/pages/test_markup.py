from __future__ import annotations

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grader.outputs.pages import markup
from grader.outputs.pages.markup import code_html, inline_markup, markdown_html, plain
from grader.outputs.pages.maths import MAX_COST, cost, set_math


def _png(side: int = 4, comment: str = "") -> str:
    info = PngInfo()
    if comment:
        info.add_text("Comment", comment)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((side, side, 3), np.uint8)).save(buffer, "PNG", pnginfo=info)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](file:///etc/passwd)",
        "![x](file:///etc/passwd)",
        "![x](http://example.org/x.png)",
        "![x](data:image/svg+xml;base64,PHN2Zy8+)",
        "<style>body{background:url(http://example.org)}</style>",
        "<svg onload=alert(1)>",
        "```html\n<script>alert(1)</script>\n```",
        "$\\href{javascript:alert(1)}{x}$",
        "$</code><script>alert(1)</script>$",
        "[ref]: file:///etc/passwd\n\n![y][ref]",
    ],
)
def test_nothing_active_or_fetched_comes_out(text: str) -> None:
    html = markdown_html(text).lower()
    for bad in ("<script", "<svg", "<style", "<iframe", 'href="file', 'href="data', 'href="java'):
        assert bad not in html
    for source in html.split('src="')[1:]:
        assert source.startswith("data:image/")
    assert not any(f"<img {handler}" in html for handler in ("onerror", "onload"))


def test_links_to_pages_stay_and_tell_nobody() -> None:
    html = markdown_html("[paper](https://arxiv.org/abs/1906.09453)")
    assert 'href="https://arxiv.org/abs/1906.09453"' in html
    assert "noreferrer" in html


def test_formulas_are_pictures_with_the_latex_as_words() -> None:
    html = markdown_html(r"so $x_{in}$ and $$\frac{\partial C}{\partial W}$$")
    assert 'alt="x_{in}"' in html
    assert r'alt="\frac{\partial C}{\partial W}"' in html
    assert "vertical-align:-" in html
    assert 'class="math-block"' in html


@pytest.mark.parametrize("latex", [r"\frac{", "&", r"\begin{matrix", "x" * (MAX_COST + 1)])
def test_a_formula_that_cannot_be_set_stays_as_code(latex: str) -> None:
    html = set_math(latex)
    assert html.startswith('<code class="math">')
    assert "<img" not in html


@pytest.mark.parametrize(
    ("written", "same_as"),
    [
        (r"\operatorname*{arg\,max}_{j} x", r"\argmax _{j} x"),
        (r"\operatorname{arg~min} x", r"\argmin  x"),
        (r"\mathop{\mathrm{sign}} x", r"{\mathrm{sign}} x"),
        (r"x = 1 \nonumber", "x = 1"),
    ],
)
def test_what_the_setter_does_not_know_is_said_otherwise(written: str, same_as: str) -> None:
    def drawn(latex: str) -> str:
        return set_math(latex).split("base64,")[1]

    assert drawn(written) == drawn(same_as)


def test_nested_formulas_are_refused_before_they_take_minutes() -> None:
    started = time.perf_counter()
    for latex in (
        r"\frac{1}{1+" * 40 + "x" + "}" * 40,
        "{" * 400,
        r"\left(" * 30 + r"\right)" * 30,
    ):
        assert "<img" not in set_math(latex)
    assert time.perf_counter() - started < 5
    assert cost("x^2") == 3
    assert cost("{x}") > 3


def test_one_text_cannot_hold_endless_formulas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "MAX_COST_PER_TEXT", 7)
    html = markdown_html("$x_1$ $x_2$ $x_3$")
    assert html.count("<img") == 2
    assert '<code class="math">x_3</code>' in html


def test_pictures_are_encoded_anew_without_what_else_was_in_the_file() -> None:
    html = markdown_html(f"![a plot]({_png(comment='hidden-comment')})")
    data = base64.b64decode(html.split("base64,")[1].split('"')[0])
    assert 'alt="a plot"' in html
    assert b"hidden-comment" not in data
    assert Image.open(io.BytesIO(data)).size == (4, 4)


@pytest.mark.parametrize(
    "source", ["data:image/png;base64,AAAA", "data:image/png;base64,%%%", "data:image/svg,x"]
)
def test_a_picture_that_is_none_is_named(source: str) -> None:
    html = markdown_html(f"![x]({source})")
    assert "<img" not in html


def test_headings_of_an_answer_lie_below_the_pages_own() -> None:
    html = markdown_html("# One\n\n###### Six")
    assert "<h4>One</h4>" in html
    assert "<h6>Six</h6>" in html


def test_markers_of_our_own_cannot_be_forged() -> None:
    assert markdown_html("\ue0000\ue001 $x$ \ue0005\ue001").count("<img") == 1


def test_code_is_coloured_by_class_and_escaped() -> None:
    html = code_html("x = '<b>'  # why")
    assert '<span class="c1"># why</span>' in html
    assert "<b>" not in html
    assert "style=" not in html
    assert "<pre" in code_html("<b>", "no-such-language")


def test_plain_drops_colours_and_direction_marks_and_keeps_words() -> None:
    assert plain("\x1b[31mred\x1b[0m\x00 \u202eevil\tü\n") == "red evil\tü\n"


def test_backticks_become_code_only_in_pairs() -> None:
    assert inline_markup("call `f(<x>)`") == "call <code>f(&lt;x&gt;)</code>"
    assert inline_markup("a ` b <i>") == "a ` b &lt;i&gt;"


def test_long_words_are_cut_and_pictures_are_not_words() -> None:
    picture = f"![p]({_png(64)})"
    long = "[" * 3_000_000
    started = time.perf_counter()

    html = markdown_html(f"{picture}\n\n{long}")

    assert "cut here" in html
    assert html.count("<img") == 1
    assert time.perf_counter() - started < 20
    assert "cut here" not in markdown_html("\n\n".join([picture] * 400))


def test_large_pictures_of_one_text_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "MAX_MEGAPIXELS", 12.0)
    html = markdown_html("\n\n".join([f"![p]({_png(2000)})"] * 12))
    assert html.count("<img") == 4
    assert "the pictures before it are too large" in html


@pytest.mark.parametrize("source", ["set-aside-picture-0", "set-aside-picture-99", "x.png"])
def test_the_place_of_a_picture_cannot_be_invented(source: str) -> None:
    assert "<img" not in markdown_html(f"![p]({source})")
