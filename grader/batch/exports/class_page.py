"""`staff.html` of a class: how far it is, how it did, and who needs a person.

It names students, so it lies in the class's own folder and nowhere else. It fetches nothing, and
its one script, which sorts and filters the table, is named by its digest in the page's policy: no
other can run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from grader.batch.exports.class_view import class_view
from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow, Roster
from grader.model.assignment import Assignment
from grader.outputs.pages.render import TEMPLATES, render_page

CLASS_PAGE = "staff.html"
"""Name of the page in the class's folder."""


def render_class_page(
    rows: Sequence[ClassRow],
    roster: Roster,
    assignment: Assignment,
    files: Sequence[str] = (),
    *,
    problems: Sequence[str] = (),
) -> str:
    """Return the page; see `class_view` for the arguments."""
    view = class_view(rows, roster, assignment, files, problems=problems)
    script = (TEMPLATES / "class.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return render_page(
        "class.html.j2",
        "feedback",
        "class",
        view=view,
        script=Markup(script),  # noqa: S704 -- our own file
        script_sha256=f"sha256-{digest}",
    )


def write_class_page(
    rows: Sequence[ClassRow],
    roster: Roster,
    assignment: Assignment,
    folder: Path,
    files: Sequence[str] = (),
    *,
    problems: Sequence[str] = (),
) -> Path:
    """Write the page into the class's folder, whole or not at all; return its path.

    Raises:
        ConfigError: it cannot be written.
    """
    path = folder / CLASS_PAGE
    write_whole(path, render_class_page(rows, roster, assignment, files, problems=problems))
    return path
