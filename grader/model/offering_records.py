"""What an offering consists of: late policy, problems, parts and experiments."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from reference.run_records import Norm, Space, StepConfig

Course: TypeAlias = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")]
"""Number of the course under which a student takes it; an offering says which there are."""

PartId: TypeAlias = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]*$")]
"""Name of a part; a bare key of TOML, since `grades.toml` has a table of that name."""

STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""Unknown keys are errors, and numbers are finite."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class LatePolicy:
    """What a late submission costs."""

    days: int = Field(gt=0)
    """Days, rounded up, that are still accepted."""
    coefficient_at_last_day: float = Field(ge=0, le=1)
    """Coefficient on that day; linear from 1 before it, 0 after it."""
    whole_minute: bool = True
    """Whether the deadline's whole minute is in time: 23:59:30 for a deadline of 23:59."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Problem:
    """A numbered problem of the handout."""

    number: int
    """Number in the handout."""
    title: str
    """Title in the handout."""
    points: float = Field(gt=0)
    """Points of all its parts together, without bonus."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class CheckWeight:
    """One check of a part."""

    id: str
    """Name in the registry of checks."""
    weight: float = Field(gt=0)
    """Share of the part's points, relative to the part's other checks."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Part:
    """One lettered part of a problem."""

    id: PartId
    """Such as `4a`."""
    title: str
    """One line."""
    question: str = ""
    """Markdown, for reports. Where the file has none, that of the same part (title, aim of its
    experiment) of the offering that this one is like, or whose notebook is used."""
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


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
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
    layers: tuple[Annotated[int, Field(ge=0, le=3)], ...] = ()
    """Ids that the notebook's `model_layer` takes, 0 to 3; empty for `log_probability`."""
    different_objectives: int = Field(default=1, ge=1)
    """How many different objectives the part asks for."""
    repeat_if_overwritten: bool = False
    """Whether the student's own attack is run once more where its target was overwritten."""

    @property
    def step(self) -> StepConfig:
        """Settings of its steps."""
        return StepConfig(
            step_size=self.step_size,
            space=Space(self.space),
            eps_l2=self.eps_l2,
            norm=Norm(self.norm),
        )
