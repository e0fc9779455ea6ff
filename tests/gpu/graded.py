"""Notebooks graded on the GPU: what the box shows of it, hostile ones, the complete sample."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import v4

from authoring.hostile_samples import hostile_names, read_hostile
from authoring.samples import build_zip
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment
from grader.model.records import Outcome
from grader.pipeline import GradeRecord, GradeRequest, grade
from tests.authoring.test_submissions import gets_its_verdict
from tests.gpu.rows import Row
from tests.hostile.suite import judged

COMPLETE = "complete"
LOOK = """
import os, torch
print(sorted(name for name in os.listdir('/dev') if name.startswith('nvidia')))
print(torch.cuda.is_available(), torch.cuda.device_count())
print(float(torch.ones(3, device='cuda').sum()))
"""


def box() -> Iterator[Row]:
    """Yield which device nodes a notebook sees, and whether it can compute on the GPU."""
    cell = v4.new_code_cell(LOOK)  # type: ignore[no-untyped-call]
    notebook = v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        zip_path = Path(folder) / "look.zip"
        with zipfile.ZipFile(zip_path, "w") as packed:
            text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
            packed.writestr("pset4.ipynb", text)
        record = _graded(zip_path, Path(folder), "studio-narrow")
        (cell,) = record.evidence.cells
        said = " ".join(cell.said.split())
        ran = cell.outcome is Outcome.PASS
        yield Row(what="box: tier", found=record.evidence.host.isolation)
        yield Row(
            what="box: what a notebook sees",
            found=said or f"{cell.error_name}: {cell.error_message}"[:200],
            expected="the GPU's nodes; 3.0 computed there",
            ok=ran and said.endswith("3.0"),
        )


def hostile() -> Iterator[Row]:
    """Yield what comes of the hostile cases that need a GPU."""
    for name in hostile_names():
        if read_hostile(name).skip_without == "gpu":
            wrong = judged(name).wrong
            yield Row(
                what=f"hostile: {name}",
                found="; ".join(wrong)[:300] or "as expected",
                expected="as expected",
                ok=not wrong,
            )


def complete(bundle_name: str) -> Iterator[Row]:
    """Yield the grade of the complete sample, with all steps, on the GPU."""
    with tempfile.TemporaryDirectory() as folder:
        zip_path = build_zip(COMPLETE, Path(folder) / f"{COMPLETE}.zip")
        record = _graded(zip_path, Path(folder), bundle_name)
        try:
            gets_its_verdict(COMPLETE, record)
            wrong = ""
        except AssertionError as error:
            wrong = " ".join(str(error).split())[:300]
        sheet = record.sheet
        seconds = sum(cell.seconds for cell in record.evidence.cells)
        found = f"{sheet.total:.2f} points, {sheet.pending:.2f} not graded yet"
        yield Row(
            what=f"{COMPLETE} sample, {bundle_name}, on {record.evidence.host.device}",
            found=f"{found}; {wrong}" if wrong else found,
            expected="as its sample.toml says",
            ok=not wrong,
        )
        yield Row(what=f"{COMPLETE} sample: cells of the notebook", found=f"{seconds:.1f} s")


def _graded(zip_path: Path, folder: Path, bundle_name: str) -> GradeRecord:
    offering = load_assignment()
    request = GradeRequest(
        hand_in=HandIn(path=zip_path, course=offering.courses[-1]),
        out=folder / "results",
        assignment=offering,
        settings=RunSettings(bundle=bundle_name, device="cuda", seed=11),
        pdf=False,
    )
    return grade(request, lambda _: None, lambda _: None)
