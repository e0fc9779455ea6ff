"""What is compared between students: their code cells, and the pictures stored in their notebook.

Both are read from a results folder; nothing is run.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader.intake.limits import IntakeLimits
from grader.intake.notebook import Json, NotANotebook, document_of, source_of
from grader.model.assignment import Assignment
from grader.model.records import Alignment, Submission
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError

MAX_CELL = 20_000
"""Characters of a cell that are compared."""
MAX_CODE = 120_000
"""Characters of all of a student's cells that are compared; the course's notebook has 13,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSample:
    """One student's notebook, as far as it is compared."""

    kerberos: str
    """Whose."""
    cells: tuple[tuple[str, str], ...]
    """(part id or empty, text) of the code cells, in order."""
    picture_digests: tuple[tuple[str, str], ...] = ()
    """(part id, SHA-256 of the bytes) of PNG pictures stored under cells of the attacks."""


def read_sample(
    folder: ResultFolder, assignment: Assignment, limits: IntakeLimits | None = None
) -> CodeSample | None:
    """Return the sample of a results folder, or None where no notebook can be read from it."""
    limits = limits or IntakeLimits()
    try:
        submission = load(Submission, folder.evidence / "submission.json")
        alignment = load(Alignment, folder.evidence / "alignment.json")
    except ConfigError:
        return None
    if not submission.notebook_path:
        return None
    document: Mapping[str, Json] = {}
    path = folder.submission / submission.notebook_path
    try:
        # The record is ours, but the path in it is the student's.
        if path.resolve().is_relative_to(folder.submission.resolve()):
            document = document_of(path.read_bytes())
    except (OSError, NotANotebook):
        document = {}
    return code_sample(submission, alignment, document, assignment, limits)


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
