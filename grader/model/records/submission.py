"""What intake found in the zip, and how its cells line up with the template."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a note about the submission matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One sentence about the submission or the run, for the student or for staff."""

    code: str
    """Stable machine name, such as `no-report`."""
    severity: Severity
    """`error` where something that was asked for is not there or cannot be used."""
    message: str
    """One sentence: where, what was expected, what was found, what to do."""
    for_student: bool = True
    """Whether the student's feedback shows it."""
    values: tuple[tuple[str, str | int | float], ...] = ()
    """(name, value) that the message was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the notebook as submitted."""

    index: int
    """Position in the notebook, from 0."""
    cell_id: str
    """Colab's `metadata.id`, else nbformat's `id`, else an empty string."""
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    """Text of the cell."""
    execution_count: int | None
    """Stored count of the last run; None where the cell was never run."""
    stored_outputs: int
    """Number of stored outputs (kept aside; never evidence)."""
    stored_error: str = ""
    """Class of the exception among the stored outputs; empty for none (never evidence)."""
    part_id: str = ""
    """Part of the assignment that the cell's metadata names (`pset4.part`), or empty."""
    attachments: tuple[str, ...] = ()
    """Names of the pictures that were pasted into the cell; their bytes stay in the notebook."""
    unread: bool = False
    """Whether its code is too much to be read: only the kernel tells what it does."""

    @property
    def code(self) -> str:
        """Text of a code cell that is read; else empty."""
        return self.source if self.kind == "code" and not self.unread else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A zip that intake has read, by paths below where it was unpacked. Nothing of it was run."""

    kerberos: str
    """From the file's name, lower case."""
    zip_sha256: str
    """Digest of the zip's bytes, hexadecimal."""
    notebook_path: str
    """The notebook's path; empty where there is none that can be read."""
    report_path: str
    """`report.pdf`'s path; empty where there is none."""
    report_pages: int
    """Pages of the report; 0 where there is none."""
    other_files: tuple[str, ...]
    """Paths of the other accepted files."""
    cells: tuple[Cell, ...]
    """The notebook's cells, in order; empty where there is no notebook."""
    notes: tuple[Note, ...]
    """What is wrong or unusual about the submission."""
    made_for: str = ""
    """Offering that the notebook's metadata names; empty where it names none."""
    report_is_notebook: bool = False
    """Whether `pack` made the report of this very notebook: it says nothing that this does not."""

    @property
    def report_says_more(self) -> bool:
        """Whether there is a report in which more may stand than in the notebook."""
        return bool(self.report_path) and not self.report_is_notebook

    def ended_well(self) -> frozenset[int]:
        """Return the cells that ended without an exception before they were handed in.

        Counts alone say little, so there must be outputs somewhere in the notebook. Never evidence:
        only whether a failure here may be a difference of machines.
        """
        code = [cell for cell in self.cells if cell.kind == "code"]
        if not any(cell.stored_outputs for cell in code):
            return frozenset()
        run = (cell for cell in code if cell.execution_count is not None)
        return frozenset(cell.index for cell in run if not cell.stored_error)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMatch:
    """How one cell of the submission lines up with one of the template."""

    cell_index: int
    """The submission's cell."""
    template_id: str
    """Id of the template's cell; empty for a cell that the student added."""
    part_id: str
    """The part of the assignment that it belongs to; empty for none."""
    how: str
    """`id`, `content` or `added`."""
    similarity: float
    """Share of equal text, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Every cell of the submission against the template."""

    matches: tuple[CellMatch, ...]
    """One per cell of the submission, in order."""
    missing: tuple[str, ...]
    """Template ids that no cell of the submission matches."""
    answers: tuple[tuple[str, str], ...]
    """(part id, markdown) of the written answers found in the notebook."""
