"""Really graded: from the draft's zip to its points, in a warm kernel where one can be had."""

from __future__ import annotations

import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import torch

from grader.checks.stage import judge, standard
from grader.execution.settings import RunSettings
from grader.execution.stage import Running
from grader.intake.hand_in import HandIn
from grader.intake.submission import read_submission
from grader.model.assignment import Assignment, load_assignment
from grader.model.records import GradeSheet
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.pipeline import run
from grader.planning.alignment import align_cells
from grader.sandbox.tiers import choose_tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import lateness_of
from grader.scoring.stage import score_findings
from tests.accuracy.forms.bases import BASES, draft_of
from tests.accuracy.forms.catalog import Variation
from tests.accuracy.forms.form import Draft, changed

BUNDLE = "studio-narrow"
SEED = 20210324
COURSE = "6.869"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeen:
    """What a part got."""

    part: str
    outcome: str
    points: float
    pending: float
    """Points that wait for a person."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a variation got."""

    variation: str
    parts: tuple[PartSeen, ...]
    failed: str = ""
    """Why it was not graded at all; empty where it was."""
    seconds: float = 0.0


def notebook_bytes(draft: Draft) -> bytes:
    """The notebook's file."""
    # Without the validation, which would mend what students' notebooks have, such as ids twice.
    text: str = nbformat.v4.writes(draft.notebook)  # type: ignore[no-untyped-call]
    return draft.encode(text)


def write_zip(draft: Draft, target: Path) -> Path:
    """Write what the student hands in."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(draft.notebook_path, notebook_bytes(draft))
        for path, data in draft.files.items():
            archive.writestr(path, data)
    return target


def grade_variation(variation: Variation, warm: WarmServer | None) -> Seen:
    """Grade it; a refusal is told in what is returned."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    # Short, because the paths of sockets below it are bounded.
    with tempfile.TemporaryDirectory(prefix="f-") as folder:
        try:
            draft = changed(draft_of(BASES[variation.base], variation.depth), variation.forms)
            zip_path = write_zip(draft, Path(folder) / "jdoe.zip")
            assignment = load_assignment(BASES[variation.base].assignment)
            parts = _seen(_graded(zip_path, assignment, warm))
            failed = ""
        except Exception as error:  # noqa: BLE001 -- whatever it is, no right answer may meet it
            parts, failed = (), f"{type(error).__name__}: {error}"
    return Seen(
        variation=variation.id,
        parts=parts,
        failed=failed,
        seconds=time.perf_counter() - began,
    )


def _graded(zip_path: Path, assignment: Assignment, warm: WarmServer | None) -> GradeSheet:
    """The stages of `grader.pipeline` without the pages, which would take half of the time."""
    settings = RunSettings(bundle=BUNDLE, device="cpu", seed=SEED, threads=1)
    judged_by = standard(assignment, BUNDLE)
    folder = ResultFolder(root=zip_path.parent / "results")
    folder.evidence.mkdir(parents=True)
    save(read_submission(zip_path, folder.submission), folder.record("submission"))
    align_cells(folder, assignment)
    running = Running(
        assignment=assignment,
        bundle=judged_by.bundle,
        settings=settings,
        device="cpu",
        tier=choose_tier(settings.isolation, host_support()),
        on_progress=lambda _: None,
        warm=warm,
    )
    run(folder, running)
    judge(folder, judged_by, lambda _: None)
    in_time = lateness_of(HandIn(path=zip_path, course=COURSE), assignment)
    score_findings(folder, judged_by, COURSE, in_time, ())
    return load(GradeSheet, folder.results)


def _seen(sheet: GradeSheet) -> tuple[PartSeen, ...]:
    return tuple(
        PartSeen(
            part=part.id,
            outcome=part.outcome.value,
            points=part.points,
            pending=part.pending_points,
            message=part.message,
        )
        for part in sheet.parts
    )
