"""Exit statuses of the `grader` command."""

from __future__ import annotations

from authoring.reference_pages.markdown import code, page, table
from grader.app.exit_status import ExitStatus
from grader.outputs.schema import field_docs


def exit_statuses_page() -> str:
    """Return the page."""
    docs = field_docs(ExitStatus)
    rows = ((code(str(one.value)), docs[one.name]) for one in ExitStatus)
    return page(
        "Exit statuses",
        "`grader/app/exit_status.py`",
        "The same for every command of `grader` and `pset4-check`.",
        table(("status", "meaning"), rows),
    )
