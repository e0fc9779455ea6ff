"""What is wrong with the file of an offering, in sentences: all of it at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from grader.model.assignment_record import Assignment
from grader.model.offering_files import RUBRICS
from grader.model.offering_records import Experiment, Part
from reference.errors import ConfigError

_EXPECTED = {
    "bool_parsing": "true or false",
    "dataclass_type": 'a table, such as { id = "prose", weight = 1.0 } for a check',
    "datetime_from_date_parsing": "a day and a time, such as 2021-03-31T23:59:00",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "string_pattern_mismatch": "letters and digits, with - or _ between them and no space",
    "string_type": "text in quotes",
    "tuple_type": "a list",
}
"""Pydantic's kinds of errors in the words of a TOML file; for others its own words do."""
_MOST_OF_A_VALUE = 80

_UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})
_MISSING_KEY = frozenset({"missing", "missing_argument", "missing_keyword_only_argument"})


class OfferingFaults(ConfigError):
    """An offering cannot be used; the message is the first of its faults."""

    def __init__(self, sentences: Sequence[str], assignment: Assignment | None = None) -> None:
        super().__init__(sentences[0])
        self.sentences = tuple(sentences)
        """Every fault that was found, the one that explains most first."""
        self.assignment = assignment
        """The offering, where all of it has the right form: whoever looks for more can go on."""


def form_faults(where: str, error: ValidationError, experiments: Sequence[str]) -> list[str]:
    """Say what of a file has not the form that it must have, by full key paths.

    Args:
        where: Names the file.
        error: What pydantic found.
        experiments: Parts of the tables `[experiments.<part>]`, in the file's order.
    """
    found = sorted(error.errors(), key=lambda entry: entry["type"] not in _UNKNOWN_KEY)
    return [_sentence(where, entry, experiments) for entry in found]


def _sentence(where: str, found: ErrorDetails, experiments: Sequence[str]) -> str:
    path = list(found["loc"])
    if path[0] == "experiments" and len(path) > 1 and isinstance(path[1], int):
        path[1] = experiments[path[1]]
    keys = ""
    for key in path:
        keys += f"[{key}]" if isinstance(key, int) else f".{key}"
    place = f"{where}: {keys.lstrip('.')}"
    if found["type"] in _UNKNOWN_KEY:
        return f"{place}: unknown key; mind the spelling, or take it out"
    if found["type"] in _MISSING_KEY:
        return f"{place}: expected this key, found none; add it"
    found_there = repr(found["input"])[:_MOST_OF_A_VALUE]
    expected = _EXPECTED.get(found["type"], "")
    if expected:
        return f"{place}: expected {expected}, found {found_there}"
    message = re.sub(r"^(Input|String|Value|Tuple) should ", "should ", found["msg"])
    return f"{place}: {message}, found {found_there}"


def sense_faults(assignment: Assignment, where: str) -> Iterator[str]:
    """Say what has the right form but makes no sense, or leads nowhere."""
    yield from _time_faults(assignment, where)
    yield from _repeats(f"{where}: courses", assignment.courses)
    yield from _repeats(f"{where}: problems.number", (p.number for p in assignment.problems))
    yield from _repeats(f"{where}: parts.id", (p.id for p in assignment.parts))
    ids = {part.id for part in assignment.parts}
    for rubric in assignment.rubrics:
        if rubric.part_id not in ids:
            yield f"{where}: {RUBRICS}: there is no part {rubric.part_id!r}; take its rubric out"
    for experiment in assignment.experiments:
        yield from _experiment_faults(experiment, ids, where)
    for index, part in enumerate(assignment.parts):
        yield from _part_faults(part, assignment, f"{where}: parts[{index}]")
        yield from _compared_faults(part, assignment, f"{where}: parts[{index}]")
    for problem in assignment.problems:
        for course in assignment.courses:
            if not any(
                p.problem == problem.number and course in p.required_for for p in assignment.parts
            ):
                yield f"{where}: problem {problem.number} has points but no part for {course}"


def _time_faults(assignment: Assignment, where: str) -> Iterator[str]:
    try:
        ZoneInfo(assignment.time_zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        yield (
            f"{where}: time_zone: expected an IANA name such as America/New_York, "
            f"found {assignment.time_zone!r}"
        )
    if assignment.deadline.tzinfo is not None:
        yield (
            f"{where}: deadline: expected a local time without offset, "
            f"found {assignment.deadline.isoformat()}"
        )


def _part_faults(part: Part, assignment: Assignment, place: str) -> Iterator[str]:
    yield from _repeats(f"{place}.checks.id", (check.id for check in part.checks))
    if part.problem not in {problem.number for problem in assignment.problems}:
        yield f"{place}.problem: there is no problem {part.problem}"
    if part.bonus and part.required_for:
        yield f"{place}.required_for: a bonus part cannot be required"
    for course in part.required_for:
        if course not in assignment.courses:
            yield f"{place}.required_for: {course} is not among `courses`"


def _compared_faults(part: Part, assignment: Assignment, place: str) -> Iterator[str]:
    if bool(part.compared) != (part.compare_with == "distances"):
        yield f'{place}.compared: expected parts where compare_with is "distances"'
    experiments = {experiment.part_id for experiment in assignment.experiments}
    for other in part.compared:
        if other not in experiments:
            yield f"{place}.compared: part {other!r} has no experiment"


def _experiment_faults(experiment: Experiment, part_ids: set[str], where: str) -> Iterator[str]:
    place = f"{where}: experiments.{experiment.part_id}"
    if experiment.part_id not in part_ids:
        yield f"{place}: there is no such part"
    if experiment.objective == "log_probability" and experiment.target is None:
        yield f"{place}.target: expected the id of a class, found none"
    if experiment.objective != "log_probability" and not experiment.layers:
        yield f"{place}.layers: expected ids of layers, found none"


def _repeats(place: str, values: Iterable[str | int]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{place}: {value!r} is there twice"
