"""A part explained: its checks replayed on the evidence that is stored. No kernel starts."""

from __future__ import annotations

from dataclasses import dataclass

from grader.bounded.judging import replay
from grader.bounded.limits import prepare
from grader.checks.registry import checks_of
from grader.checks.stage import standard
from grader.checks.stored_arrays import EvidenceChanged
from grader.model.assignment import Assignment
from grader.model.records import Evidence, GradeSheet, RunPlan
from grader.model.records.codec import RecordError, load
from grader.model.results_folder import ResultFolder
from grader.outputs.explanation import PartExplained, explain
from grader.planning.standard import OnStage
from reference.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A part of one submission, explained."""

    sheet: GradeSheet
    """The stored results."""
    seed: int
    """Of the hidden inputs, as the evidence has it."""
    part: PartExplained
    """From numbers to points."""


def explained(
    folder: ResultFolder, assignment: Assignment, part_id: str, on_stage: OnStage
) -> Explained:
    """Replay the checks of a part on the stored evidence, and say how its points came about.

    Raises:
        ConfigError: there are no results or no such part, or files of the evidence are missing or
            changed.
        GraderFault: our own fault.
    """
    sheet = load(GradeSheet, folder.results)
    stored = next((part for part in sheet.parts if part.id == part_id), None)
    if stored is None or part_id not in {part.id for part in assignment.parts}:
        known = ", ".join(part.id for part in sheet.parts)
        raise ConfigError(f"{folder.results}: expected one of the parts {known}, found {part_id!r}")
    try:
        on_stage("bundle")
        prepare()
        judged_by = standard(assignment, load(RunPlan, folder.record("plan")).bundle)
        seed = load(Evidence, folder.record("evidence")).seed
        found = replay(folder, judged_by, part_id, on_stage)
    except (RecordError, EvidenceChanged) as error:
        raise ConfigError(
            f"{error}; nothing can be replayed without it: grade the submission again"
        ) from error
    part = explain(stored, found, checks_of(assignment), assignment)
    return Explained(sheet=sheet, seed=seed, part=part)
