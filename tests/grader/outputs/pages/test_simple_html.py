"""What students write beside CommonMark is shown, and nothing of it can do anything."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from grader.outputs.pages.markup import markdown_html
from grader.outputs.pages.maths import set_math
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.required_report import ReportPart, ReportSource, build_report
from grader.outputs.pages.scripts import SCRIPTS, faces_for

SCRIPTS_TEXT = (
    "Emoji 😀 🐶 ✅, Korean 안녕하세요, Hindi नमस्ते, Chinese 你好，世界, Japanese こんにちは世界, "
    "Arabic مرحبا, Russian Привет, Vietnamese Tiếng Việt, Polish Zażółć."
)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("H<sub>2</sub>O", "H<sub>2</sub>O"),
        ("<b>b</b> <u>u</u> <kbd>k</kbd>", "<b>b</b> <u>u</u> <kbd>k</kbd>"),
        ("<h2>Title</h2>", "<strong>Title</strong>"),
        ("<table><tr><td>1</td></tr></table>", "<td>1</td>"),
        ("<details><summary>More</summary>x</details>", "<strong>More</strong>x"),
        ('<a href="https://mit.edu">MIT</a>', 'href="https://mit.edu"'),
        ("text[^1]\n\n[^1]: The note.", "text<sup>1</sup>"),
        ("text[^1]\n\n[^1]: The note.", '<div class="footnotes"><sup>1</sup><p>The note.'),
        ("- [ ] open\n- [x] done", '<span class="task">x</span> done'),
    ],
)
def test_simple_html_footnotes_and_task_lists_are_shown(markdown: str, html: str) -> None:
    assert html in markdown_html(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        '<a href="javascript:alert(1)">x</a>',
        '<b onclick="alert(1)">x</b>',
        '<iframe src="https://x"></iframe>',
        '<table style="position:fixed"><tr><td onmouseover="x()">1</td></tr></table>',
        '<a href="data:text/html,x">x</a>',
    ],
)
def test_nothing_of_it_can_do_anything(markdown: str) -> None:
    html = markdown_html(markdown)
    tags = re.findall(r"<[^>]*>", html)
    assert not [tag for tag in tags if re.search(r"script|iframe|on\w+=|style=|data:", tag)], html


def test_tags_without_end_and_without_number_nest_no_deeper_than_a_page_can_be_set() -> None:
    html = markdown_html("<b>" * 5000 + "x" + "</i></b>" * 3)
    assert html.count("<b>") <= 12
    assert "x" in html
    assert markdown_html("<b>x</b>" * 5000).count("<b>") <= 2000


@pytest.mark.parametrize("markdown", [r"\(a^2\)", r"\[a^2\]", "\\[\na^2\n\\]", "$a^2$"])
def test_formulas_in_all_their_brackets_are_set(markdown: str) -> None:
    html = markdown_html(f"so {markdown} holds")
    assert 'class="math"' in html
    assert 'alt="a^2"' in html


def test_equation_environments_and_code_stay_what_they_are() -> None:
    assert 'class="math"' in markdown_html("\\begin{equation}\ny = x\n\\end{equation}")
    assert r"\(a\)" in markdown_html(r"`\(a\)`")
    assert markdown_html(r"\(").count("img") == 0


def test_a_wide_formula_is_broken_before_its_operators() -> None:
    terms = [f"g_{{{i}}} W_{{m - {i} + p}}" for i in range(30)]
    html = set_math("y = " + " + ".join(terms), display=True)
    assert html.count("math-piece") >= 3
    widths = [float(width) for width in re.findall(r"width:([\d.]+)em", html)]
    assert max(widths) < 46
    assert set_math("y = x", display=True).count("math-piece") == 0
    frac = r"\frac{" + " + ".join(terms) + "}{2}"  # no seam outside of braces: scaled
    assert set_math(frac, display=True).count("math-piece") == 0


def test_fonts_of_other_scripts_ship_and_are_in_a_page_only_where_it_needs_them() -> None:
    faces = faces_for(SCRIPTS_TEXT)
    for script in SCRIPTS:
        wanted = script.family != "Source Sans 3 Polytonic"
        assert (f'"{script.family}"' in faces) == wanted, script.family
    assert "Noto Sans SC" in faces_for("你好")
    assert "Noto Sans JP" not in faces_for("你好")
    assert faces_for("Plain text with ∂, α, ≤ and é.") == ""


@pytest.mark.slow
def test_a_report_sets_them_without_a_word_on_the_console(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    part = ReportPart(id="1a", problem=1, title="T", question="Q", answer=SCRIPTS_TEXT)
    source = ReportSource(title="T", author="A", subtitle="S", problems=((1, "P"),), parts=(part,))
    with caplog.at_level(logging.WARNING):
        html_to_pdf(build_report(source), tmp_path / "report.pdf")
    assert caplog.text == ""
    page = PdfReader(tmp_path / "report.pdf").pages[0]
    found: Any = page["/Resources"]["/Font"]  # type: ignore[index]
    fonts = " ".join(str(f.get_object()["/BaseFont"]) for f in found.values())
    for name in ("Noto-Sans-KR", "Noto-Sans-JP", "Noto-Sans-SC", "Noto-Sans-Arabic", "Noto-Emoji"):
        assert name in fonts, fonts
    assert "DejaVu" not in fonts
