"""What is asked for about a class, and what came of it."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from grader.batch.records import ClassRow
from grader.batch.run.options import BatchOutcome
from grader.batch.run.rejudging import Moved, NotJudged
from grader.execution.settings import RunSettings
from grader.model.assignment import Assignment, Course


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRequest:
    """What is asked for."""

    folder: Path
    """The hand-ins, as they were downloaded."""
    manifest: Path | None
    """CSV with what staff know; None for `manifest.csv` in the folder, where there is one."""
    results: Path
    """Results folder of the class."""
    assignment: Assignment
    """Parts and points."""
    course: Course
    """Variant of whoever the manifest does not name."""
    settings: RunSettings
    """How notebooks are run."""
    workers: int | None
    """Processes of this machine; None for as many as fit."""
    scheduler: str | None
    """Address of a Dask scheduler; None for processes of this machine."""
    store: str | None
    """URL of another database; None for SQLite in the results folder."""
    offering: str = ""
    """Name or path of the offering, where it is found again; empty for its name."""
    only: frozenset[str] = frozenset()
    """Kerberos names that are run; empty for all that are not done."""
    force: bool = False
    """Whether also what is done is run again."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all grades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which pages a stage ends with."""

    html: bool = True
    """Whether those are written whose points changed; else the next call writes them."""
    pdf: bool = True
    """Whether PDFs are written that are not there; else the next call writes them."""
    executor: Executor | None = None
    """Workers that are there already; None for new ones."""


ALL_PAGES = Pages()
"""All of them, by workers of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutcome:
    """What came of it."""

    batch: BatchOutcome
    """What was done."""
    rows: tuple[ClassRow, ...]
    """How each student stands."""
    notes: tuple[str, ...]
    """What staff should know about the folder, one sentence each."""
    problems: tuple[str, ...]
    """What staff must see to, one sentence each."""
    files: tuple[tuple[str, Path], ...]
    """(what it is, where) of the class' files."""
    faults: tuple[str, ...] = ()
    """Files of staff's that cannot be read, a sentence each; all else is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeClassRequest:
    """What is to be judged again."""

    results: Path
    """Results folder of the class."""
    assignment: str | None
    """Name or path of the offering; None for the one that the class was graded by."""
    keep: bool
    """Whether results are written; else it is only told who would move."""
    workers: int | None
    """Processes of this machine; None for as many as fit."""
    scheduler: str | None
    """Address of a Dask scheduler; None for processes of this machine."""
    store: str | None
    """URL of another database; None for SQLite in the results folder."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeClassOutcome:
    """What came of it."""

    judged: tuple[Moved, ...]
    """Everybody whose evidence was judged, or whose points were scored anew, by kerberos."""
    not_judged: tuple[NotJudged, ...]
    """Whose was not, and why."""
    finished: ClassOutcome | None
    """The class's files; None where nothing was written."""
