"""The checks of one submission, in a process of their own: one that reaches a limit is left out.

Its part waits for a person, and the other checks go on in a fresh process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader.bounded.limits import CHECKS, MODULES
from grader.checks.keeping import Lost, held_at_limit, keep_findings, without_reading
from grader.model.records import Finding
from grader.model.records.codec import from_json, to_json
from grader.model.results_folder import ResultFolder
from grader.planning.standard import OnStage, Standard
from grader.sandbox.apart import Ended, Tell, call_apart
from reference.errors import GraderFault

READING = "reading"
"""The step before the checks."""


@dataclass(slots=True)
class _Progress:
    """How far the checks of a submission have come, over all processes that worked on them."""

    step: str = ""
    """What is under way: `READING`, or a part and a check."""
    reading_lost: bool = False
    done: dict[tuple[str, str], Finding] = field(default_factory=dict)
    """By part and check."""

    def hear(self, word: str) -> None:
        """Take note of what the process says."""
        said = json.loads(word)
        self.step = said["step"]
        if "finding" in said:
            key = tuple(said["step"].split(" "))
            self.done[key[0], key[1]] = from_json(Finding, said["finding"], where="a check")
            self.step = ""


def prepare_calls() -> None:
    """Make ahead what each submission needs, before processes are forked."""
    from grader.checks.stage import prepare  # see `_judge`

    prepare()


def judge(folder: ResultFolder, judged_by: Standard, on_stage: OnStage) -> None:
    """From the evidence and the other files of the submission to findings; nothing is run.

    Raises:
        EvidenceChanged: an array of the evidence is not what was recorded.
        GraderFault: our own fault.
    """
    on_stage("report")
    progress = _Progress()
    _run_all(progress, folder, judged_by, on_stage)
    if progress.reading_lost:
        without_reading(folder)
    found: Mapping[str, tuple[Finding, ...]] = {
        part.id: tuple(progress.done[part.id, check.id] for check in part.checks)
        for part in judged_by.assignment.parts
    }
    keep_findings(found, folder, judged_by)


def replay(
    folder: ResultFolder, judged_by: Standard, part_id: str, on_stage: OnStage
) -> tuple[Finding, ...]:
    """Return what the checks of one part find today in the evidence that is there.

    Nothing is run and nothing is written; the seed of the hidden inputs is the evidence's.

    Raises:
        EvidenceChanged: an array of the evidence is not what was recorded.
        GraderFault: our own fault.
    """
    progress = _Progress()
    for part in judged_by.assignment.parts:
        if part.id != part_id:  # whatever it is: nobody looks at it
            of_others = {(part.id, one.id): held_at_limit(one.id, Lost.TIME) for one in part.checks}
            progress.done |= of_others
    _run_all(progress, folder, judged_by, on_stage)
    part = judged_by.assignment.part(part_id)
    return tuple(progress.done[part_id, check.id] for check in part.checks)


def _run_all(
    progress: _Progress, folder: ResultFolder, judged_by: Standard, on_stage: OnStage
) -> None:
    """Run the checks that are not done, in as many processes as that takes."""
    assignment = judged_by.assignment
    every = [(part.id, check.id) for part in assignment.parts for check in part.checks]
    deadline = time.monotonic() + CHECKS.wall_s
    told: set[str] = set()

    def hear(word: str) -> None:
        progress.hear(word)
        if progress.step not in {"", READING} and not told:
            told.add("checks")
            on_stage("checks")

    while True:
        left = max(0.0, deadline - time.monotonic())
        arguments = (folder, judged_by, progress.reading_lost)
        ended = call_apart(
            _judge,
            (*arguments, dict(progress.done)),
            replace(CHECKS, wall_s=left),
            modules=MODULES,
            on_word=hear,
        )
        if ended is Ended.WELL:
            break
        _give_up(progress, ended)
        if time.monotonic() >= deadline:  # those that are left have no time any more
            late = [key for key in every if key not in progress.done]
            progress.done |= {key: held_at_limit(key[1], Lost.TIME_OF_ALL) for key in late}
            break


def _give_up(progress: _Progress, ended: Ended) -> None:
    """Leave out the step that ended a process.

    Raises:
        GraderFault: there was none, so it would end every process.
    """
    lost = {Ended.TIME: Lost.TIME, Ended.MEMORY: Lost.MEMORY}.get(ended, Lost.CRASH)
    if progress.step == READING and not progress.reading_lost:
        progress.reading_lost = True
    elif " " in progress.step:
        part_id, check_id = progress.step.split(" ")
        progress.done[part_id, check_id] = held_at_limit(check_id, lost)
    else:
        raise GraderFault(
            f"The checks of this submission ended before the first of them ({ended.value}). "
            "Nothing was judged."
        )
    progress.step = ""


def _judge(
    tell: Tell,
    folder: ResultFolder,
    judged_by: Standard,
    reading_lost: bool,
    done: Mapping[tuple[str, str], Finding],
) -> None:
    """Read and check what is not done yet, and tell each finding. Runs apart."""
    # PyTorch, for which whoever only waits for the findings need not wait.
    from grader.checks.stage import check_submission, read_report_and_outputs

    if not reading_lost and not done:
        tell(json.dumps({"step": READING}))
        read_report_and_outputs(folder, judged_by)
    elif reading_lost:
        without_reading(folder)
    for part_id, check_id, find in check_submission(folder, judged_by, frozenset(done)):
        step = f"{part_id} {check_id}"
        tell(json.dumps({"step": step}))
        tell(json.dumps({"step": step, "finding": to_json(find())}))
