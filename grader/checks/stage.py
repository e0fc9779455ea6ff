"""From evidence to findings: the stages that judge, each from records on disk to a record."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from grader.checks.context import CheckContext
from grader.checks.keeping import keep_findings
from grader.checks.offering import validate_offering
from grader.checks.registry import each_check
from grader.checks.stored_arrays import evidence_reader
from grader.checks.trusted_networks import TrustedNetworks
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
from grader.planning.standard import OnStage, Standard, open_standard
from grader.reading.hand_in import HandInReading, read_hand_in
from grader.reading.known_pictures import known_pictures
from reference.device import choose_device


def standard(assignment: Assignment, bundle_name: str) -> Standard:
    """Open what submissions of the assignment are judged by.

    Raises:
        ConfigError: bundle, expected outputs, checks and assignment do not go together.
    """
    validate_offering(assignment)
    return open_standard(assignment, bundle_name)


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
