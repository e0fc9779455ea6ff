"""From a student's folder to the zip that the handout asks for, and none that intake would refuse.

A zip is written in a folder of its own, read as a hand-in is read, and only then put in its place.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.intake.limits import MIB, IntakeLimits
from grader.intake.notebook import NotANotebook, read_notebook
from grader.intake.submission import REPORT_NAME, kerberos_of, read_submission
from grader.model.records import Note, Severity
from grader.model.text import one_line
from reference.errors import ConfigError, SubmissionError

LARGEST_OTHER_MIB = 32.0
"""A larger file beside notebook and report is left out: weights, videos."""
_SUFFIX = ".ipynb"
_NOT_HANDED_IN = frozenset({".zip", ".pt", ".pth", ".npz", ".h5", ".pyc", ".part"})
"""Suffixes of what a notebook fetches or makes again."""
_NAME_OF_FILE = re.compile(r"[\w. -]+\.\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What goes into a zip."""

    folder: Path
    """Where the files lie."""
    notebook: Path
    """The notebook."""
    report: Path | None
    """report.pdf; None where there is none yet."""
    others: tuple[Path, ...]
    """Other files, such as modules and pictures that the notebook names."""
    left_out: tuple[Path, ...]
    """Files of the folder that stay where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A zip that intake takes."""

    path: Path
    """The zip."""
    names: tuple[str, ...]
    """Files in it."""
    notes: tuple[Note, ...]
    """What intake has to say about it; no errors."""


def check_kerberos(name: str) -> str:
    """Return a kerberos name as the zip carries it.

    Raises:
        ConfigError: it is none.
    """
    kerberos, notes = kerberos_of(f"{name}.zip")
    if notes or not name:
        raise ConfigError(
            f"--kerberos: expected your kerberos name (letters, digits, - _ .), found {name!r}"
        )
    return kerberos


def choose_files(path: Path, course_files: Sequence[str] = ()) -> Chosen:
    """Choose what of a folder is handed in.

    A folder is taken as a whole, but for hidden files, other zips, weights, and what the notebook
    fetches. Of the folder around a notebook only files that the notebook names are taken.

    Args:
        path: A folder, or a notebook.
        course_files: Names of files that the notebook fetches.

    Raises:
        ConfigError: there is no notebook that can be read, or there are several to choose from.
    """
    notebook = path if path.is_file() else _only_notebook(path)
    _refuse_unreadable(notebook)
    folder = notebook.parent
    named = None if path.is_dir() else _names_in(notebook)
    others: list[Path] = []
    left_out: list[Path] = []
    for file in _files_of(folder):
        name = file.relative_to(folder).as_posix()
        if file == notebook or name == REPORT_NAME:
            continue
        kept = not _is_left_out(file, course_files) and (named is None or file.name in named)
        (others if kept else left_out).append(file)
    report = folder / REPORT_NAME
    return Chosen(
        folder=folder,
        notebook=notebook,
        report=report if report.is_file() else None,
        others=tuple(others),
        left_out=tuple(left_out),
    )


def write_zip(chosen: Chosen, kerberos: str, out: Path, *, report: Path | None = None) -> Packed:
    """Write `kerberos.zip` into the folder `out`, in place of an older one.

    Args:
        chosen: What goes in.
        kerberos: Whose it is, see `check_kerberos`.
        out: Folder, made if need be.
        report: A report in place of the chosen one; None for that, if there is any.

    Raises:
        ConfigError: intake would refuse it or leave something out, or it cannot be written.
    """
    return _written(chosen, out / f"{kerberos}.zip", report or chosen.report)


def write_draft(chosen: Chosen, folder: Path) -> Path:
    """Write a zip of what was chosen, for a try of it; return where. Errors name the notebook.

    Args:
        chosen: What goes in.
        folder: Folder of the zip.

    Raises:
        ConfigError: as `write_zip`.
    """
    called = one_line(str(chosen.notebook))
    return _written(chosen, folder / "draft.zip", chosen.report, called).path


