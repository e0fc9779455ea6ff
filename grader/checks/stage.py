"""From evidence to findings: the stages that judge, each from records on disk to a record."""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from grader.checks.context import CheckContext, TrustedNetworks
from grader.checks.findings import needs_human, say
from grader.checks.images.reference_pictures import keep_reference_pictures, without_missing
from grader.checks.offering import validate_offering
from grader.checks.registry import each_check
from grader.checks.stored_arrays import evidence_reader
from grader.model.assignment import Assignment
from grader.model.formulas.reading import prepare as prepare_formulas
from grader.model.records import (
    Alignment,
    Evidence,
    Finding,
    Findings,
    RunPlan,
    Submission,
    codec,
)
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.planning.alignment import align
from grader.planning.reference_runs import reference_runs
from grader.reading.hand_in import HandInReading, nothing_read, read_hand_in
from grader.reading.known_pictures import known_pictures
from reference.bundle_files import BUNDLE_FILES
from reference.bundles import Bundle, get_bundle
from reference.device import choose_device
from reference.errors import ConfigError
from reference.expected import Expected, added_folder, load_expected

OnStage = Callable[[str], None]
"""Told what begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What submissions are judged by."""

    assignment: Assignment
    """Parts, points, experiments."""
    bundle: Bundle
    """Weights and pictures."""
    expected: Expected
    """What the reference gets, by the parts of the assignment."""


def standard(assignment: Assignment, bundle_name: str) -> Standard:
    """Open what submissions of the assignment are judged by.

    Raises:
        ConfigError: bundle, expected outputs and assignment do not go together.
    """
    validate_offering(assignment)
    bundle, expected = _opened(bundle_name)
    for fault in course_file_faults(assignment):
        raise ConfigError(fault)
    return Standard(
        assignment=assignment, bundle=bundle, expected=reference_runs(expected, assignment)
    )


def course_file_faults(assignment: Assignment) -> Iterator[str]:
    """Say which files an offering serves that no bundle has."""
    for url, name in assignment.course_files.items():
        if name not in BUNDLE_FILES:
            yield (
                f"{assignment.name}: course_files: {url}: expected a file of a bundle "
                f"({', '.join(BUNDLE_FILES)}), found {name!r}"
            )


def align_cells(folder: ResultFolder, judged_by: Standard) -> None:
    """From the submission to which cell answers which part."""
    submission = load(Submission, folder.record("submission"))
    save(align(submission, judged_by.assignment), folder.record("alignment"))


def prepare() -> None:
    """Make ahead what the checks of all submissions need."""
    prepare_formulas()
    codec.prepare(Submission, Evidence, RunPlan, Alignment, HandInReading, Findings, Finding)


def judge(folder: ResultFolder, judged_by: Standard, on_stage: OnStage) -> None:
    """From the evidence and the other files to findings, in this process and without its limits.

    For what we made ourselves; `grader.bounded.judging` does the same with what strangers did.
    """
    on_stage("report")
    read_report_and_outputs(folder, judged_by)
    on_stage("checks")
    found: dict[str, list[Finding]] = {part.id: [] for part in judged_by.assignment.parts}
    for part_id, _, find in check_submission(folder, judged_by, frozenset()):
        found[part_id].append(find())
    by_part = {part_id: tuple(of_part) for part_id, of_part in found.items()}
    keep_findings(by_part, folder, judged_by)


def read_report_and_outputs(folder: ResultFolder, judged_by: Standard) -> None:
    """From the report and the outputs stored in the notebook to what they say."""
    submission = load(Submission, folder.record("submission"))
    evidence = load(Evidence, folder.record("evidence"))
    arrays = evidence_reader(folder.evidence)
    files = {a.id: judged_by.expected.path(a.image) for a in judged_by.expected.attacks}
    references = {name: path for name, path in files.items() if path.is_file()}
    pictures = known_pictures(evidence, arrays, judged_by.bundle.corgi, references)
    submitted = folder.submission.resolve()
    reading = read_hand_in(submission, submitted, judged_by.assignment, pictures, folder.executed)
    save(reading, folder.record("reading"))


def without_reading(folder: ResultFolder) -> None:
    """Say that report and stored outputs were not read, where that reached a limit."""
    save(nothing_read(), folder.record("reading"))


def check_submission(
    folder: ResultFolder, judged_by: Standard, done: Container[tuple[str, str]]
) -> Iterator[tuple[str, str, Callable[[], Finding]]]:
    """Yield the part and id of each check that is not done, and what runs it, in order."""
    submission = load(Submission, folder.record("submission"))
    evidence = load(Evidence, folder.record("evidence"))
    planned = load(RunPlan, folder.record("plan")).device
    device = choose_device("cpu" if planned == "cpu" else "auto")
    context = CheckContext(
        evidence=evidence,
        arrays=evidence_reader(folder.evidence),
        expected=judged_by.expected,
        networks=TrustedNetworks.from_bundle(judged_by.bundle, evidence.seed, device),
        bundle=judged_by.bundle,
        assignment=judged_by.assignment,
        submission=submission,
        alignment=load(Alignment, folder.record("alignment")),
        report=load(HandInReading, folder.record("reading")).report,
    )
    for part_id, check_id, run in each_check(judged_by.assignment, context):
        if (part_id, check_id) not in done:
            yield part_id, check_id, run


def keep_findings(
    found: Mapping[str, tuple[Finding, ...]], folder: ResultFolder, judged_by: Standard
) -> None:
    """Save what was found, and the reference's pictures that it shows."""
    shown = without_missing(found, judged_by.expected)
    keep_reference_pictures(shown, judged_by.expected, folder.evidence)
    save(Findings(by_part=shown), folder.record("findings"))


class Lost(StrEnum):
    """Why a check was given up."""

    TIME = "limit.time"
    """It took more time than one check may."""
    TIME_OF_ALL = "limit.time_of_all"
    """All checks together took more time than they may, before it."""
    MEMORY = "limit.memory"
    """It took more memory than the checks may."""
    CRASH = "limit.crash"
    """Its process was brought down."""


def held_at_limit(check_id: str, lost: Lost) -> Finding:
    """Return the finding of a check that was given up: its part waits for a person."""
    return needs_human(say(lost.value, check=check_id)).finding(check_id)


def _opened(bundle_name: str) -> tuple[Bundle, Expected]:
    """Open a bundle once per process, not for each submission; again where runs were added."""
    added = added_folder(bundle_name)
    stamps = ((p, p.stat().st_mtime_ns) for p in sorted(added.glob("*/manifest.json")))
    return _checked(bundle_name, (added, *stamps))


@functools.lru_cache(maxsize=4)
def _checked(bundle_name: str, _: tuple[object, ...]) -> tuple[Bundle, Expected]:
    bundle = get_bundle(bundle_name)
    return bundle, load_expected(bundle.name)
