"""One rich sheet and its pages for all tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from grader.model.records import GradeSheet
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.outputs.pages.staff_view import Beside
from tests.grader.outputs.pages.factory import evidence, rich_sheet

BESIDE = Beside(
    evidence=evidence(),
    report="My report #1.pdf",
    notebook="a/pset 4?.ipynb",
    pages={"3c": (2, 3)},
)
"""Names of files as students choose them."""


class Pages(NamedTuple):
    sheet: GradeSheet
    folder: Path
    feedback: str
    staff: str


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("evidence")
    sheet = rich_sheet(folder, side=32)
    return Pages(
        sheet=sheet,
        folder=folder,
        feedback=render_feedback_html(sheet, folder),
        staff=render_staff_html(sheet, folder, BESIDE),
    )
