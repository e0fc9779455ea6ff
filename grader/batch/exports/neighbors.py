"""Links from each student's staff page to the class's, and to the students before and after.

Pages of students are made one by one, and the class grows; so the links are set when it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

from grader.batch.exports.class_page import CLASS_PAGE
from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError

_START, _END = "<!--neighbors-->", "<!--/neighbors-->"
"""Around the links in a staff page; no text of others can hold them, for it is escaped."""


def link_neighbors(rows: Sequence[ClassRow], results: Path) -> tuple[str, ...]:
    """Set the links of every staff page of a class; return a sentence per page where it failed."""
    names = [row.kerberos for row in sorted(rows, key=lambda row: row.kerberos)]
    names = [name for name in names if (results / name / "staff.html").is_file()]
    problems = []
    for (before, name), (_, after) in pairwise(pairwise(("", *names, ""))):
        page = ResultFolder(root=results / name).staff_html
        try:
            _set(page, _links(name, before, after))
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            problems.append(f"{name}: its staff page has no links to the others: {error}")
    return tuple(problems)


def _links(name: str, before: str, after: str) -> str:
    links = [_link(f"../{CLASS_PAGE}#student-{quote(name, safe='')}", "Class")]
    if before:
        links.append(_link(f"../{quote(before, safe='')}/staff.html", f"Previous: {before}"))
    if after:
        links.append(_link(f"../{quote(after, safe='')}/staff.html", f"Next: {after}"))
    return " ".join(links)


def _link(address: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, escape(words))


def _set(page: Path, links: str) -> None:
    """Set the links; a page without a place for them, of an older template, is left alone."""
    text = page.read_text(encoding="utf-8")
    head, start, rest = text.partition(_START)
    old, end, tail = rest.partition(_END)
    if start and end and old != links:
        write_whole(page, f"{head}{start}{links}{end}{tail}")
