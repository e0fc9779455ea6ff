"""The record of an offering, with all that grading needs; `grader.model.assignment` reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic.dataclasses import dataclass

from grader.model.offering_records import STRICT, Course, Experiment, LatePolicy, Part, Problem
from grader.model.records import Rubric
from grader.model.template import TemplateCell
from reference.errors import ConfigError


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
    made_for: str = ""
    """Offering that this notebook names: another where it is that one's (`notebook`)."""
    rubrics: tuple[Rubric, ...] = ()
    """What people give points for (`rubrics.toml`); where it has none, those of the same parts of
    the offering that it is like, or whose notebook is used."""
    notebook: str = ""
    """Offering whose notebook is used; empty for its own, or the default one's."""
    like: str = ""
    """Offering whose master, questions and rubrics stand for those that this one lacks."""
    dates_in_notebook: bool = False
    """Whether the notebook says the deadline and the points of the problems."""
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
