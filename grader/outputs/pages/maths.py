"""LaTeX to SVG pictures at the text's size and on its baseline, with the LaTeX as words.

The time that the setter takes doubles with each level of nesting, and the text may come from a
student, so each formula has a cost that is counted before it is set; one that costs too much, or
that cannot be set, stays as code. The count does not look at a clock: same text, same page.
"""

from __future__ import annotations

import base64
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from grader.outputs.pages import quicker_math  # noqa: F401 -- makes the setter quicker

with warnings.catch_warnings():  # it finds its font by a call that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziamath.zmath import Latex

MAX_COST = 3000
"""Largest cost of one formula, see `cost` (about 1 s on a slow core)."""
MAX_COST_PER_TEXT = 8000
"""Largest cost of all formulas of one text; our own longest answer has 900."""
WIDEST_EM = 44.0
"""Widest formula that is shown in one line, in the text's size; a page of a report has 46."""
INDENT_EM = 4.0
"""Room in a line for its indentation, and for the space that an operator has within a formula."""
MOST_SEAMS = 80
"""A formula of more pieces is scaled."""
_SIZE_PX = 20.0
_OPENING = frozenset({"{", "\\left", "\\begin", "(", "["})
_CLOSING = frozenset({"}", "\\right", "\\end", ")", "]"})
_OPERATORS = frozenset(
    {"=", "+", "-", "\\approx", "\\le", "\\leq", "\\ge", "\\geq", "\\Rightarrow", "\\to"}
    | {"\\Longrightarrow", "\\quad", "\\qquad", "\\sim", "\\propto", "\\cdot", "\\times"}
)
_SEAM = re.compile(r"\\[a-zA-Z]+|\\.|[{}()\[\]=+-]", re.DOTALL)
_NESTING = re.compile(r"\\(?:left|right|begin|end)(?![a-zA-Z])|\\.|[{}]", re.DOTALL)
_VIEW_BOX = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')

_REWRITES = (
    (re.compile(r"\\operatorname\*?\{arg(?:\\[,;: ]|~| )*(max|min)\}"), r"\\arg\1 "),
    (re.compile(r"\\mathop(?![a-zA-Z])"), ""),
    (re.compile(r"\\(?:nonumber|notag)(?![a-zA-Z])|\\label\{[^{}]*\}"), ""),
)
"""What the setter would drop or spell wrongly, in a form that it knows."""


def cost(latex: str) -> int:
    """Return the characters of a formula, each counted 2 to the power of its depth."""
    depth, total, last = 0, 0, 0
    for match in _NESTING.finditer(latex):
        total += (match.start() - last) << min(depth, 30)
        last = match.start()
        token = match[0]
        if token in {"{", "\\left", "\\begin"}:
            depth += 1
        elif token in {"}", "\\right", "\\end"}:
            depth = max(depth - 1, 0)
    return total + ((len(latex) - last) << min(depth, 30))


def set_math(latex: str, *, display: bool = False) -> Markup:
    """Return a formula as a picture in the line (or, with `display`, in a block of its own).

    One that is wider than a page is broken before its operators. What cannot be set, or would take
    too long, comes back as escaped code.
    """
    text = latex.strip()
    whole = _set(text, display)
    if whole is None:
        body = Markup('<code class="math">{}</code>').format(text)
    elif whole.width_em > WIDEST_EM:
        body = _broken(text, whole, display=display)
    else:
        body = whole.html
    return Markup('<span class="math-block">{}</span>').format(body) if display else body


def _broken(latex: str, whole: _Picture, *, display: bool) -> Markup:
    """Return a wide formula in pieces that fit; as it is, to be scaled, where it has no seams."""
    parts = _seams(latex)[:MOST_SEAMS]
    widths = [_set(part.strip(), display) for part in parts]
    if any(one is None for one in widths) or "".join(parts) != latex:
        return whole.html
    pieces, filled = [""], 0.0
    for part, one in zip(parts, widths, strict=True):
        width = one.width_em if one is not None else 0.0
        if pieces[-1] and filled + width > WIDEST_EM - INDENT_EM:
            pieces.append("")
            filled = 0.0
        pieces[-1] += part
        filled += width
    made = [_set(piece.strip(), display) for piece in pieces]
    shown = [one.html for one in made if one is not None]
    if len(shown) < len(pieces) or len(pieces) == 1:
        return whole.html
    if not display:
        return Markup(" ").join(shown)
    return Markup().join(Markup('<span class="math-piece">{}</span>').format(one) for one in shown)


def _seams(latex: str) -> list[str]:
    """Return a formula cut before each operator that stands in no braces or brackets."""
    cuts, depth = [0], 0
    for match in _SEAM.finditer(latex):
        token = match[0]
        if token in _OPENING:
            depth += 1
        elif token in _CLOSING:
            depth -= 1
        elif (
            depth == 0 and token in _OPERATORS and latex[: match.start()].rstrip()[-1:] not in "^_"
        ):
            cuts.append(match.start())
    return [latex[start:end] for start, end in zip(cuts, [*cuts[1:], len(latex)], strict=True)]


@dataclass(frozen=True, slots=True)
class _Picture:
    """A formula that was set."""

    html: Markup
    width_em: float


@lru_cache(maxsize=2048)
def _set(latex: str, display: bool) -> _Picture | None:
    if not latex or cost(latex) > MAX_COST:
        return None
    try:
        known = latex
        for pattern, put in _REWRITES:
            known = pattern.sub(put, known)
        svg = Latex(known, size=_SIZE_PX, inline=not display).svg()
    except Exception:  # noqa: BLE001 -- the setter has no error of its own; its text is not ours
        return None
    box = _VIEW_BOX.search(svg)
    if box is None:
        return None
    _, top, width, height = (float(value) / _SIZE_PX for value in box.groups())
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    style = f"width:{width:.3f}em;vertical-align:{-(top + height):.3f}em"
    html = Markup(
        '<img class="math" alt="{}" style="{}" src="data:image/svg+xml;base64,{}">'
    ).format(escape(latex), style, encoded)
    return _Picture(html=html, width_em=width)
