"""A cell has one number wherever people read of it: its place among all cells, from 1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.model.assignment import load_assignment
from grader.model.records.codec import to_json
from grader.outputs.junit import render_junit
from grader.outputs.policy import Policy, evaluate
from grader.outputs.summary import render_summary
from grader.pipeline import grade
from tests import factories
from tests.grader.conftest import LAYERS, request_for

NAMED = re.compile(r"\bcells? ([0-9]+)\b", re.IGNORECASE)
UNREADABLE, FAILING = 1, 4
"""Numbers of the cells that have something said about them."""
ROW = re.compile(r"<tr><td>([0-9]+)</td>")
"""Of the staff page's table of cells."""


@pytest.mark.kernel
def test_all_outputs_agree_on_the_number_of_a_cell(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "source": 7},
        factories.markdown_cell("# Text"),
        factories.code_cell(LAYERS),
        factories.code_cell("nobody_defined_this", part_id="4a"),
        factories.code_cell("print('done')"),
    ]
    for count, cell in enumerate(cells[2:], start=1):
        cell["execution_count"] = count
    files = {
        "pset4.ipynb": factories.notebook_bytes(cells),
        "report.pdf": factories.pdf_bytes(pages=2),
    }
    labels: list[str] = []
    record = grade(
        request_for(factories.write_zip(tmp_path / "jdoe.zip", files), tmp_path / "results"),
        lambda _: None,
        lambda progress: labels.append(progress.label),
    )
    policy = evaluate(
        Policy(kind="run"), load_assignment(), record.sheet, record.submission, record.evidence
    )
    staff = record.folder.staff_html.read_text()
    texts = {
        "results": to_json(record.sheet),
        "feedback": record.folder.feedback_html.read_text(),
        "staff": staff,
        "policy": " ".join(policy.reasons),
        "junit": render_junit(record.sheet),
        "summary": render_summary(record.sheet, policy),
    }
    named = {name: set(map(int, NAMED.findall(text))) for name, text in texts.items()}
    assert named["results"] >= {UNREADABLE, FAILING}
    for name, numbers in named.items():
        assert FAILING in numbers, name
        assert numbers <= {UNREADABLE, FAILING}, name
    (failed,) = (f for part in record.sheet.parts if part.id == "4a" for f in part.findings)
    assert failed.evidence_ids == (f"cell {FAILING}",)
    run = {label.split(" (")[0] for label in labels if label.startswith("cell")}
    assert run == {"cell 3", "cell 4", "cell 5"}
    assert ROW.findall(staff)[:3] == ["3", "4", "5"]
