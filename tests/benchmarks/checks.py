"""Host-side checks of a complete submission: CPU seconds, and the share of ResNet-50 itself.

    python -m tests.benchmarks.checks [--bundle studio]

The submission is graded first (minutes); then all checks run again from its evidence.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from pathlib import Path

import psutil
import torch

from authoring.samples import build_zip
from grader.checks.context import CheckContext
from grader.checks.registry import run_checks
from grader.checks.stored_arrays import evidence_reader
from grader.checks.trusted_networks import TrustedNetworks
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment, load_assignment
from grader.model.records import Alignment, Evidence
from grader.model.records.codec import load
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.render import render_feedback_html
from grader.pipeline import GradeRecord, GradeRequest, RejudgeRequest, grade, rejudge
from grader.planning.reference_runs import reference_runs
from grader.reading.hand_in import HandInReading
from reference.bundles import Bundle, get_bundle
from reference.expected import load_expected
from tests.benchmarks.record import Row, save

NETWORKS = (
    "each image is recomputed by the trusted network in plain float32, on one core; what is found "
    "must not hang on the faster arithmetic of `fast-resnet`"
)
NETWORK = ("_wrapped_call_impl", "run_backward")
"""Functions below which ResNet-50 works: forward, and backward."""


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="studio")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # others would spin while they wait, and that counts as CPU time
    assignment, bundle = load_assignment(), get_bundle(options.bundle)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        request = GradeRequest(
            hand_in=HandIn(path=build_zip("complete", Path(name) / "complete.zip"), course="6.869"),
            out=Path(name) / "results",
            assignment=assignment,
            settings=RunSettings(bundle=options.bundle),
        )
        record = grade(request, print, lambda _: None)
        context = _context(record, assignment, bundle)
        seconds, share = _checks(assignment, context)
        page = render_feedback_html(record.sheet, record.folder.evidence)
        again = _rejudged(record, assignment)
        pdf = [_pdf(page, Path(name) / "feedback.pdf") for _ in range(options.rounds)]
    save(
        "checks",
        [
            Row(
                what="host-side checks of a complete submission, all recomputation",
                bar="≤ 1.5 s CPU",
                found=f"{seconds:.1f} s CPU, of which ResNet-50 itself {share:.0%}",
                reached=seconds <= 1.5,
                why=NETWORKS,
            ),
            Row(
                what="a complete submission judged again, pages included (`grader rejudge`)",
                bar="≤ 8 s CPU",
                found=f"{again:.1f} s CPU; 300 by two workers in {again * 150 / 60:.0f} minutes",
                reached=again <= 8,
            ),
            Row(
                what="`feedback.pdf` of a complete submission",
                bar="≤ 2 s",
                found=f"{min(pdf):.2f} s CPU (median {statistics.median(pdf):.2f} s)",
                reached=statistics.median(pdf) <= 2,
                why="WeasyPrint's layout, spread over text and boxes",
            ),
        ],
    )


def _context(record: GradeRecord, assignment: Assignment, bundle: Bundle) -> CheckContext:
    evidence = load(Evidence, record.folder.evidence / "evidence.json")
    return CheckContext(
        evidence=evidence,
        arrays=evidence_reader(record.folder.evidence),
        expected=reference_runs(load_expected(bundle.name), assignment),
        networks=TrustedNetworks.from_bundle(bundle, evidence.seed),
        bundle=bundle,
        assignment=assignment,
        submission=record.submission,
        alignment=load(Alignment, record.folder.evidence / "alignment.json"),
        report=load(HandInReading, record.folder.record("reading")).report,
    )


def _rejudged(record: GradeRecord, assignment: Assignment) -> float:
    """CPU seconds of judging the evidence again, in a process of its own, and of the pages."""
    started = _cpu_s()
    rejudge(RejudgeRequest(folder=record.folder, assignment=assignment), lambda _: None)
    return _cpu_s() - started


def _cpu_s() -> float:
    """CPU seconds of this process and of all below it, those that ended included."""
    all_of_them = (this := psutil.Process(), *this.children(recursive=True))
    return sum(sum(one.cpu_times()[:4]) for one in all_of_them)


def _checks(assignment: Assignment, context: CheckContext) -> tuple[float, float]:
    """CPU seconds of all checks, and the share of the networks' forward and backward."""
    started = time.process_time()
    run_checks(assignment, context)
    seconds = time.process_time() - started
    profile = cProfile.Profile(time.process_time)
    profile.runcall(run_checks, assignment, context)
    stats = pstats.Stats(profile)
    inside = sum(
        cumulative
        for (_, _, function), (_, _, _, cumulative, _) in stats.stats.items()  # type: ignore[attr-defined]
        if any(name in function for name in NETWORK)
    )
    return seconds, inside / stats.total_tt  # type: ignore[attr-defined]


def _pdf(page: str, path: Path) -> float:
    started = time.process_time()
    html_to_pdf(page, path)
    return time.process_time() - started


if __name__ == "__main__":
    main()
