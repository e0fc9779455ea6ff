"""What comes after the run, within limits of its own: checks and pages of one submission, apart.

They work on what a stranger handed in, so each may take more memory or time than it should. They do
so in a process of their own. At a limit the step that reached it is given up, by name, and the rest
goes on in a fresh one: a check's part waits for a person, a page is made without pictures.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader.checks.stage import (
    Lost,
    OnStage,
    Standard,
    check_submission,
    held_at_limit,
    keep_findings,
    read_report_and_outputs,
    standard,
    without_reading,
)
from grader.model.assignment import Assignment
from grader.model.records import Finding
from grader.model.records.codec import from_json, to_json
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.stage import PAGES, make_page
from grader.sandbox.apart import Bounds, Ended, Tell, call_apart, get_ready
from reference.errors import GraderFault

MODULES = ("grader.bounded", "weasyprint")
"""What the process has imported from which they are forked."""
CHECKS = Bounds(memory_mib=3072, step_cpu_s=60, wall_s=300)
"""Of all checks of a submission, one step for each. A complete one takes 3 s and 0.6 GiB in all."""
PAGES_BOUNDS = Bounds(memory_mib=1536, step_cpu_s=60, wall_s=300)
"""Of all pages of a submission, one step for each. A complete one takes 4 s and 0.3 GiB in all."""
READING = "reading"
"""The step before the checks."""


def prepare() -> None:
    """Start what the steps are forked from, while something else goes on."""
    get_ready(MODULES)


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


def judge(folder: ResultFolder, judged_by: Standard, on_stage: OnStage) -> None:
    """From the evidence and the other files of the submission to findings; nothing is run.

    Raises:
        EvidenceChanged: an array of the evidence is not what was recorded.
        GraderFault: our own fault.
    """
    on_stage("report")
    progress = _Progress()
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
        arguments = (folder, assignment, judged_by.bundle.name, progress.reading_lost)
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
    if progress.reading_lost:
        without_reading(folder)
    found: Mapping[str, tuple[Finding, ...]] = {
        part.id: tuple(progress.done[part.id, check.id] for check in part.checks)
        for part in assignment.parts
    }
    keep_findings(found, folder, judged_by)


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
    assignment: Assignment,
    bundle_name: str,
    reading_lost: bool,
    done: Mapping[tuple[str, str], Finding],
) -> None:
    """Read and check what is not done yet, and tell each finding. Runs apart."""
    judged_by = standard(assignment, bundle_name)
    if not reading_lost and not done:
        tell(json.dumps({"step": READING}))
        read_report_and_outputs(folder, judged_by)
    elif reading_lost:
        without_reading(folder)
    for part_id, check_id, find in check_submission(folder, judged_by, frozenset(done)):
        step = f"{part_id} {check_id}"
        tell(json.dumps({"step": step}))
        tell(json.dumps({"step": step, "finding": to_json(find())}))


def write_pages(folder: ResultFolder) -> None:
    """From the sheet to pages, and to a `grades.toml` to fill in where there is none.

    Raises:
        GraderFault: a page cannot be made, not even a plain one.
    """
    plain: set[str] = set()
    made: set[str] = set()
    step = ""

    def hear(word: str) -> None:
        nonlocal step
        made.update({step} if step else ())
        step = word

    while True:
        step = ""
        ended = call_apart(
            _write,
            (folder, frozenset(made), frozenset(plain)),
            PAGES_BOUNDS,
            modules=MODULES,
            on_word=hear,
        )
        if ended is Ended.WELL:
            return
        if step not in PAGES or step in plain:
            raise GraderFault(
                f"The page {step or 'of the submission'} cannot be made within its limits "
                f"({ended.value})."
            )
        plain.add(step)


def _write(tell: Tell, folder: ResultFolder, made: frozenset[str], plain: frozenset[str]) -> None:
    """Make the pages that are not made yet. Runs apart."""
    for name in PAGES:
        if name not in made:
            tell(name)
            make_page(name, folder, plain=name in plain)
