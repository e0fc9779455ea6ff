"""An offering of the assignment: parts, points, deadline, questions, experiments, its notebook.

The record holds everything that grading needs of an offering: a worker on another machine gets it
whole. Unknown keys are errors: a misspelt `weigth` must not change a grade in silence.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from grader.model.assignment_record import Assignment
from grader.model.offering_faults import OfferingFaults, form_faults, sense_faults
from grader.model.offering_files import (
    CHECKS,
    DEFAULT_ASSIGNMENT,
    MESSAGES,
    RELEASE,
    RUBRICS,
    SOLVED,
    Place,
    find_offering,
    folder_of,
    notebook_folder,
    read_file,
    read_own,
    refuse_taken_name,
)
from grader.model.offering_records import (
    CheckWeight,
    Course,
    Experiment,
    LatePolicy,
    Part,
    Problem,
)
from grader.model.offering_rubrics import parse_rubrics
from grader.model.offering_texts import facts_of, fill
from grader.model.renamed_checks import with_present_names
from grader.model.template import offering_of_template, parse_template
from reference.errors import ConfigError

__all__ = [
    "Assignment",
    "CheckWeight",
    "Course",
    "Experiment",
    "LatePolicy",
    "Part",
    "Problem",
    "load_assignment",
    "load_facts",
    "open_ends",
    "parse_assignment",
    "parse_course",
    "solved_notebook",
]

_COMPUTED = ("sha256", "template", "own_checks", "own_messages", "rubrics", "made_for")
"""Fields of the record that are no keys of the file."""

_TODO = re.compile(r"#\s*TODO\b.*")
"""A comment about a fact that is still to be set."""

_ADAPTER = TypeAdapter(Assignment)


def parse_course(text: str, assignment: Assignment) -> Course:
    """Return the course that `text` names.

    Raises:
        ConfigError: it names none of the offering's.
    """
    if text not in assignment.courses:
        known = " or ".join(assignment.courses)
        raise ConfigError(f"course: expected {known} ({assignment.name}), found {text!r}")
    return text


def load_assignment(name: str = DEFAULT_ASSIGNMENT) -> Assignment:
    """Read an offering: by name, by its folder, or by the path of a `.toml`.

    Raises:
        ConfigError: there is none, a file is missing, it does not hold an assignment, or a fact in
            it is still to be set (`# TODO`).
    """
    place = find_offering(name)
    data = read_file(place.toml)
    left = open_ends(data)
    if left:
        line, what = left[0]
        raise ConfigError(
            f"{place.where}:{line}: expected a fact that is set, found {what!r}; set it and take "
            "the comment out (`grader offering check` lists all that is left)"
        )
    return _with_texts(_parse(data, place.where, place), place.where)


def load_facts(place: Place) -> Assignment:
    """Read an offering that may have no notebook yet, and facts that are still to be set.

    Raises:
        OfferingFaults: its file has faults; the error has them all.
        ConfigError: a file cannot be read.
    """
    try:
        found = _parse(read_file(place.toml), place.where, place, with_notebook=False)
    except OfferingFaults as error:
        if error.assignment is not None:
            error.assignment = _with_texts(error.assignment, place.where)
        raise
    return _with_texts(found, place.where)


def open_ends(data: bytes) -> tuple[tuple[int, str], ...]:
    """Return the lines of an offering's file that say what is still to be set, with that comment.

    `grader offering new` writes such comments behind the facts that are of one year.
    """
    lines = data.decode("utf-8", errors="replace").splitlines()
    found = ((number, _TODO.search(line)) for number, line in enumerate(lines, start=1))
    return tuple((number, one.group().strip("# ")) for number, one in found if one)


def solved_notebook(name: str) -> Path:
    """Return where the solved notebook of an offering lies.

    Raises:
        ConfigError: there is no such offering, or it has none.
    """
    place = find_offering(name)
    named = _table(read_file(place.toml), place.where).get("notebook")
    path = notebook_folder(named, place, place.where) / SOLVED
    if not path.is_file():
        raise ConfigError(f"{path}: expected the solved notebook, found none")
    return path


def parse_assignment(data: bytes, *, where: str) -> Assignment:
    """Return the assignment that the TOML text `data` holds; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown or missing key, a wrong value, or a reference to nothing.
    """
    return _with_texts(_parse(data, where, None), where)


def _parse(
    data: bytes, where: str, place: Place | None, *, with_notebook: bool = True
) -> Assignment:
    table = _table(data, where)
    release, base = b"", _like(table, place, where)
    if with_notebook:
        folder = notebook_folder(table.get("notebook"), place, where)
        release = read_file(folder / RELEASE)
        if base is None and (place is None or place.folder != folder):
            base = folder
    checks, messages = read_own(CHECKS, place), read_own(MESSAGES, place)
    rubrics = read_own(RUBRICS, place)
    entries = table["experiments"]
    computed = {
        "rubrics": parse_rubrics(rubrics, where=RUBRICS),
        "experiments": [{**entry, "part_id": part_id} for part_id, entry in entries.items()],
        "sha256": _digest(data, release, checks, messages, *([rubrics] if rubrics else [])),
        "template": parse_template(release, where=f"{folder.name}/{RELEASE}") if release else (),
        "made_for": offering_of_template(release) if release else "",
        "own_checks": checks.decode("utf-8", errors="replace"),
        "own_messages": messages.decode("utf-8", errors="replace"),
    }
    try:
        assignment = _ADAPTER.validate_python({**table, **computed})
    except ValidationError as error:
        raise OfferingFaults(form_faults(where, error, tuple(entries))) from error
    faults = list(sense_faults(assignment, where))
    if place is not None and with_notebook and not faults:
        refuse_taken_name(assignment.name, place)
    if base is not None:
        other = find_offering(str(base))
        known = _parse(read_file(other.toml), other.where, other)
        assignment = _with_questions_of(assignment, known)
    if faults:
        raise OfferingFaults(faults, assignment)
    return assignment


def _like(table: Mapping[str, Any], place: Place | None, where: str) -> Path | None:
    """Return the folder of the offering that one is like; None where it says none."""
    named = table.get("like")
    return None if named is None else folder_of(named, place, f"{where}: like", needs=RELEASE)


def _with_texts(assignment: Assignment, where: str) -> Assignment:
    """Put the facts into the texts that name them."""
    parts = []
    for index, part in enumerate(assignment.parts):
        facts, place = facts_of(assignment, part.id), f"{where}: parts[{index}]"
        parts.append(
            replace(
                part,
                title=fill(part.title, facts, f"{place}.title"),
                question=fill(part.question, facts, f"{place}.question"),
                notes=fill(part.notes, facts, f"{place}.notes"),
                anchors=tuple(fill(one, facts, f"{place}.anchors") for one in part.anchors),
            )
        )
    return replace(assignment, parts=tuple(parts))


def _table(data: bytes, where: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: expected TOML in UTF-8, found: {error}") from error
    for key in _COMPUTED:
        if key in table:
            raise ConfigError(f"{where}: {key}: unknown key; it is computed, take it out")
    deadline = table.get("deadline")
    if isinstance(deadline, date) and not isinstance(deadline, datetime):
        raise ConfigError(
            f"{where}: deadline: expected a day and a time, such as {deadline}T23:59:00, "
            f"found {deadline}"
        )
    experiments = table.setdefault("experiments", {})
    if not isinstance(experiments, Mapping) or not all(
        isinstance(entry, Mapping) and "part_id" not in entry for entry in experiments.values()
    ):
        raise ConfigError(f"{where}: experiments: expected tables such as [experiments.4a]")
    return with_present_names(table, where)


def _digest(*files: bytes) -> str:
    digests = (hashlib.sha256(content).hexdigest() for content in files)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _with_questions_of(assignment: Assignment, other: Assignment) -> Assignment:
    """Take over questions and rubrics of parts that are the same in another offering.

    Texts are still as the files have them: a question that names its target fits every target.
    """
    same = {
        part.id: known
        for part in assignment.parts
        for known in other.parts
        if (part.id, part.title) == (known.id, known.title)
        and _is_same(_experiment_of(assignment, part.id), _experiment_of(other, part.id), known)
    }
    parts = tuple(
        replace(part, question=same[part.id].question)
        if part.id in same and not part.question
        else part
        for part in assignment.parts
    )
    own = {rubric.part_id for rubric in assignment.rubrics}
    more = tuple(one for one in other.rubrics if one.part_id in same and one.part_id not in own)
    return replace(assignment, parts=parts, rubrics=(*assignment.rubrics, *more))


def _is_same(own: Experiment | None, other: Experiment | None, known: Part) -> bool:
    """Whether the question of a part fits another offering's.

    It does not say how large the steps are, and it may name the target as a fact.
    """
    if own is None or other is None:
        return own is other
    asked = ((one.objective, one.network, one.start) for one in (own, other))
    return len(set(asked)) == 1 and (own.target == other.target or "<<" in known.question)


def _experiment_of(assignment: Assignment, part_id: str) -> Experiment | None:
    return next((e for e in assignment.experiments if e.part_id == part_id), None)
