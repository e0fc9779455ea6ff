"""What only the checks and PyTorch know, asked of the process that has both.

So whoever strings the stages together needs neither, and is there seconds earlier.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from grader.bounded.limits import ASKING, MODULES
from grader.model.assignment import Assignment
from grader.model.records import ProbeSpec
from grader.model.records.codec import from_json, to_json
from grader.model.stage_keys import GraderKeys, grader_keys
from grader.planning.standard import Standard, open_standard
from grader.sandbox.apart import Ended, Tell, call_apart
from grader.sandbox.apart_server import GPU
from reference.errors import GraderFault

SEED_OF_KEYS = 0
"""Seed of the questions that stand for those of any run."""
SEED_BITS = 31
MOST_AHEAD = 16
"""Runs whose seeds and questions are drawn with those of one."""
OFFERINGS = 8
"""Offerings, or parts of one, whose answers are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What one run asks of the student's functions."""

    seed: int
    """Of its hidden inputs."""
    probes: tuple[ProbeSpec, ...]
    """Drawn from it."""


@dataclass(slots=True, kw_only=True)
class _Known:
    """What has been answered about an offering."""

    assignment: Assignment
    of_any_run: tuple[ProbeSpec, ...]
    parts_of_runs: frozenset[str]
    ahead: list[Questions] = field(default_factory=list)
    drawn: int = 0


_known: list[_Known] = []
_devices: dict[str, str] = {}


def standard(assignment: Assignment, bundle_name: str) -> Standard:
    """Open what submissions of the assignment are judged by.

    Raises:
        ConfigError: bundle, expected outputs, checks and assignment do not go together.
        GraderFault: there is no process to ask.
    """
    _about(assignment)
    return open_standard(assignment, bundle_name)


def keys_of(judged_by: Standard) -> GraderKeys:
    """Return the keys of what the grader brings to every submission today."""
    questions = _about(judged_by.assignment).of_any_run
    return grader_keys(judged_by.assignment, judged_by.bundle, questions, judged_by.expected)


def parts_of_runs(assignment: Assignment) -> frozenset[str]:
    """Return the parts of an offering that are judged by optimizations of an image."""
    return _about(assignment).parts_of_runs


def questions(assignment: Assignment, seed: int | None) -> Questions:
    """Return what a run asks.

    Args:
        assignment: The offering.
        seed: Of the hidden inputs; None for a fresh one.
    """
    known = _about(assignment)
    if seed is not None:
        return _drawn(assignment, (seed,))[0]
    if not known.ahead:
        number = min(known.drawn + 1, MOST_AHEAD)  # a single run waits for its own only
        seeds = tuple(secrets.randbits(SEED_BITS) for _ in range(number))
        known.ahead += _drawn(assignment, seeds)
        known.drawn += number
    return known.ahead.pop()


def device_of(name: str) -> str:
    """Return the device, `cpu` or `cuda`, that a wish means on this machine.

    Raises:
        ConfigError: unknown name, or `cuda` on a machine without a usable GPU.
    """
    if name == "cpu" or (name == "auto" and not GPU):
        return "cpu"
    if name not in _devices:
        _devices[name] = str(_answered("device", name))
    return _devices[name]


def _about(assignment: Assignment) -> _Known:
    for known in _known:
        if known.assignment == assignment:
            return known
    told = _answered("offering", assignment)
    known = _Known(
        assignment=assignment,
        of_any_run=_probes(told["probes"]),
        parts_of_runs=frozenset(told["parts_of_runs"]),
    )
    _known.insert(0, known)
    del _known[OFFERINGS:]
    return known


def _drawn(assignment: Assignment, seeds: tuple[int, ...]) -> list[Questions]:
    told = _answered("questions", (assignment, seeds))
    return [
        Questions(seed=seed, probes=_probes(probes))
        for seed, probes in zip(seeds, told, strict=True)
    ]


def _probes(told: Iterable[str]) -> tuple[ProbeSpec, ...]:
    return tuple(from_json(ProbeSpec, one, where="a question") for one in told)


def _answered(what: str, about: object) -> Any:
    words: list[str] = []
    ended = call_apart(_answer, (what, about), ASKING, modules=MODULES, on_word=words.append)
    if ended is not Ended.WELL or not words:
        raise GraderFault(
            f"The process in which submissions are judged gave no answer ({ended.value}). "
            "Nothing was graded; try again."
        )
    return json.loads(words[-1])


def _answer(tell: Tell, what: str, about: Any) -> None:
    """Tell what is asked, as JSON. Runs apart."""
    from grader.checks.offering import validate_offering
    from grader.checks.registry import parts_of_runs, probes_of
    from reference.device import choose_device

    match what:
        case "offering":
            validate_offering(about)
            probes = [to_json(one) for one in probes_of(about, SEED_OF_KEYS)]
            answer: Any = {"probes": probes, "parts_of_runs": sorted(parts_of_runs(about))}
        case "questions":
            assignment, seeds = about
            answer = [[to_json(one) for one in probes_of(assignment, seed)] for seed in seeds]
        case _:
            answer = choose_device(about).type
    tell(json.dumps(answer))
