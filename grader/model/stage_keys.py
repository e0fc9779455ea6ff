"""One key per stage: equal exactly where the stage would read and run the same.

`run` changes where other evidence would come of a submission, `judge` where other findings would
come of the same evidence, `pages` where other pages would come of the same sheet. Points need no
key: scoring is so quick that it is always done anew.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from grader.model.assignment import Assignment
from grader.model.records import Limits, ProbeSpec
from grader.model.resources import templates
from grader.model.version import code_digest
from reference.bundles import Bundle, bundle_version
from reference.expected import Expected, expected_folder

RUN_CODE = (
    "grader.intake.submission",
    "grader.execution.*",
    "grader.kernel.*",
    "grader.sandbox.enter",
    "grader.sandbox.zygote",
    "reference.light_torchvision",
    "reference.studio.narrow",
)
"""What opens a submission and runs it. Some of it is started by its path, in a box."""
JUDGE_CODE = (
    "grader.planning.alignment",
    "grader.checks.stage",
    "grader.checks.functions.*",
    "grader.checks.images.*",
    "grader.checks.written.*",
)
"""What makes findings of evidence; the registry finds the checks by their folders."""
PAGES_CODE = ("grader.outputs.pages.stage",)
"""What makes pages of a sheet."""
NOT_OF_PAGES = ("notebook", "ci", "gradescope", "nbgrader")
"""Folders of templates that pages do not show."""

_ASSIGNMENT = TypeAdapter(Assignment)
_ONLY_SCORED = (
    *("sha256", "title", "deadline", "time_zone", "late", "problems", "rubrics", "made_for"),
    *("like", "dates_in_notebook"),
)
"""Fields of an assignment that no finding depends on: a change of them only scores anew."""
_ONLY_SCORED_OF_PART = ("title", "question", "problem", "required_for", "kind", "bonus_points")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderKeys:
    """What the grader brings to every submission of an offering."""

    evidence: str
    """Its part of what a run depends on: code, questions, course files, bundle."""
    judge: str
    """Checks, tolerances, texts, expected outputs, and what the offering says about them."""
    pages: str
    """Templates, and the code that fills them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageKeys:
    """What a results folder was made by; it lies in the folder."""

    run: str
    """Of the whole run, see `run_key`; empty where nobody asked for it."""
    seed: int
    """Of the run: with the key it says which of several equal runs this is."""
    grader: GraderKeys
    """What the grader brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a submission and the caller bring to a run."""

    zip_sha256: str
    """Digest of the zip."""
    zip_name: str
    """What the student called it: notes speak of it."""
    kerberos: str
    """Whose results folder it fills."""
    device: str
    """As asked for."""
    limits: Limits
    """Bounds of the run."""


def run_key(facts: RunFacts, grader: GraderKeys) -> str:
    """Return the key of one submission's run: SHA-256, hexadecimal."""
    return _digest(asdict(facts), grader.evidence)


def grader_keys(
    assignment: Assignment, bundle: Bundle, questions: Iterable[ProbeSpec], expected: Expected
) -> GraderKeys:
    """Return the keys of what the grader brings.

    Args:
        assignment: The offering.
        bundle: Weights and pictures.
        questions: What the checks ask, drawn from any fixed seed.
        expected: The reference's runs for the offering; what was added lies outside of the files.
    """
    version = f"{bundle.name} {bundle_version(bundle)}"
    repeats = [
        (one.target, one.space) for one in assignment.experiments if one.repeat_if_overwritten
    ]
    return GraderKeys(
        evidence=_digest(
            code_digest(RUN_CODE),
            version,
            [asdict(one) for one in questions],
            dict(assignment.course_files),
            repeats,
        ),
        judge=_digest(
            code_digest(JUDGE_CODE),
            version,
            _files(expected_folder(bundle.name)),
            [repr(one) for one in (*expected.attacks, *expected.dreams, *expected.inversions)],
            judged_by(assignment),
        ),
        pages=pages_key(),
    )


def pages_key() -> str:
    """Return the key of what makes pages; no offering is needed for it."""
    return _digest(code_digest(PAGES_CODE), _files(templates(), but=NOT_OF_PAGES))


def judged_by(assignment: Assignment) -> str:
    """Return a digest that stays the same when only points, weights, titles or dates change."""
    facts = _ASSIGNMENT.dump_python(assignment, mode="json")
    for name in _ONLY_SCORED:
        facts.pop(name, None)
    for part in facts["parts"]:
        for name in _ONLY_SCORED_OF_PART:
            part.pop(name, None)
        part["checks"] = [check["id"] for check in part["checks"]]
    return _digest(facts)


def _digest(*facts: object) -> str:
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


@functools.cache
def _files(folder: Path, but: tuple[str, ...] = ()) -> str:
    """Return a digest of all files below a folder, by their names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] not in but and path.suffix != ".pyc":
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{name.as_posix()}\0{content}\n".encode())
    return digest.hexdigest()
