"""Formulas are set quicker, and come out as before."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ziamath import styles
from ziamath.nodes import mnode
from ziamath.nodes.mrow import Mrow
from ziamath.zmath import Latex

from grader.model.resources import templates
from grader.outputs.pages import quicker_math

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CASES = (
    r"\overbrace{\left(\frac{a}{\underbrace{b+c}_{n}}\right)+x}^{y}",
    r"\left[\begin{matrix}a&\left(\frac12\right)\\c&d\end{matrix}\right]",
    r"\widehat{\left(\sum_{i=0}^n\frac{x_i}{2}\right)}",
    r"\left\{\sqrt{\left|\frac{x}{\frac{y}{z}}\right|}\right.",
    r"\overline{(a+\frac{b}{c})}",
    r"\vec{(x)}\rightarrow\frac{\left(\overrightarrow{AB}\right)}{2}",
    r"\underbrace{\left(\frac{\left(\frac{a}{b}\right)}{c}\right)}_{\text{k}}",
    r"\begin{cases}\frac{x}{2} & (x>0)\\0\end{cases}",
    r"\xrightarrow{\left(\frac12\right)}",
    r"f\left(\frac{\partial L}{\partial x_i}\right)^{\left(2\right)}",
    r"\lim_{x\to0}\left(\max_i x_i \middle| \|x\|\right)",
)
GROW = (
    *("({})", r"\left({}\right)", r"\left[{}\right]", r"\left|{}\right|", r"\sqrt{{{}}}"),
    *(r"\overbrace{{{}}}^{{n}}", r"\frac{{{}}}{{2}}", r"x_{{{}}}", r"\sum_{{{}}}^n", "a+{}"),
)


def _of_the_notebook() -> set[str]:
    cells = nbformat.read(templates() / "notebook" / "pset4_sp21.ipynb", as_version=4).cells  # type: ignore[no-untyped-call]
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {one.strip() for one in re.findall(r"\$\$?([^$]+)\$", text)}


def _svg(latex: str, patch: pytest.MonkeyPatch, *, plain: bool = False) -> str:
    with patch.context() as inner:
        if plain:  # as ziamath is without us
            inner.setitem(mnode._node_classes, "mrow", Mrow)
            inner.setattr(mnode.Mnode, "size_px", quicker_math._read_size.__wrapped__)
            inner.setattr(styles, "asdict", dataclasses.asdict)
        return str(Latex(latex, inline=False).svg())


@pytest.mark.parametrize("latex", [*CASES, *sorted(_of_the_notebook())])
def test_pictures_are_the_same_byte_for_byte(latex: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where brackets stretch within braces that stretch."""
    assert _svg(latex, monkeypatch) == _svg(latex, monkeypatch, plain=True)


@given(st.lists(st.sampled_from(GROW), min_size=1, max_size=5))
def test_so_are_pictures_of_nested_formulas(forms: list[str]) -> None:
    """Whatever stands in whatever."""
    latex = "y"
    for form in forms:
        latex = form.format(latex)
    with pytest.MonkeyPatch.context() as patch:
        assert _svg(latex, patch) == _svg(latex, patch, plain=True)


def test_nested_rows_are_not_measured_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setter itself measures a row within a row within a row many times over."""
    measured = []

    def spy(self: Mrow, line: list[Element], **options: Any) -> tuple[float, float]:
        measured.append(self)
        return whole(self, line, **options)

    whole = Mrow._get_height_nostretch
    monkeypatch.setattr(Mrow, "_get_height_nostretch", spy)
    nested = r"\left(" * 6 + "x" + r"\right)" * 6
    _svg(nested, monkeypatch, plain=True)
    before = len(measured)
    measured.clear()
    _svg(nested, monkeypatch)
    assert 0 < len(measured) < before / 4
    measured.clear()
    _svg(r"\frac{a+b}{\sqrt{c}}", monkeypatch)
    assert not measured
