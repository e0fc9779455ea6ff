"""`grader offering new`: next year's folder, copied from an offering, with what is left to set.

Facts that belong to one year (deadline, courses, addresses, targets) keep last year's value, with
a comment `# TODO` behind them. While such a comment is in its file, an offering grades nothing.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.model.assignment import open_ends
from grader.model.offering_files import (
    CHECKS,
    MASTER,
    MESSAGES,
    RUBRICS,
    TOML,
    Place,
    find_offering,
    master_folder,
    offering_names,
    read_file,
)
from grader.offering.notebooks import write_notebooks
from reference.class_names import imagenet_names
from reference.errors import ConfigError

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffering:
    """What to make."""

    name: str
    """Of the new offering."""
    source: str
    """Name or folder of the offering that is copied."""
    folder: Path
    """Where it is made; it may be there and empty."""
    courses: tuple[str, ...] = ()
    """Its courses, in the order of those that they take the place of; empty where they are to be
    set by hand."""
    deadline: datetime | None = None
    """Local time in the source's time zone; None where it is to be set by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made."""

    files: tuple[Path, ...]
    """The files."""
    left: tuple[tuple[int, str], ...]
    """Lines of `assignment.toml` with a fact that is still to be set, and what it is."""


def parse_deadline(text: str) -> datetime:
    """Return the local time that a text gives, such as 2031-10-10T23:59.

    Raises:
        ConfigError: it gives none, a day without a time of day, or a time with an offset.
    """
    clean = text.strip()
    moment: datetime | None = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(clean)
    if moment is None or moment.tzinfo is not None or ":" not in clean:
        raise ConfigError(
            f"--deadline: expected a local time such as 2031-10-10T23:59, found {text!r}"
        )
    return moment


def make_offering(wanted: NewOffering) -> Made:
    """Write the folder of a new offering.

    Raises:
        ConfigError: the name is taken or none, the folder holds files, there is no such source, or
            the number of courses is not the source's.
    """
    if not _NAME.fullmatch(wanted.name) or wanted.name in offering_names():
        raise ConfigError(
            f"name: expected letters and digits, with - or _ between them, and none of "
            f"{', '.join(offering_names())}, found {wanted.name!r}"
        )
    folder = wanted.folder
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder}: expected no such folder, or an empty one, found files there")
    source = find_offering(wanted.source)
    text = _with_new_facts(read_file(source.toml).decode("utf-8"), wanted, source)
    like = tomllib.loads(text).get("like", "")
    files = {TOML: text.encode(), MASTER: read_file(master_folder(str(like), source) / MASTER)}
    for name in (RUBRICS, CHECKS, MESSAGES):
        if source.folder is not None and (source.folder / name).is_file():
            files[name] = read_file(source.folder / name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, data in files.items():
            (folder / name).write_bytes(data)
        notebooks = write_notebooks(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    made = (*(folder / name for name in files), *notebooks)
    return Made(files=made, left=open_ends(files[TOML]))


def _with_new_facts(text: str, wanted: NewOffering, source: Place) -> str:
    """Return the file of the new offering: last year's, with name and open ends."""
    table = tomllib.loads(text)
    text = re.sub(r"\A(?:#.*\n)+", "", text)
    text = f"# {wanted.name}, made from {table['name']} by `grader offering new`.\n{text}"
    text = _set(text, "name", f'"{wanted.name}"')
    text = re.sub(r"(?m)^notebook(\s*=)", r"like\1", text)
    if source.folder is not None and "dates_in_notebook" not in table:
        text = re.sub(
            r"(?m)^(title\s*=.*)$",
            r"\1\ndates_in_notebook = true # the notebook says deadline and points",
            text,
            count=1,
        )
    text = _with_courses(text, [str(one) for one in table["courses"]], wanted.courses)
    text = re.sub(r"(?m)^#.*\n(?=deadline\s*=)", "", text)  # what is said of last year's
    if wanted.deadline is None:
        text = _ask(text, r"deadline\s*=.*?", "the deadline, local time in `time_zone`")
    else:
        text = _set(text, "deadline", wanted.deadline.isoformat(timespec="seconds"))
    text = _ask(text, r"\[course_files\]", "the addresses that the notebook fetches files from")
    return re.sub(r"(?m)^(target\s*=\s*(\d+)).*$", _target, text)


def _with_courses(text: str, old: list[str], new: tuple[str, ...]) -> str:
    """Put other courses in the place of last year's, wherever parts name them."""
    if not new:
        return _ask(text, r"courses\s*=.*?", "the courses, here and in `required_for`")
    if len(new) != len(old):
        raise ConfigError(
            f"courses: expected {len(old)}, one for each of {', '.join(old)}, found {len(new)}; "
            "for more or fewer, leave the option out, and edit `courses` and each `required_for` "
            "in the new folder"
        )
    names = dict(zip(old, new, strict=True))
    found = re.compile("|".join(re.escape(one) for one in sorted(old, key=len, reverse=True)))

    def renamed(line: re.Match[str]) -> str:
        return found.sub(lambda one: names[one.group()], line.group())

    return re.sub(r"(?m)^(?:courses|required_for|title)\s*=.*$", renamed, text)


def _target(line: re.Match[str]) -> str:
    number = int(line[2])
    name = imagenet_names()[number] if number < len(imagenet_names()) else "no class"
    return f"{line[1]} # TODO: the class; {number} is {name}"


def _set(text: str, key: str, value: str) -> str:
    return re.sub(rf"(?m)^{key}\s*=[^#\n]*?(\s*#.*)?$", rf"{key} = {value}\1", text, count=1)


def _ask(text: str, line: str, what: str) -> str:
    """Put a comment about what is to be set behind a line, in place of the one that it has."""
    return re.sub(rf"(?m)^({line})\s*(?:#.*)?$", rf"\1 # TODO: {what}", text, count=1)
