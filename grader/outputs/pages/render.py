"""View records to HTML that needs no other file: styles, fonts and pictures are inside."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.model.records import GradeSheet
from grader.model.resources import templates
from grader.outputs.pages.feedback_view import feedback_page
from grader.outputs.pages.markup import markdown_html, plain
from grader.outputs.pages.scripts import face_rule, faces_for
from grader.outputs.pages.staff_view import NOTHING_BESIDE, Beside, staff_page

TEMPLATES = templates()
"""Templates, stylesheets and fonts of every report."""

_FACES = (
    ("Source Sans 3", 400, "normal", "source-sans-3-latin-400-normal"),
    ("Source Sans 3", 400, "italic", "source-sans-3-latin-400-italic"),
    ("Source Sans 3", 600, "normal", "source-sans-3-latin-600-normal"),
    ("Source Sans 3 Greek", 400, "normal", "source-sans-3-greek-400-normal"),
    ("Source Code Pro", 400, "normal", "source-code-pro-latin-400-normal"),
    ("STIX Symbols", 400, "normal", "stix-two-math-symbols"),
)
_SPECIMEN = Markup(
    """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Specimen</title>
<style>{css}</style></head><body><h1>Problem</h1>{words}</body></html>"""
)
_WORDS = r"""Text, *words*, **points**, `code`, α,
$\frac{\partial L}{\partial x_i} = \sum_j w_j\, y_{i+j}$

| part | points |
|---|---|
| sum | 1.5 |

- item

```python
def f(x):
    return [1.0 * y for y in x]  # same as x
```
"""


def render_feedback_html(sheet: GradeSheet, evidence_dir: Path) -> str:
    """Return the student's feedback page.

    Args:
        sheet: the grades.
        evidence_dir: where the arrays of the evidence lie.
    """
    return render_page("feedback.html.j2", "feedback", report=feedback_page(sheet, evidence_dir))


def render_ungraded_html(sheet: GradeSheet) -> str:
    """Return the feedback page of points by people alone; nothing was run, so it tells of no run.

    Args:
        sheet: what people decided.
    """
    report = replace(feedback_page(sheet, Path()), facts=(), shims=())
    return render_page("feedback.html.j2", "feedback", report=report)


def render_staff_html(
    sheet: GradeSheet, evidence_dir: Path, beside: Beside = NOTHING_BESIDE
) -> str:
    """Return the page for staff: the feedback, and all that students are not shown.

    Args:
        sheet: the grades.
        evidence_dir: where the arrays of the evidence lie.
        beside: what else there is of the submission.
    """
    staff = staff_page(sheet, evidence_dir, beside)
    return render_page("staff.html.j2", "feedback", report=staff.page, staff=staff)


def render_page(template: str, *styles: str, **context: object) -> str:
    """Return a template filled in, with the theme and more stylesheets inside it."""
    page = environment().get_template(template).render(css=_css(*styles), **context)
    faces = faces_for(page)
    return page.replace("<style>", f"<style>{faces}", 1) if faces else page


def prepare() -> None:
    """Compile the templates of pages, and what they import, before they are needed."""
    own = {"feedback.html.j2", "staff.html.j2"}
    known = environment().list_templates(extensions=["j2"])  # the student package has no staff's
    for name in known:
        if name in own or name.startswith(("base.", "partials/")):
            environment().get_template(name)
    _css("feedback")


def specimen() -> str:
    """Return a page of nobody in the styles of feedback, with what most pages have."""
    return _SPECIMEN.format(css=_css("feedback"), words=markdown_html(_WORDS))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return what fills in templates: all that is not markup of ours is escaped."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )


def _clean(value: object) -> object:
    """Keep control characters of other people's text out of the page."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@lru_cache(maxsize=4)
def _css(*names: str) -> Markup:
    """Return the fonts, the theme and stylesheets as one text; no `</style` can be in it."""
    sheets = [(TEMPLATES / f"{part}.css").read_text(encoding="utf-8") for part in ("theme", *names)]
    faces = [face_rule(*face) for face in _FACES]
    return Markup("\n".join([*faces, *sheets]))  # noqa: S704 -- our own files
