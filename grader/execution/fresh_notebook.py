"""The notebook that is run: the cells as handed in, and nothing else of it."""

from __future__ import annotations

from typing import Any

import nbformat

from grader.model.records import Submission


def fresh_notebook(submission: Submission) -> Any:
    """Return the submission's cells with no stored outputs, tags or kernel choice."""
    makers: dict[str, Any] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    cells = []
    for cell in submission.cells:
        fresh = makers[cell.kind](cell.source)
        if cell.part_id:
            fresh.metadata["pset4"] = {"part": cell.part_id}
        cells.append(fresh)
    metadata = {"language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)  # type: ignore[no-untyped-call]
