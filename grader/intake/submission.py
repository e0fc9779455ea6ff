"""From a student's zip to a `Submission`. Nothing of what was submitted is run here.

A note names each thing that is wrong or unusual, and what can still be graded is graded. Only where
there is nothing to grade (not a zip, all of it encrypted, neither a notebook nor a report) is there
no `Submission`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.intake.archive import Unpacked, safe, unpack
from grader.intake.limits import IntakeLimits
from grader.intake.made_report import is_made_of
from grader.intake.notebook import NotANotebook, NotebookText, read_notebook
from grader.intake.notes import note
from grader.intake.report_pages import count_pages
from grader.model.records import Note, Severity, Submission
from grader.model.text import one_line
from reference.errors import ConfigError, SubmissionError

__all__ = ["IntakeLimits", "read_submission"]

REPORT_NAME = "report.pdf"
"""The name that the handout asks for."""

_KERBEROS = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_COPY_MARK = re.compile(r"\s*(\(\d+\)|-\s*copy(\s*\(\d+\))?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """A file that was chosen, and what there is to say about the choice."""

    path: str
    notes: tuple[Note, ...]


def read_submission(
    zip_path: Path, folder: Path, limits: IntakeLimits | None = None, *, name: str = ""
) -> Submission:
    """Unpack a submission into `folder` (made if need be, else empty) and say what is in it.

    Args:
        zip_path: The zip.
        folder: Where its files go.
        limits: What is accepted; the usual ones by default.
        name: What errors call the zip; empty for its own name.

    Raises:
        ConfigError: there is no such file, or `folder` is not empty.
        SubmissionError: nothing in it can be graded.
    """
    limits = limits or IntakeLimits()
    if not zip_path.is_file():
        found = "a folder" if zip_path.is_dir() else "no such file"
        raise ConfigError(
            f"{one_line(str(zip_path))}: expected the zip of a submission, found {found}"
        )
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ConfigError(f"{folder}: expected an empty folder to unpack into, found files in it")
    kerberos, notes = kerberos_of(zip_path.name)
    unpacked = _unpack_nested(zip_path, folder, limits, name)
    notes += unpacked.notes
    notebook, text = _choose_notebook(unpacked.files, folder, kerberos, limits)
    report = _choose_report(unpacked.files)
    if not notebook.path and not report.path:
        raise SubmissionError(
            f"{safe(name or zip_path.name)}: expected {REPORT_NAME} and a notebook, found neither "
            f"in a form that can be used (it holds {_listing(unpacked.files)}): "
            f"{notebook.notes[0].message}"
        )
    pages, page_notes = _pages(folder, report.path, limits)
    return Submission(
        kerberos=kerberos,
        zip_sha256=_digest(zip_path),
        notebook_path=notebook.path,
        report_path=report.path,
        report_pages=pages,
        other_files=tuple(
            name for name in unpacked.files if name not in {notebook.path, report.path}
        ),
        cells=text.cells,
        notes=(*notes, *notebook.notes, *text.notes, *report.notes, *page_notes),
        made_for=text.made_for,
        report_is_notebook=bool(notebook.path and report.path)
        and is_made_of(folder / report.path, folder / notebook.path),
    )


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def kerberos_of(file_name: str) -> tuple[str, tuple[Note, ...]]:
    """Return the kerberos name that a zip's name gives, fit for the name of a folder."""
    stem = file_name[: -len(".zip")] if file_name.lower().endswith(".zip") else file_name
    bare = _COPY_MARK.sub("", stem.strip())
    # Browsers and learning systems number a second download; the handout's "(yourkerberos)" is
    # now and then taken to the letter.
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    lower = bare.strip().lower()
    if _KERBEROS.fullmatch(lower):
        if bare == stem:
            return lower, ()
        return lower, (note("zip-name.copy", Severity.INFO, name=safe(file_name), kerberos=lower),)
    ascii_text = unicodedata.normalize("NFKD", lower).encode("ascii", "ignore").decode()
    made = re.sub(r"[^a-z0-9._-]+", "-", ascii_text).strip("-._")[:64] or "unknown"
    return made, (note("zip-name.invalid", Severity.WARNING, name=safe(file_name), kerberos=made),)


def _unpack_nested(zip_path: Path, folder: Path, limits: IntakeLimits, name: str) -> Unpacked:
    """Unpack the zip and, where it holds no notebook but one other zip, that one."""
    outer = unpack(zip_path, folder, limits, name)
    inner = [name for name in outer.files if name.lower().endswith(".zip")]
    if len(inner) != 1 or _with_suffix(outer.files, ".ipynb"):
        return outer
    nested = note("zip-in-zip.found", Severity.WARNING, name=safe(inner[0]))
    try:
        unpacked = unpack(folder / inner[0], folder, limits)
    except SubmissionError as error:
        unpacked = Unpacked(
            files=(),
            notes=(note("zip-in-zip.unusable", Severity.ERROR, error=str(error)),),
        )
    return Unpacked(
        files=tuple(sorted({*outer.files, *unpacked.files})),
        notes=(*outer.notes, nested, *unpacked.notes),
    )


