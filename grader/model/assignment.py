"""An offering of the assignment: its parts, points, deadline and experiments, read from TOML.

Unknown keys are errors: a misspelt `weigth` must not change a grade in silence.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from reference.errors import ConfigError

if TYPE_CHECKING:
    from reference.steps import StepConfig

Course: TypeAlias = Literal["6.819", "6.869"]
"""Variant of the course."""

DEFAULT_ASSIGNMENT = "pset4_sp21"
"""Name of the file that is used where none is named."""

_STRICT = ConfigDict(extra="forbid")
_UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})
_MISSING_KEY = frozenset({"missing", "missing_argument", "missing_keyword_only_argument"})


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class LatePolicy:
    """What a late hand-in costs."""

    days: int = Field(gt=0)
    """Days, rounded up, that are still accepted."""
    coefficient_at_last_day: float = Field(ge=0, le=1)
    """Coefficient on that day; linear from 1 before it, 0 after it."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Problem:
    """A numbered problem of the handout."""

    number: int
    """Number in the handout."""
    title: str
    """Title in the handout."""
    points: float = Field(gt=0)
    """Points of all its parts together, without bonus."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class CheckWeight:
    """One check of a part."""

    id: str
    """Name in the registry of checks."""
    weight: float = Field(gt=0)
    """Share of the part's points, relative to the part's other checks."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Part:
    """One lettered part of a problem."""

    id: str
    """Such as `4a`."""
    title: str
    """One line."""
    question: str = ""
    """Markdown, for students' reports; where it is empty, 2021's question of this id stands."""
    problem: int
    """Number of the problem."""
    required_for: tuple[Course, ...]
    """Courses that must answer it."""
    kind: Literal["auto", "human", "mixed"]
    """Who decides it: checks, a person, or checks if there is code and a person if not."""
    checks: tuple[CheckWeight, ...] = Field(min_length=1)
    """What decides it."""
    bonus_points: float = Field(default=0.0, ge=0)
    """Points on top of the problem's; above 0 makes it a bonus part."""
    anchors: tuple[str, ...] = ()
    """Names and texts of the notebook by which its cells are found."""
    notes: str = ""
    """For staff, beside a written answer: what it is to be compared with."""
    compare_with: Literal["", "convolution", "distances"] = ""
    """What staff see beside a written answer, from the run: the convention of the student's
    convolution, or how far the attacks of the parts `compared` moved; empty for nothing."""
    compared: tuple[str, ...] = ()
    """Parts whose attacks are compared, where `compare_with` is `distances`."""

    @property
    def bonus(self) -> bool:
        """Whether its points are on top of the maximum."""
        return self.bonus_points > 0


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Experiment:
    """One optimisation of an input that the handout asks for, as the course's notebook sets it."""

    part_id: str
    """Part that it belongs to."""
    objective: Literal["log_probability", "layer_norm", "feature_distance"]
    """A class's log-probability or the l2 norm of a layer's output, to climb; or the l2 distance
    of a layer's output to that for the corgi, to descend."""
    network: Literal["pretrained", "robust"]
    """Which ResNet-50."""
    space: Literal["normalised", "pixels"]
    """Where x lives: ImageNet-normalised, or pixels in [0, 1]."""
    start: Literal["corgi", "random"]
    """Image at the start."""
    step_size: float = Field(gt=0)
    """Factor of the scaled direction, in units of `space`."""
    norm: Literal["l2", "abs"]
    """How a direction is scaled: to l2 norm 1, or to mean absolute value 1."""
    n_steps: int = Field(gt=0)
    """Number of steps."""
    target: int | None = Field(default=None, ge=0, lt=1000)
    """ImageNet id of the class; None unless the objective is `log_probability`."""
    eps_l2: float | None = Field(default=None, gt=0)
    """Radius of the l2 ball round the start, in units of `space`; None for no ball."""
    layers: tuple[int, ...] = ()
    """Ids that the notebook's `model_layer` takes; empty for `log_probability`."""
    different_objectives: int = Field(default=1, ge=1)
    """How many different objectives the part asks for."""
    repeat_if_overwritten: bool = False
    """Whether the student's own attack is run once more where its target was overwritten."""

    @property
    def step(self) -> StepConfig:
        """Settings of its steps."""
        from reference.images import Space  # imports torch: whoever adds up points needs it not
        from reference.steps import Norm, StepConfig

        return StepConfig(
            step_size=self.step_size,
            space=Space(self.space),
            eps_l2=self.eps_l2,
            norm=Norm(self.norm),
        )


@dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class Assignment:
    """One offering, checked: every id is unique and every reference leads somewhere."""

    name: str
    """Name of the file without suffix."""
    title: str
    """Title for reports."""
    courses: tuple[Course, ...] = Field(min_length=1)
    """Variants of the course."""
    deadline: datetime
    """Local time in `time_zone`, without offset; see `due`."""
    time_zone: str
    """IANA name."""
    late: LatePolicy
    """What a late hand-in costs."""
    problems: tuple[Problem, ...] = Field(min_length=1)
    """In the handout's order."""
    parts: tuple[Part, ...] = Field(min_length=1)
    """In the handout's order."""
    experiments: tuple[Experiment, ...]
    """One per part that optimises an input towards a fixed aim."""
    sha256: str
    """Digest of the file, hexadecimal."""
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


def parse_course(text: str) -> Course:
    """Return the course that `text` names.

    Raises:
        ConfigError: it names none.
    """
    known = get_args(Course)
    if text not in known:
        raise ConfigError(f"course: expected {' or '.join(known)}, found {text!r}")
    return cast(Course, text)


def load_assignment(name: str = DEFAULT_ASSIGNMENT) -> Assignment:
    """Read an assignment by the name of a file of the grader's own, or by a path to a `.toml`.

    Raises:
        ConfigError: there is no such file, or it does not hold an assignment.
    """
    packaged = resources.files("grader.model") / "offerings" / f"{name}.toml"
    source = Path(name) if name.endswith(".toml") else packaged
    try:
        data = source.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"assignment {name!r}: expected a name such as {DEFAULT_ASSIGNMENT!r} or the path of a "
            f".toml file, found none that can be read ({error.strerror})"
        ) from error
    return parse_assignment(data, where=source.name)


def parse_assignment(data: bytes, *, where: str) -> Assignment:
    """Return the assignment that the TOML text `data` holds; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown or missing key, a wrong value, or a reference to nothing.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{where}: expected TOML in UTF-8, found: {error}") from error
    if "sha256" in table:
        raise ConfigError(f"{where}: sha256: unknown key; it is computed, take it out")
    experiments = table.get("experiments", {})
    if not isinstance(experiments, Mapping) or not all(
        isinstance(entry, Mapping) and "part_id" not in entry for entry in experiments.values()
    ):
        raise ConfigError(f"{where}: experiments: expected tables such as [experiments.4a]")
    rows = [{**entry, "part_id": part_id} for part_id, entry in experiments.items()]
    try:
        assignment = _ADAPTER.validate_python(
            {**table, "experiments": rows, "sha256": hashlib.sha256(data).hexdigest()}
        )
    except ValidationError as error:
        raise ConfigError(_sentence(where, error, tuple(experiments))) from error
    _check(assignment, where)
    return assignment


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
    return f"{place}: {first['msg']}, found {first['input']!r}"


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
    _refuse_repeats(f"{where}: problems.number", (p.number for p in assignment.problems))
    _refuse_repeats(f"{where}: parts.id", (p.id for p in assignment.parts))
    for index, part in enumerate(assignment.parts):
        _check_part(part, assignment, f"{where}: parts[{index}]")
    for problem in assignment.problems:
        for course in assignment.courses:
            if not any(
                p.problem == problem.number and course in p.required_for for p in assignment.parts
            ):
                raise ConfigError(
                    f"{where}: problem {problem.number} has points but no part for {course}"
                )
    ids = {part.id for part in assignment.parts}
    for experiment in assignment.experiments:
        _check_experiment(experiment, ids, where)
    for index, part in enumerate(assignment.parts):
        _check_compared(part, assignment, f"{where}: parts[{index}]")


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
