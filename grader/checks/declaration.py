"""How a check declares itself: everything that other stages have to know of it, in one record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from grader.checks.context import CheckContext
from grader.checks.credit import Credit
from grader.checks.findings import Verdict
from grader.checks.sentences import sentences_of
from grader.model.records import Finding
from grader.planning.probes import Question

Judge: TypeAlias = Callable[[CheckContext, str], Verdict]
"""From the evidence and the part's id to a verdict. Pure; raises only for faults of ours."""


Asks: TypeAlias = Callable[[int], tuple[Question, ...]]
"""From the seed of the hidden inputs to what is asked."""


class Reads(StrEnum):
    """What a check looks at."""

    REPLIES = "replies"
    """What the student's functions returned for our inputs."""
    RUNS = "runs"
    """Recorded optimisations of an image."""
    PREDICTIONS = "predictions"
    """Recorded calls and states of the networks."""
    TEXT = "text"
    """Written answers and the report."""


class Basis(StrEnum):
    """Where what a check decides by comes from."""

    RECOMPUTED = "recomputed"
    """Computed anew on the host, from recorded pictures and trusted weights."""
    PROBED = "probed"
    """Returned by the student's function for inputs that the host drew, and compared there."""
    CLAIMED = "claimed"
    """Told by the kernel, and not to be computed from anything else."""
    READ = "read"
    """Written by the student: read by the grader or by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """Something that a check decides by."""

    on: Basis
    """Where it comes from."""
    what: str
    """What it is, as a phrase."""


UNCHANGED = Rests(
    on=Basis.PROBED, what="the arguments come back as they were sent, which the host compares"
)
"""Of every function of a layer."""

OBJECTIVE = Rests(
    on=Basis.RECOMPUTED,
    what="the objective, from the directions against trusted gradients at the recorded pictures",
)
"""Of every attack."""

STEPS = Rests(
    on=Basis.CLAIMED,
    what="that the pictures were made by steps of the code that the cell shows, and their number",
)
"""Of every optimization of a picture."""


def asks_nothing(seed: int) -> tuple[Question, ...]:  # noqa: ARG001
    """Return no question: for checks that look at what the notebook does by itself."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check. `CHECKS` of its module holds it; the registry finds it there."""

    id: str
    """Name by which offerings ask for it."""
    judge: Judge
    """Decides it."""
    reads: frozenset[Reads]
    """What it looks at."""
    rests: tuple[Rests, ...]
    """What its points rest on; `docs/evidence.md` is made of it.

    Where a notebook reaches into the recorders, a check that rests on a claim waits for a person.
    """
    credit: Credit = field(default_factory=dict)
    """By fault: its share of the points."""
    function: str = ""
    """The student's function that it judges; empty where it judges something else.

    Calls that it makes of the offering's `short_cuts` are told to staff.
    """
    probes: Asks = asks_nothing
    """What it asks of the student's functions."""
    objective: str = ""
    """Objective of the experiment that a part must have for it; empty where it needs none."""

    def __call__(self, context: CheckContext, part_id: str) -> Finding:
        """Judge a part, under this check's name."""
        return self.judge(context, part_id).finding(self.id, sentences_of(context.assignment))