def _choose_notebook(
    files: Sequence[str], folder: Path, kerberos: str, limits: IntakeLimits
) -> tuple[_Choice, NotebookText]:
    """Choose the notebook: by its name if that says whose or what it is, else by its code cells."""
    candidates = _with_suffix(files, ".ipynb")
    readable: dict[str, NotebookText] = {}
    notes: list[Note] = []
    for name in candidates[: limits.max_notebooks]:
        try:
            readable[name] = read_notebook(folder / name, limits)
        except NotANotebook as error:
            found = {"name": safe(name), "found": str(error)}
            notes.append(note("unreadable-notebook", Severity.ERROR, **found))
    if not readable:
        if not candidates:
            notes.append(_no_notebook(files))
        return _Choice(path="", notes=tuple(notes)), NotebookText(cells=(), notes=())
    chosen = min(readable, key=lambda name: _rank(name, readable[name], kerberos))
    if len(candidates) > 1:
        notes.append(
            note(
                "several-notebooks",
                Severity.WARNING,
                count=len(candidates),
                listing=_listing(candidates),
                chosen=safe(chosen),
            )
        )
    notes += _state_of(chosen, readable[chosen])
    return _Choice(path=chosen, notes=tuple(notes)), readable[chosen]


def _rank(name: str, text: NotebookText, kerberos: str) -> tuple[bool, bool, int, str]:
    """Return the sort key of a notebook, best first; the name decides what nothing else does."""
    stem = PurePosixPath(name).stem.lower()
    return (kerberos not in stem, "pset4" not in stem, -text.code_cells, name)


def _state_of(name: str, text: NotebookText) -> list[Note]:
    if text.code_cells == 0:
        return [note("empty-notebook", Severity.ERROR, name=safe(name))]
    if not text.was_run:
        return [note("notebook-not-run", Severity.WARNING, name=safe(name))]
    return []


def _no_notebook(files: Sequence[str]) -> Note:
    scripts = [name for name in files if name.lower().endswith((".py", ".html", ".htm"))]
    if scripts:
        return note("no-notebook.instead", Severity.ERROR, found=_listing(scripts))
    return note("no-notebook.none", Severity.ERROR)


def _choose_report(files: Sequence[str]) -> _Choice:
    """Choose report.pdf, by its very name if it is there, else by what comes nearest to it."""
    pdfs = sorted(_with_suffix(files, ".pdf"), key=lambda name: (name.count("/"), name))
    exact = [name for name in pdfs if PurePosixPath(name).name == REPORT_NAME]
    if exact:
        return _Choice(path=exact[0], notes=())
    likely = [name for name in pdfs if PurePosixPath(name).name.lower() == REPORT_NAME]
    likely += [name for name in pdfs if "report" in PurePosixPath(name).stem.lower()]
    if likely or len(pdfs) == 1:
        path = (likely or pdfs)[0]
        return _Choice(path=path, notes=(note("report-name", Severity.WARNING, name=safe(path)),))
    if pdfs:
        missing = note("no-report.several", Severity.ERROR, listing=_listing(pdfs))
    else:
        missing = note("no-report.none", Severity.ERROR)
    return _Choice(path="", notes=(missing,))


def _pages(folder: Path, path: str, limits: IntakeLimits) -> tuple[int, tuple[Note, ...]]:
    if not path:
        return 0, ()
    count = count_pages(folder / path, limits)
    if count.error:
        found: dict[str, str | float] = {"name": safe(path)}
        if count.error == "slow":
            found["limit_s"] = limits.report_timeout_s
        return 0, (note(f"unreadable-report.{count.error}", Severity.ERROR, **found),)
    if count.pages > limits.max_report_pages:
        bounds = {"pages": count.pages, "limit": limits.max_report_pages}
        return count.pages, (note("long-report", Severity.WARNING, name=safe(path), **bounds),)
    return count.pages, ()


def _with_suffix(files: Sequence[str], suffix: str) -> list[str]:
    return [name for name in files if name.lower().endswith(suffix)]


def _listing(names: Sequence[str]) -> str:
    """Return up to five names in one line."""
    first = ", ".join(safe(name) for name in names[:5])
    return f"{first} and {len(names) - 5} more" if len(names) > 5 else first
