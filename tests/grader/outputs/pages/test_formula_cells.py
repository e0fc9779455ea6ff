"""A formula cell that can be read is set as a formula; one that cannot stays as it was written."""

from __future__ import annotations

from grader.outputs.pages.markup import markdown_html

CELL = "```formula\np = (k-1)//2\nout[n] = sum(j, 0, k-1, W[j]*x[n-j+p])\n```"


def test_a_formula_cell_is_set_line_by_line() -> None:
    html = str(markdown_html(f"Answer\n\n{CELL}\n\n$x$"))

    assert html.count('class="math-block"') == 2
    assert r"\sum_{j=0}^{k - 1} W[j] \, x[n - j + p]" in html
    assert "<pre" not in html


def test_one_that_cannot_be_read_and_other_code_stay_as_they_are() -> None:
    html = str(markdown_html("```formula\nout[n] = 2 <b>x</b>\n```\n\n```python\nx = 1\n```"))

    assert "math-block" not in html
    assert "out[n] = 2 &lt;b&gt;x&lt;/b&gt;" in html
    assert html.count('<pre class="code">') == 2
