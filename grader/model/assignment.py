"""An offering of the assignment: parts, points, deadline, questions, experiments, its notebook.

The record holds everything that grading needs of an offering: a worker on another machine gets it
whole. Unknown keys are errors: a misspelt `weigth` must not change a grade in silence.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from grader.model.offering_files import (
    CHECKS,
    DEFAULT_ASSIGNMENT,
    MESSAGES,
    RELEASE,
    RUBRICS,
    SOLVED,
    Place,
    find_offering,
    notebook_folder,
    read_file,
    read_own,
    refuse_taken_name,
)
from grader.model.offering_records import (
    STRICT,
    CheckWeight,
    Course,
    Experiment,
    LatePolicy,
    Part,
    Problem,
)
from grader.model.offering_rubrics import parse_rubrics
from grader.model.records import Rubric
from grader.model.renamed_checks import with_present_names
from grader.model.template import TemplateCell, parse_template
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
    "parse_assignment",
    "parse_course",
    "solved_notebook",
]

_COMPUTED = ("sha256", "template", "own_checks", "own_messages", "rubrics")
"""Fields of the record that are no keys of the file."""

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


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Assignment:
    """One offering, checked: every id is unique and every reference leads somewhere."""

    name: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")]
    """Name of the folder, or of the file without suffix."""
    title: str
    """Title for reports."""
    courses: tuple[Course, ...] = Field(min_length=1)
    """Courses that take it; the last is meant where none is named."""
    deadline: datetime
    """Local time in `time_zone`, without offset; see `due`."""
    time_zone: str
    """IANA name."""
    late: LatePolicy
    """What a late submission costs."""
    problems: tuple[Problem, ...] = Field(min_length=1)
    """In the handout's order."""
    parts: tuple[Part, ...] = Field(min_length=1)
    """In the handout's order."""
    experiments: tuple[Experiment, ...]
    """One per part that optimises an input towards a fixed aim."""
    sha256: str
    """Digest of its files, hexadecimal."""
    template: tuple[TemplateCell, ...]
    """Cells of the notebook that students get."""
    rubrics: tuple[Rubric, ...] = ()
    """What people give points for (`rubrics.toml`); where it has none, those of the same parts of
    the offering whose notebook is used."""
    notebook: str = ""
    """Offering whose notebook is used; empty for its own, or the default one's."""
    own_checks: str = ""
    """Source of its own checks (`checks.py`); empty where it has none."""
    own_messages: str = ""
    """Sentences that its own checks say (`messages.toml`); empty where it has none."""
    course_files: Mapping[str, str] = field(default_factory=dict, hash=False)
    """URL that notebooks fetch from, to the file's path below the bundle's folder."""
    credit: Mapping[str, Mapping[str, Annotated[float, Field(ge=0, le=1)]]] = field(
        default_factory=dict, hash=False
    )
    """Check, then fault, to the share of the check's points that is left (`checks.credit`)."""
    short_cuts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """Check to the library functions that answer its question by themselves: staff is told."""

    @property
    def due(self) -> datetime:
        """The deadline with its offset."""
        return self.deadline.replace(tzinfo=ZoneInfo(self.time_zone))

    def part(self, part_id: str) -> Part:
        """Return the part of that id.

        Raises:
            ConfigError: there is none.
        """
        for part in self.parts:
            if part.id == part_id:
                return part
        known = ", ".join(part.id for part in self.parts)
        raise ConfigError(f"{self.name}: expected one of the parts {known}, found {part_id!r}")

    def experiment(self, part_id: str) -> Experiment:
        """Return the experiment of that part.

        Raises:
            ConfigError: the part has none.
        """
        for experiment in self.experiments:
            if experiment.part_id == part_id:
                return experiment
        raise ConfigError(
            f"{self.name}: expected an experiment of part {part_id!r}, found none; "
            f"add [experiments.{part_id}] to the assignment file"
        )

    def max_points(self, part_id: str, course: Course) -> float:
        """Return the points to be had for a part: its even share of its problem, or its bonus.

        0 for a part that the course does not require and that is no bonus.
        """
        part = self.part(part_id)
        if part.bonus:
            return part.bonus_points
        if course not in part.required_for:
            return 0.0
        sharing = [
            other
            for other in self.parts
            if other.problem == part.problem and course in other.required_for and not other.bonus
        ]
        points = next(p.points for p in self.problems if p.number == part.problem)
        return points / len(sharing)

    def max_total(self, course: Course) -> float:
        """Return the points to be had without bonus."""
        return math.fsum(self.max_points(part.id, course) for part in self.parts if not part.bonus)


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
        ConfigError: there is none, a file is missing, or it does not hold an assignment.
    """
    place = find_offering(name)
    return _parse(read_file(place.toml), place.where, place)


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
    return _parse(data, where, None)


def _parse(data: bytes, where: str, place: Place | None) -> Assignment:
    table = _table(data, where)
    named = table.get("notebook")
    folder = notebook_folder(named, place, where)
    release = read_file(folder / RELEASE)
    checks, messages = read_own(CHECKS, place), read_own(MESSAGES, place)
    rubrics = read_own(RUBRICS, place)
    entries = table["experiments"]
    computed = {
        "rubrics": parse_rubrics(rubrics, where=RUBRICS),
        "experiments": [{**entry, "part_id": part_id} for part_id, entry in entries.items()],
        "sha256": _digest(data, release, checks, messages, *([rubrics] if rubrics else [])),
        "template": parse_template(release, where=f"{folder.name}/{RELEASE}"),
        "own_checks": checks.decode("utf-8", errors="replace"),
        "own_messages": messages.decode("utf-8", errors="replace"),
    }
    try:
        assignment = _ADAPTER.validate_python({**table, **computed})
    except ValidationError as error:
        raise ConfigError(_sentence(where, error, tuple(entries))) from error
    _check(assignment, where)
    if place is not None:
        refuse_taken_name(assignment.name, place)
    own = place is not None and place.folder == folder
    return assignment if own else _with_questions_of(assignment, load_assignment(str(folder)))


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
    """Take over questions and rubrics of parts that are the same in another offering."""
    same = {
        part.id: known
        for part in assignment.parts
        for known in other.parts
        if (part.id, part.title) == (known.id, known.title)
        and _experiment_of(assignment, part.id) == _experiment_of(other, part.id)
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


def _experiment_of(assignment: Assignment, part_id: str) -> Experiment | None:
    return next((e for e in assignment.experiments if e.part_id == part_id), None)


def _sentence(where: str, error: ValidationError, experiments: tuple[str, ...]) -> str:
    """Name the problem that explains most, by its full key path."""
    found = sorted(error.errors(), key=lambda entry: entry["type"] not in _UNKNOWN_KEY)
    first = found[0]
    path = list(first["loc"])
    if path[0] == "experiments" and len(path) > 1 and isinstance(path[1], int):
        path[1] = experiments[path[1]]
    keys = ""
    for key in path:
        keys += f"[{key}]" if isinstance(key, int) else f".{key}"
    place = f"{where}: {keys.lstrip('.')}"
    if first["type"] in _UNKNOWN_KEY:
        return f"{place}: unknown key; mind the spelling, or take it out"
    if first["type"] in _MISSING_KEY:
        return f"{place}: expected this key, found none; add it"
    found_there = repr(first["input"])[:_MOST_OF_A_VALUE]
    expected = _EXPECTED.get(first["type"], "")
    if expected:
        return f"{place}: expected {expected}, found {found_there}"
    message = re.sub(r"^(Input|String|Value|Tuple) should ", "should ", first["msg"])
    return f"{place}: {message}, found {found_there}"


def _check(assignment: Assignment, where: str) -> None:
    """Refuse what has the right form but makes no sense."""
    try:
        ZoneInfo(assignment.time_zone)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ConfigError(
            f"{where}: time_zone: expected an IANA name such as America/New_York, "
            f"found {assignment.time_zone!r}"
        ) from error
    if assignment.deadline.tzinfo is not None:
        raise ConfigError(
            f"{where}: deadline: expected a local time without offset, "
            f"found {assignment.deadline.isoformat()}"
        )
    _refuse_repeats(f"{where}: courses", assignment.courses)
    _refuse_repeats(f"{where}: problems.number", (p.number for p in assignment.problems))
    _refuse_repeats(f"{where}: parts.id", (p.id for p in assignment.parts))
    ids = {part.id for part in assignment.parts}
    for rubric in assignment.rubrics:
        if rubric.part_id not in ids:
            raise ConfigError(f"{where}: {RUBRICS}: there is no part {rubric.part_id!r}")
    for experiment in assignment.experiments:
        _check_experiment(experiment, ids, where)
    for index, part in enumerate(assignment.parts):
        _check_part(part, assignment, f"{where}: parts[{index}]")
        _check_compared(part, assignment, f"{where}: parts[{index}]")
    for problem in assignment.problems:
        for course in assignment.courses:
            if not any(
                p.problem == problem.number and course in p.required_for for p in assignment.parts
            ):
                raise ConfigError(
                    f"{where}: problem {problem.number} has points but no part for {course}"
                )


def _check_part(part: Part, assignment: Assignment, place: str) -> None:
    _refuse_repeats(f"{place}.checks.id", (check.id for check in part.checks))
    if part.problem not in {problem.number for problem in assignment.problems}:
        raise ConfigError(f"{place}.problem: there is no problem {part.problem}")
    if part.bonus and part.required_for:
        raise ConfigError(f"{place}.required_for: a bonus part cannot be required")
    for course in part.required_for:
        if course not in assignment.courses:
            raise ConfigError(f"{place}.required_for: {course} is not among `courses`")


def _check_compared(part: Part, assignment: Assignment, place: str) -> None:
    if bool(part.compared) != (part.compare_with == "distances"):
        raise ConfigError(f'{place}.compared: expected parts where compare_with is "distances"')
    experiments = {experiment.part_id for experiment in assignment.experiments}
    for other in part.compared:
        if other not in experiments:
            raise ConfigError(f"{place}.compared: part {other!r} has no experiment")


def _check_experiment(experiment: Experiment, part_ids: set[str], where: str) -> None:
    place = f"{where}: experiments.{experiment.part_id}"
    if experiment.part_id not in part_ids:
        raise ConfigError(f"{place}: there is no such part")
    if experiment.objective == "log_probability" and experiment.target is None:
        raise ConfigError(f"{place}.target: expected the id of a class, found none")
    if experiment.objective != "log_probability" and not experiment.layers:
        raise ConfigError(f"{place}.layers: expected ids of layers, found none")


def _refuse_repeats(place: str, values: Iterable[str | int]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise ConfigError(f"{place}: {repeated[0]!r} is there twice")
