"""Small honest records and files for tests: every default is what a good submission has."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from pypdf import PdfWriter

from grader.model.assignment import Assignment, Course, load_assignment
from grader.model.records import (
    Cell,
    Decision,
    Evidence,
    Finding,
    GradeSheet,
    HostFacts,
    Measurement,
    Note,
    Outcome,
    RunFacts,
    Severity,
    Submission,
    nothing_seen,
)
from grader.scoring.lateness import Lateness
from grader.scoring.overrides import Override
from grader.scoring.score import SheetFacts, score

ASSIGNMENT = load_assignment()
"""The offering that all records here belong to."""

SHA = "0" * 64
"""A digest where its value does not matter."""


def code_cell(source: str, *, cell_id: str = "", part_id: str = "") -> dict[str, Any]:
    """A code cell as it stands in a Colab notebook that was run."""
    metadata: dict[str, Any] = {"id": cell_id} if cell_id else {}
    if part_id:
        metadata["pset4"] = {"part": part_id}
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": metadata,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def markdown_cell(source: str, *, cell_id: str = "", part_id: str = "") -> dict[str, Any]:
    """A markdown cell as it stands in a Colab notebook."""
    cell = code_cell(source, cell_id=cell_id, part_id=part_id)
    return {
        "cell_type": "markdown",
        "metadata": cell["metadata"],
        "source": cell["source"],
    }


def notebook(cells: Sequence[Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """A notebook of nbformat 4.0, as Colab writes it."""
    if cells is None:
        cells = [markdown_cell("# Problem Set 4"), code_cell("x = 1\n", cell_id="aBcDeFgHiJkL")]
    return {
        "nbformat": 4,
        "nbformat_minor": 0,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": list(cells),
    }


def notebook_bytes(cells: Sequence[Mapping[str, Any]] | None = None) -> bytes:
    """The same as the bytes of a file."""
    return json.dumps(notebook(cells)).encode()


def pdf_bytes(pages: int = 1, *, password: str = "") -> bytes:
    """A PDF of blank A4 pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width=595, height=842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def honest_files() -> dict[str, bytes]:
    """The files of a good hand-in."""
    return {"report.pdf": pdf_bytes(2), "pset4.ipynb": notebook_bytes()}


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip of these files, and return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def cell(index: int = 0, source: str = "x = 1", **changes: Any) -> Cell:
    """A code cell that was run once."""
    made = Cell(
        index=index, cell_id="", kind="code", source=source, execution_count=1, stored_outputs=0
    )
    return replace(made, **changes)


def note(code: str = "no-report", severity: Severity = Severity.ERROR, **changes: Any) -> Note:
    """A note for the student."""
    made = Note(code=code, severity=severity, message="Expected report.pdf, found no PDF.")
    return replace(made, **changes)


def submission(**changes: Any) -> Submission:
    """A complete submission."""
    made = Submission(
        kerberos="jdoe",
        zip_sha256=SHA,
        notebook_path="pset4.ipynb",
        report_path="report.pdf",
        report_pages=2,
        other_files=(),
        cells=(cell(),),
        notes=(),
    )
    return replace(made, **changes)


def host_facts(**changes: Any) -> HostFacts:
    """A run on the CPU."""
    made = HostFacts(device="cpu", isolation="none", versions=(("python", "3.11"),))
    return replace(made, **changes)


def evidence(**changes: Any) -> Evidence:
    """A run in which nothing was started."""
    return replace(nothing_seen(host_facts(), seed=1), **{"seconds": 1.0, **changes})


def finding(
    check_id: str = "conv_forward",
    outcome: Outcome = Outcome.PASS,
    credit: float | None = None,
    **changes: Any,
) -> Finding:
    """A finding whose credit goes with its outcome: 1 for PASS, 0.5 for PARTIAL, else 0."""
    if credit is None:
        credit = {Outcome.PASS: 1.0, Outcome.PARTIAL: 0.5}.get(outcome, 0.0)
    made = Finding(
        check_id=check_id,
        outcome=outcome,
        credit=credit,
        message=f"The check {check_id} says {outcome.value}.",
    )
    return replace(made, **changes)


def measurement(**changes: Any) -> Measurement:
    """A measurement within its tolerance."""
    made = Measurement(
        quantity="greatest error", measured="1e-7", expected="0", tolerance="1e-5", ok=True
    )
    return replace(made, **changes)


def run_facts(**changes: Any) -> RunFacts:
    """A run with the narrow bundle."""
    made = RunFacts(
        assignment="pset4_sp21",
        assignment_sha256=SHA,
        bundle="studio-narrow",
        bundle_sha256=SHA,
        grader_version="0.1.0",
        zip_sha256=SHA,
        seed=1,
        seconds=1.0,
        host=host_facts(),
        shims=(),
    )
    return replace(made, **changes)


def all_findings(assignment: Assignment) -> dict[str, tuple[Finding, ...]]:
    """A pass for every check; what people must read waits for them."""
    return {
        part.id: tuple(
            finding(check.id, Outcome.NEEDS_HUMAN if part.kind == "human" else Outcome.PASS)
            for check in part.checks
        )
        for part in assignment.parts
    }


def sheet_facts(**changes: Any) -> SheetFacts:
    """Of a complete submission."""
    made = SheetFacts(
        kerberos="jdoe",
        course="6.869",
        notes=(),
        answers=(("3c", "Zeros, because nothing is known beyond the ends."),),
        report_pages=2,
        run=run_facts(),
    )
    return replace(made, **changes)


def lateness(**changes: Any) -> Lateness:
    """In time."""
    made = Lateness(
        deadline="2021-03-31T23:59:00-04:00",
        submitted="2021-03-31T10:00:00-04:00",
        days_late=0,
        coefficient=1.0,
    )
    return replace(made, **changes)


def grade_sheet(
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
    *,
    course: Course = "6.869",
    overrides: tuple[Override, ...] = (),
    late: Lateness | None = None,
    **changes: Any,
) -> GradeSheet:
    """A sheet made by `score`: all right, but for the given parts' findings."""
    sheet = score(
        all_findings(ASSIGNMENT) | dict(findings or {}),
        ASSIGNMENT,
        sheet_facts(course=course),
        late or lateness(),
        overrides,
    )
    return replace(sheet, **changes)


def decision(**changes: Any) -> Decision:
    """A person's points for 3(c), the first."""
    made = Decision(
        uuid=uuid4().hex,
        kerberos="jdoe",
        part_id="3c",
        zip_sha256="a" * 64,
        share=0.5,
        author="ta1",
    )
    return replace(made, **changes)
