"""One short submission that was really graded: layers and inference, no attacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment
from grader.model.records import Evidence, GradeSheet, Submission
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.pipeline import GradeRecord, GradeRequest, grade
from tests import factories
from tests.shared import own_copy

LAYERS = """
import numpy as np

def conv1d_forward(x, w):
    x, w = np.asarray(x), np.asarray(w)
    p = (len(w) - 1) // 2
    padded = np.pad(x, (p, len(w) - 1 - p))
    return np.array([padded[i:i + len(w)] @ w for i in range(len(x))])

def maxpool1d_forward(x, k):
    return [max(x[i:i + k]) for i in range(len(x) - k + 1)]
"""


def short_zip(path: Path) -> Path:
    """A hand-in whose notebook answers 1(a) and 1(b) only."""
    cells = [factories.code_cell(LAYERS), factories.code_cell("print('done')")]
    files = {
        "pset4.ipynb": factories.notebook_bytes(cells),
        "report.pdf": factories.pdf_bytes(pages=2),
    }
    return factories.write_zip(path, files)


def request_for(zip_path: Path, out: Path, bundle: str = "studio-narrow") -> GradeRequest:
    return GradeRequest(
        hand_in=HandIn(path=zip_path, course="6.869"),
        out=out,
        assignment=load_assignment(),
        settings=RunSettings(
            bundle=bundle,
            device="cpu",
            seed=11,
            threads=1,  # tests run beside each other
        ),
    )


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> GradeRecord:
    """The short hand-in, graded once for all workers; each has a copy."""

    def make(folder: Path) -> None:
        zip_path = short_zip(folder / "jdoe.zip")
        grade(request_for(zip_path, folder / "results"), lambda _: None, lambda _: None)

    folder = ResultFolder(root=own_copy(tmp_path_factory, "graded", make) / "results" / "jdoe")
    return GradeRecord(
        sheet=load(GradeSheet, folder.results),
        submission=load(Submission, folder.record("submission")),
        evidence=load(Evidence, folder.record("evidence")),
        folder=folder,
    )
