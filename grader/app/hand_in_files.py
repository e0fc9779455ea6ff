"""What a command about one hand-in was given: a zip, or a folder or notebook to make one of."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from grader.intake.hand_in import HandIn
from grader.intake.packing import choose_files, write_draft
from grader.model.assignment import Assignment, parse_course
from grader.scoring.lateness import parse_submitted
from reference.errors import ConfigError


def hand_in_of(
    path: Path, offering: Assignment, course: str | None, submitted: str | None
) -> HandIn:
    """Return the zip that a command names, with what else it says of it.

    Raises:
        ConfigError: it is no zip, or a course or a time is none.
    """
    when = parse_submitted(submitted) if submitted else None
    named = parse_course(course, offering) if course else offering.courses[-1]
    if not path.exists():
        raise ConfigError(f"{path}: expected the zip of a submission, found no such file")
    if path.is_dir() or path.suffix.lower() == ".ipynb":
        found = "a folder" if path.is_dir() else "a notebook"
        raise ConfigError(
            f"{path}: expected the zip that you hand in, found {found}; make one with "
            f"`{program()} pack {path} --kerberos YOU`"
        )
    return HandIn(path=path, course=named, submitted=when)


def as_zip(path: Path, offering: Assignment, folder: Path) -> Path:
    """Return a zip as it is; of a folder or a notebook one that holds it, for a try."""
    if not path.is_dir() and path.suffix.lower() != ".ipynb":
        return path
    return write_draft(choose_files(path, course_file_names(offering)), folder)


def course_file_names(offering: Assignment) -> Sequence[str]:
    """Return the names of files that notebooks fetch, which are not handed in."""
    return tuple(name.rsplit("/", 1)[-1] for name in offering.course_files.values())


def is_students() -> bool:
    """Whether this is the student package, which has no classes and no reference run."""
    return importlib.util.find_spec("grader.batch") is None


def program() -> str:
    """Return the name of the command that this is."""
    return "pset4-check" if is_students() else "grader"
