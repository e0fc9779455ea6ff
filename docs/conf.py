"""Settings of the documentation's generator: `make docs`.

Sphinx reads Markdown by MyST, which is the same parser of CommonMark that the grader uses. What
the pages show lies in this folder or in the theme: no web fonts, no scripts of others' hosts.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

ELSEWHERE = {
    "accuracy": "tests/accuracy/README.md",
    "benchmarks": "tests/benchmarks/README.md",
    "contributing": "CONTRIBUTING.md",
}
"""Pages whose text stands beside the code that it is about."""

FONTS = (
    "source-code-pro-latin-400-normal",
    "source-sans-3-latin-400-italic",
    "source-sans-3-latin-400-normal",
    "source-sans-3-latin-600-normal",
)
"""Of the grader's own pages; `static/site.css` names them."""

project = "Problem Set 4 grader"
author = ""
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True  # with `-W`: a link that leads nowhere ends the build
myst_heading_anchors = 3

html_theme = "furo"
html_title = project
html_static_path = [
    "static",
    *(f"../templates/fonts/{name}.woff2" for name in FONTS),
]
html_css_files = ["site.css"]
html_copy_source = False
html_show_search_summary = False  # it is fetched, which a page without a server may not do
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "native"

_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\(([^()\s#:]+)(#[^()\s]*)?\)")


def setup(app: Sphinx) -> None:
    """Read the text of pages from where it stands, and links as they lead from there."""
    app.connect("source-read", _read)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    path = HERE / f"{name}.md"
    if name in ELSEWHERE:
        path = ROOT / ELSEWHERE[name]
        source[0] = path.read_text(encoding="utf-8")
        app.env.note_dependency(str(path))
    source[0] = _LINK.sub(lambda link: _leading(link, path.parent, HERE / name), source[0])


def _leading(link: re.Match[str], folder: Path, page: Path) -> str:
    """Return a link as it leads in the site; what the site has no page of is named only.

    A path that there is not stays as it is: the build tells it.
    """
    words, to, anchor = link[1], link[2], link[3] or ""
    target = (folder / to).resolve()
    inside = {ROOT / path: HERE / f"{name}.md" for name, path in ELSEWHERE.items()}
    target = inside.get(target, target)
    if not target.exists():
        return link[0]
    if not target.is_relative_to(HERE):
        return words
    return f"[{words}]({os.path.relpath(target, page.parent)}{anchor})"