def _written(chosen: Chosen, target: Path, report: Path | None, called: str = "") -> Packed:
    """Write a zip that intake takes; `called` is what errors call it, empty for its own name."""
    files = {chosen.notebook.name: chosen.notebook}
    files |= {REPORT_NAME: report} if report is not None else {}
    files |= {file.relative_to(chosen.folder).as_posix(): file for file in chosen.others}
    with tempfile.TemporaryDirectory(prefix="pset4-pack-") as scratch:
        made = Path(scratch) / target.name
        try:
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
                for place, file in files.items():
                    archive.write(file, place)
            notes = _taken_in(made, Path(scratch) / "read", called, with_report=report is not None)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.part")
            shutil.copyfile(made, partial)
            partial.replace(target)
        except OSError as error:
            raise ConfigError(
                f"{target.parent}: {target.name} cannot be written: {error}"
            ) from error
    return Packed(path=target, names=tuple(files), notes=notes)


def _taken_in(made: Path, folder: Path, called: str, *, with_report: bool) -> tuple[Note, ...]:
    """Read a zip as a hand-in; return what is only worth a warning."""
    try:
        read = read_submission(made, folder, name=called)
    except SubmissionError as error:
        raise ConfigError(str(error)) from error
    notes = [one for one in read.notes if with_report or not one.code.startswith("no-report")]
    wrong = [one.message for one in notes if one.severity is Severity.ERROR]
    if wrong:
        refusal = f"{called} cannot be used as it is" if called else f"{made.name} was not written"
        raise ConfigError(f"{refusal}. {' '.join(wrong)}")
    return tuple(notes)


def _refuse_unreadable(notebook: Path) -> None:
    """Refuse what is no notebook by the student's own name for it, before it is in any zip."""
    try:
        read_notebook(notebook, IntakeLimits())
    except NotANotebook as error:
        raise ConfigError(
            f"{one_line(str(notebook))}: expected a notebook, found {error}; download it again "
            f"from Colab or Jupyter as {_SUFFIX}"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{one_line(str(notebook))}: expected a notebook, found {error.strerror}"
        ) from error


def _only_notebook(folder: Path) -> Path:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: expected a folder or a notebook, found no such file")
    found = sorted(file for file in folder.glob(f"*{_SUFFIX}") if not file.name.startswith("."))
    if len(found) == 1:
        return found[0]
    names = ", ".join(one_line(file.name) for file in found[:5])
    told = f"{len(found)} ({names}); name the one that you hand in" if found else "none"
    raise ConfigError(f"{folder}: expected one notebook ({_SUFFIX}), found {told}")


def _files_of(folder: Path) -> Iterator[Path]:
    """Yield the regular files below a folder, without what is hidden or made by tools."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")) or path.is_symlink():
            continue
        if path.is_dir():
            if not _is_made_by_tools(path):
                yield from _files_of(path)
        elif path.is_file():
            yield path


def _is_made_by_tools(folder: Path) -> bool:
    """Whether a folder holds results, or a Python environment, whatever its name."""
    marks = ("results.json", "pyvenv.cfg", "conda-meta")
    return folder.name in {"results", "venv"} or any((folder / mark).exists() for mark in marks)


def _is_left_out(file: Path, course_files: Sequence[str]) -> bool:
    too_large = file.stat().st_size > LARGEST_OTHER_MIB * MIB
    other_kind = file.suffix.lower() in {*_NOT_HANDED_IN, _SUFFIX}
    return too_large or other_kind or file.name in course_files


def _names_in(notebook: Path) -> frozenset[str]:
    """Return names of files that a notebook mentions, and those of modules that it may import."""
    text = notebook.read_text(encoding="utf-8", errors="replace")
    found = {name.strip() for name in _NAME_OF_FILE.findall(text)}
    modules = re.findall(r"\b(?:import|from)\s+(\w+)", text)
    return frozenset(found | {f"{module}.py" for module in modules})
