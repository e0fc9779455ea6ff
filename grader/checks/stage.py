"""From evidence to findings: the stages that judge, each from records on disk to a record."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from grader.checks.context import CheckContext, TrustedNetworks
from grader.checks.images.reference_pictures import keep_reference_pictures
from grader.checks.offering import validate_offering
from grader.checks.registry import run_checks
from grader.checks.stored_arrays import evidence_reader
from grader.model.assignment import Assignment
from grader.model.records import Alignment, Evidence, Findings, RunPlan, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.planning.alignment import align
from grader.planning.reference_runs import reference_runs
from grader.reading.hand_in import read_hand_in
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
    for url, name in assignment.course_files.items():
        if name not in BUNDLE_FILES:
            raise ConfigError(
                f"{assignment.name}: course_files: {url}: expected a file of a bundle "
                f"({', '.join(BUNDLE_FILES)}), found {name!r}"
            )
    return Standard(
        assignment=assignment, bundle=bundle, expected=reference_runs(expected, assignment)
    )


def align_cells(folder: ResultFolder, judged_by: Standard) -> None:
    """From the submission to which cell answers which part."""
    submission = load(Submission, folder.record("submission"))
    save(align(submission, judged_by.assignment), folder.record("alignment"))


def judge(folder: ResultFolder, judged_by: Standard, on_stage: OnStage) -> None:
    """From the evidence and the other files of the submission to findings; nothing is run."""
    on_stage("report")
    submission = load(Submission, folder.record("submission"))
    evidence = load(Evidence, folder.record("evidence"))
    arrays = evidence_reader(folder.evidence)
    references = {a.id: judged_by.expected.path(a.image) for a in judged_by.expected.attacks}
    pictures = known_pictures(evidence, arrays, judged_by.bundle.corgi, references)
    files = folder.submission.resolve()
    reading = read_hand_in(submission, files, judged_by.assignment, pictures, folder.executed)
    save(reading, folder.record("reading"))
    on_stage("checks")
    planned = load(RunPlan, folder.record("plan")).device
    device = choose_device("cpu" if planned == "cpu" else "auto")
    context = CheckContext(
        evidence=evidence,
        arrays=arrays,
        expected=judged_by.expected,
        networks=TrustedNetworks.from_bundle(judged_by.bundle, evidence.seed, device),
        bundle=judged_by.bundle,
        assignment=judged_by.assignment,
        submission=submission,
        alignment=load(Alignment, folder.record("alignment")),
        report=reading.report,
    )
    found = run_checks(judged_by.assignment, context)
    keep_reference_pictures(found, judged_by.expected, folder.evidence)
    save(Findings(by_part=found), folder.record("findings"))


def _opened(bundle_name: str) -> tuple[Bundle, Expected]:
    """Open a bundle once per process, not for each submission; again where runs were added."""
    added = added_folder(bundle_name)
    stamps = ((p, p.stat().st_mtime_ns) for p in sorted(added.glob("*/manifest.json")))
    return _checked(bundle_name, (added, *stamps))


@functools.lru_cache(maxsize=4)
def _checked(bundle_name: str, _: tuple[object, ...]) -> tuple[Bundle, Expected]:
    bundle = get_bundle(bundle_name)
    return bundle, load_expected(bundle.name)
