"""LaTeX to SVG pictures at the text's size and on its baseline, with the LaTeX as words.

The time that the setter takes doubles with each level of nesting, and the text may come from a
student, so each formula has a cost that is counted before it is set; one that costs too much, or
that cannot be set, stays as code. The count does not look at a clock: same text, same page.
"""

from __future__ import annotations

import base64
import re
import warnings
from functools import lru_cache

from markupsafe import Markup, escape

with warnings.catch_warnings():  # it finds its font by a call that Python 3.11 deprecates
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziamath.zmath import Latex

MAX_COST = 3000
"""Largest cost of one formula, see `cost` (about 1 s on a slow core)."""
MAX_COST_PER_TEXT = 8000
"""Largest cost of all formulas of one text; our own longest answer has 900."""
_SIZE_PX = 20.0
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

    What cannot be set, or would take too long, comes back as escaped code.
    """
    body = _set(latex.strip(), display)
    if body is None:
        body = Markup('<code class="math">{}</code>').format(latex.strip())
    return Markup('<span class="math-block">{}</span>').format(body) if display else body


@lru_cache(maxsize=2048)
def _set(latex: str, display: bool) -> Markup | None:
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
    return Markup(
        '<img class="math" alt="{}" style="{}" src="data:image/svg+xml;base64,{}">'
    ).format(escape(latex), style, encoded)
