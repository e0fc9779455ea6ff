"""What is compared between students: code cells, prose, the report, and pictures in the notebook.

All is read from a results folder; nothing is run.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from grader.intake.limits import IntakeLimits
from grader.intake.notebook import Json, NotANotebook, document_of, source_of
from grader.model.assignment import Assignment
from grader.model.records import Alignment, ReportSection, Submission
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.reading.hand_in import HandInReading
from reference.errors import ConfigError

MAX_CELL = 20_000
"""Characters of a cell that are compared."""
MAX_CODE = 120_000
"""Characters of all of a student's cells that are compared; the course's notebook has 13,000."""
MAX_PROSE = 60_000
"""Characters of all of a student's prose that are compared; a long report has 20,000."""
_DIVIDED = re.compile(r"(?<=[a-z])-\s*\n\s*(?=[a-z])")
"""Where a line end divides a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSample:
    """One student's notebook, as far as it is compared."""

    kerberos: str
    """Whose."""
    cells: tuple[tuple[str, str], ...]
    """(part id or empty, text) of the code cells, in order."""
    picture_digests: tuple[tuple[str, str], ...] = ()
    """(part id, SHA-256 of the bytes) of PNG pictures stored under cells of the attacks."""
    prose: tuple[tuple[str, str], ...] = ()
    """(part id or empty, text) of written answers, of the notebook and of the report."""
    report_sha256: str = ""
    """Of the bytes of `report.pdf`; empty where there is none."""


def read_sample(
    folder: ResultFolder, assignment: Assignment, limits: IntakeLimits | None = None
) -> CodeSample | None:
    """Return the sample of a results folder, or None where it holds no notebook and no report."""
    limits = limits or IntakeLimits()
    try:
        submission = load(Submission, folder.evidence / "submission.json")
        alignment = load(Alignment, folder.evidence / "alignment.json")
    except ConfigError:
        return None
    if not submission.notebook_path and not submission.report_path:
        return None
    document: Mapping[str, Json] = {}
    try:
        document = document_of(_bytes_of(folder, submission.notebook_path))
    except (OSError, NotANotebook):
        document = {}
    sample = code_sample(submission, alignment, document, assignment, limits)
    return replace(
        sample,
        prose=_prose(folder, alignment),
        report_sha256=_digest_of_report(folder, submission.report_path),
    )


def _bytes_of(folder: ResultFolder, name: str) -> bytes:
    path = folder.submission / name
    # The record is ours, but the path in it is the student's.
    if not name or not path.resolve().is_relative_to(folder.submission.resolve()):
        return b""
    return path.read_bytes()


def _digest_of_report(folder: ResultFolder, name: str) -> str:
    try:
        data = _bytes_of(folder, name)
    except OSError:
        return ""
    return hashlib.sha256(data).hexdigest() if data else ""


def _prose(folder: ResultFolder, alignment: Alignment) -> tuple[tuple[str, str], ...]:
    """Return the written answers of the notebook, then the report's text by its labels."""
    try:
        sections = load(HandInReading, folder.record("reading")).report.sections
    except ConfigError:
        sections = ()
    written = (*alignment.answers, *((_first(one), one.text) for one in sections))
    found, left = [], MAX_PROSE
    for part_id, text in written:
        if text.strip() and left > 0:
            found.append((part_id, _DIVIDED.sub("", text[:left])))
            left -= len(text)
    return tuple(found)


def _first(section: ReportSection) -> str:
    """The part that a section answers; none where its label is that of a whole problem."""
    return section.part_ids[0] if section.part_ids and not section.whole_problem else ""


def code_sample(
    submission: Submission,
    alignment: Alignment,
    document: Mapping[str, Json],
    assignment: Assignment,
    limits: IntakeLimits | None = None,
) -> CodeSample:
    """Return what is compared of a submission.

    Args:
        submission: As intake read it.
        alignment: Which cell belongs to which part.
        document: The notebook's JSON as submitted, with outputs; may be empty.
        assignment: The offering: pictures count under parts of problems that have experiments.
        limits: Bounds of what intake reads.
    """
    limits = limits or IntakeLimits()
    parts = {match.cell_index: match.part_id for match in alignment.matches}
    cells = []
    left = MAX_CODE
    for cell in submission.cells:
        if cell.kind == "code" and cell.source.strip() and left > 0:
            text = cell.source[: min(MAX_CELL, left)]
            left -= len(text)
            cells.append((parts.get(cell.index, ""), text))
    attacks = _attack_parts(assignment)
    raw_cells = document.get("cells")
    listed = raw_cells[: limits.max_cells] if isinstance(raw_cells, list) else []
    return CodeSample(
        kerberos=submission.kerberos,
        cells=tuple(cells),
        picture_digests=tuple(
            (parts[index], digest)
            for index, raw in enumerate(listed)
            if parts.get(index, "") in attacks
            for digest in _digests(raw)
        ),
    )


def _attack_parts(assignment: Assignment) -> frozenset[str]:
    problems = {assignment.part(one.part_id).problem for one in assignment.experiments}
    return frozenset(part.id for part in assignment.parts if part.problem in problems)


def _digests(cell: Json) -> Iterator[str]:
    """Yield the digest of each picture under a cell; what is malformed is passed over."""
    outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
    for output in outputs if isinstance(outputs, list) else []:
        data = output.get("data") if isinstance(output, Mapping) else None
        text = source_of(data.get("image/png")) if isinstance(data, Mapping) else None
        if text and text.strip():
            try:
                yield hashlib.sha256(base64.b64decode(text)).hexdigest()
            except (binascii.Error, ValueError):
                continue
