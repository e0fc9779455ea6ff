"""`grader offering check`: whether all that an offering consists of goes together, told at once.

Grading stops at the first fault, and finds some only when a student's answer is judged. Here
nothing is run and nothing is written; `grader.offering.solved_run` runs the solved notebook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from grader.checks.offering import offering_faults
from grader.model.assignment import load_assignment, load_facts, open_ends
from grader.model.assignment_record import Assignment
from grader.model.offering_faults import OfferingFaults
from grader.model.offering_files import (
    MASTER,
    RUBRICS,
    Place,
    find_offering,
    read_file,
    refuse_taken_name,
)
from grader.model.offering_records import Experiment, Part
from grader.model.offering_texts import course_url, facts_of
from grader.offering.lines import with_line
from grader.offering.notebooks import notebook_texts
from grader.planning.reference_runs import runs_lacking
from grader.planning.standard import course_file_faults
from reference.errors import ConfigError
from reference.expected import load_expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found."""

    assignment: Assignment | None
    """The offering; None where its file cannot be read as one."""
    faults: tuple[str, ...]
    """What must be mended, a sentence each: where, what was expected and found, what to do."""
    lacking: tuple[str, ...]
    """Experiments that the reference has to be run with, on each machine that grades."""
    remarks: tuple[str, ...]
    """What may be meant so."""


def check_offering(name: str, bundle_name: str) -> Checked:
    """Look at everything of an offering, and say all that does not go together.

    Args:
        name: Of the offering, or its folder.
        bundle_name: Bundle whose expected outputs its experiments are compared with.

    Raises:
        ConfigError: there is no such offering, or no such bundle.
    """
    place = find_offering(name)
    data = read_file(place.toml)
    text = data.decode("utf-8", errors="replace")
    faults = [f"{place.where}:{line}: {what}" for line, what in open_ends(data)]
    assignment: Assignment | None = None
    found: tuple[str, ...] = ()
    try:
        assignment = _read(place, name)
    except OfferingFaults as error:
        assignment, found = error.assignment, error.sentences
    except ConfigError as error:
        found = (str(error),)
    lacking: tuple[str, ...] = ()
    if assignment is not None:
        found += tuple(_faults(assignment, place))
        advice = f"run it: `grader offering check {name} --run --bundle {bundle_name}`"
        found_lacking = runs_lacking(load_expected(bundle_name), assignment)
        lacking = tuple(f"{one}; {advice}" for one in found_lacking)
    own = assignment.name if assignment is not None else ""
    faults += [with_line(one, place.where, own, text) for one in found]
    return Checked(
        assignment=assignment,
        faults=tuple(dict.fromkeys(faults)),
        lacking=tuple(with_line(one, place.where, own, text) for one in lacking),
        remarks=tuple(_remarks(assignment)) if assignment is not None and not faults else (),
    )


def _read(place: Place, name: str) -> Assignment:
    return load_facts(place) if has_master(place) else load_assignment(name)


def has_master(place: Place) -> bool:
    """Whether the offering's notebooks are made of a master, its own or that of another."""
    if place.folder is None:
        return False
    return (place.folder / MASTER).is_file() or not re.search(
        rb"^notebook\s*=", read_file(place.toml), re.MULTILINE
    )


def _faults(assignment: Assignment, place: Place) -> Iterator[str]:
    try:
        refuse_taken_name(assignment.name, place)
    except ConfigError as error:
        yield str(error)
    yield from offering_faults(assignment)
    yield from course_file_faults(assignment)
    for part in assignment.parts:
        yield from _text_faults(part, assignment)
    rubrics = {rubric.part_id for rubric in assignment.rubrics}
    for part in assignment.parts:
        if part.kind != "auto" and part.id not in rubrics:
            yield (
                f"{assignment.name}: part {part.id}: expected a rubric, since a person may have to "
                f"grade it, found none; add [{part.id}] to {RUBRICS}"
            )
    if has_master(place) and place.folder is not None:
        yield from _notebook_faults(assignment, place.folder)


def _text_faults(part: Part, assignment: Assignment) -> Iterator[str]:
    """Say where a part's title and question do not name what its experiment aims at."""
    where = f"{assignment.name}: part {part.id}"
    if not part.question:
        yield f"{where}: question: expected the question, for reports, found none; add it"
    found = next((e for e in assignment.experiments if e.part_id == part.id), None)
    if found is None or found.target is None:
        return
    name = facts_of(assignment, part.id)["target_name"]
    text = f"{part.title} {part.question}"
    if name.lower() not in text.lower():
        yield (
            f"{where}: expected a title or a question that names its target, {name} (class "
            f"{found.target}), found {part.title!r}; write << target_name >> where the name stands"
        )
    for number in re.findall(r"\bclass (\d+)", text):
        if int(number) != found.target:
            yield (
                f"{where}: question: expected class {found.target}, its experiment's target, "
                f"found class {number}; write << target >>"
            )


def _notebook_faults(assignment: Assignment, folder: Path) -> Iterator[str]:
    """Say where the notebook does not go with the offering's file."""
    if assignment.course_files and not course_url(assignment.course_files):
        yield (
            f"{assignment.name}: course_files: expected the files of the course (files/…) in one "
            "folder of the web, found several, or none; the notebook fetches them from one"
        )
    try:
        texts = notebook_texts(folder, assignment)
    except OfferingFaults as error:
        yield from error.sentences
        return
    except ConfigError as error:
        yield str(error)
        return
    for path, made in texts.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != made:
            found = "another" if path.is_file() else "none"
            yield (
                f"{folder.name}/{path.name}: expected the notebook that master and file give, "
                f"found {found}; write it with `grader offering notebooks {folder}`"
            )
    _, solved = texts.values()
    yield from _cell_faults(assignment, solved)


def _cell_faults(assignment: Assignment, solved: str) -> Iterator[str]:
    """Say which anchors and targets the solved notebook has nowhere."""
    cells = nbformat.reads(solved, as_version=4).cells  # type: ignore[no-untyped-call]
    code = [cell for cell in cells if cell.cell_type == "code"]
    for part in assignment.parts:
        for anchor in part.anchors:
            if not any(anchor in cell.source for cell in code):
                yield (
                    f"{assignment.name}: part {part.id}: anchors: expected a name or a text of "
                    f"the solved notebook's code, found {anchor!r}"
                )
    for experiment in assignment.experiments:
        own = [
            cell.source
            for cell in code
            if cell.metadata.pset4.part == experiment.part_id and cell.metadata.pset4.kind == "run"
        ]
        if experiment.target is not None and not _aims(own, experiment):
            yield (
                f"{assignment.name}: experiments.{experiment.part_id}.target: expected a cell of "
                f"kind run that moves the picture toward class {experiment.target}, found none in "
                f"{MASTER}; write << target >> there"
            )


def _aims(sources: list[str], experiment: Experiment) -> bool:
    return any(re.search(rf"\b{experiment.target}\b", source) for source in sources)


def _remarks(assignment: Assignment) -> Iterator[str]:
    if assignment.due < datetime.now(UTC):
        yield f"The deadline is past: {facts_of(assignment)['due']}."
