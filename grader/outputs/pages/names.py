"""Which files are made of a grade sheet."""

from __future__ import annotations

from grader.model.resources import templates

_FOR_STAFF = ("staff.html", "grades.toml")
PDF = "feedback.pdf"
PAGES = (
    "feedback.html",
    PDF,
    *(_FOR_STAFF if (templates() / "staff.html.j2").is_file() else ()),
)
"""What is made of a sheet, in this order; the student package has no page for staff."""
WITHOUT_PDF = tuple(page for page in PAGES if page != PDF)
"""The same without what takes most of the time."""
