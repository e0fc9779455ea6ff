"""When the check in a pipeline is met: `--require structure|run|points=N`, by default all parts.

What each asks for:

    structure   a notebook with code and a report that opens, and no file of the submission left out
    run         the same, and every code cell ran to the end
    parts       (default) as `structure`, every part that checks alone can decide passes, and every
                part that people read has an answer to read
    points=N    at least N points are decided, late coefficient included; nothing else
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from grader.model.assignment import Assignment
from grader.model.records import Evidence, GradeSheet, Outcome, PartGrade, Severity, Submission
from grader.model.text import cell_number, format_points, one_line
from grader.outputs.gaps import Gap, messages
from grader.outputs.pages.words import CHIPS, part_label
from reference.errors import ConfigError

_TOLERANCE_POINTS = 1e-9
_MAX_REASONS_PER_KIND = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a pipeline asks of a submission."""

    kind: Literal["structure", "run", "parts", "points"]
    """Which of the four."""
    points: float = 0.0
    """For `points`: the least number of points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """Whether a submission meets a policy."""

    met: bool
    """Whether it does."""
    reasons: tuple[str, ...]
    """Why it does not, one sentence each; empty where it does."""
    grader_fault: bool = False
    """Whether a fault of ours stands in the way of an answer."""

    @property
    def exit_status(self) -> int:
        """0 where met, 1 where not, 3 where our own fault leaves it open."""
        if self.met:
            return 0
        return 3 if self.grader_fault else 1


def parse_policy(text: str | None) -> Policy:
    """Return the policy that `--require` names; the default for None.

    Raises:
        ConfigError: it names none.
    """
    if text is None or text == "parts":
        return Policy(kind="parts")
    if text == "structure":
        return Policy(kind="structure")
    if text == "run":
        return Policy(kind="run")
    key, _, number = text.partition("=")
    try:
        points = float(number)
    except ValueError:
        points = math.nan
    if key != "points" or not 0 <= points < math.inf:
        raise ConfigError(
            f"--require: expected structure, run, parts or points=N such as points=6.5, "
            f"found {text!r}"
        )
    return Policy(kind="points", points=points)


def evaluate(
    policy: Policy,
    assignment: Assignment,
    sheet: GradeSheet,
    submission: Submission,
    evidence: Evidence | None,
    gaps: Iterable[Gap] = (),
) -> PolicyResult:
    """Return whether a graded submission meets the policy.

    Args:
        policy: What is asked.
        assignment: Its parts.
        sheet: What the checks found.
        submission: What was handed in.
        evidence: What was seen in the run; None if nothing ran.
        gaps: What it lacks, as `find_gaps` tells it; only `parts` looks at it.
    """
    fault = False
    if policy.kind == "structure":
        reasons = _structure(submission)
    elif policy.kind == "run":
        reasons = _structure(submission) + _run(submission, evidence)
    elif policy.kind == "points":
        reasons = _points(policy.points, sheet)
        fault = any(part.outcome is Outcome.GRADER_FAULT for part in sheet.parts)
    else:
        automatic = _automatic(assignment, sheet)
        failing = _failing(automatic, assignment)
        lacking = [g for g in gaps if g.blocks and g.part_id not in failing]
        reasons = list(dict.fromkeys([*failing.values(), *messages(lacking)]))
        fault = any(part.outcome is Outcome.GRADER_FAULT for part in automatic)
    return PolicyResult(met=not reasons, reasons=tuple(reasons), grader_fault=fault)


def _structure(submission: Submission) -> list[str]:
    return [note.message for note in submission.notes if note.severity is Severity.ERROR]


def _run(submission: Submission, evidence: Evidence | None) -> list[str]:
    """Return a sentence for each code cell that did not run to the end."""
    if not submission.notebook_path:
        return []  # the structure says so already
    if evidence is None:
        return ["The notebook was not run."]
    runs = {run.cell_index: run for run in evidence.cells}
    reasons = []
    for cell in submission.cells:
        if cell.kind != "code" or not cell.source.strip():
            continue
        run = runs.get(cell.index)
        if run is None:
            reasons.append(f"Cell {cell_number(cell.index)} was not started.")
        elif run.outcome is not Outcome.PASS:
            error = one_line(f"{run.error_name} {run.error_message}")
            word = CHIPS[run.outcome].word.lower()
            reasons.append(f"Cell {cell_number(cell.index)}: {word}: {error}".rstrip(": "))
    more = len(reasons) - _MAX_REASONS_PER_KIND
    if more > 0:
        reasons[_MAX_REASONS_PER_KIND:] = [
            f"{more} more {'cell' if more == 1 else 'cells'} did not run to the end."
        ]
    return reasons


def _points(least: float, sheet: GradeSheet) -> list[str]:
    if sheet.total >= least - _TOLERANCE_POINTS:
        return []
    waiting = f"; {format_points(sheet.pending)} not graded yet" if sheet.pending else ""
    return [
        (
            f"Expected at least {format_points(least)} points, found "
            f"{format_points(sheet.total)} of {format_points(sheet.max_total)}{waiting}."
        )
    ]


def _automatic(assignment: Assignment, sheet: GradeSheet) -> list[PartGrade]:
    """Return the required parts that checks decide wholly or in part."""
    human = {part.id for part in assignment.parts if part.kind == "human"}
    return [part for part in sheet.parts if part.required and part.id not in human]


def _failing(parts: list[PartGrade], assignment: Assignment) -> dict[str, str]:
    """Return, by its id, a sentence per part with a check that does not pass.

    In a mixed part a check may leave the answer to a person: it is then in the report.
    """
    reasons: dict[str, str] = {}
    for part in parts:
        if part.human_points is not None:
            passing = part.outcome is Outcome.PASS
        else:
            good = {Outcome.PASS}
            if assignment.part(part.id).kind == "mixed":
                good.add(Outcome.NEEDS_HUMAN)
            passing = all(finding.outcome in good for finding in part.findings)
        if not passing:
            word = CHIPS[part.outcome].word.lower()
            reasons[part.id] = (
                f"{part_label(part.id)}, {part.title}: {word}. {one_line(part.message)}"
            )
    return reasons
