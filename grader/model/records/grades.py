"""Findings of the checks, and the grade sheet made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grader.model.records.decisions import AppliedItem, Mark
from grader.model.records.evidence import ArrayRef, HostFacts
from grader.model.records.outcome import Outcome
from grader.model.records.plan import Shim
from grader.model.records.releases import Said
from grader.model.records.submission import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row of 'measured / expected / tolerance'."""

    quantity: str
    """What was measured, with its unit."""
    measured: str
    """The value found, formatted."""
    expected: str
    """The value that was expected, formatted."""
    tolerance: str
    """What was allowed; empty for an exact comparison."""
    ok: bool
    """Whether it lies within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageExhibit:
    """A picture. Pixels come from an evidence array or from a file of the reference."""

    label: str
    """Such as `original`, `yours`, `reference`."""
    array: ArrayRef | None
    """(1, 3, H, W) array of the evidence; None where `reference_file` is given."""
    normalised: bool
    """Whether the array is in ImageNet-normalised space (else pixels in [0, 1])."""
    reference_file: str = ""
    """Path below the evidence folder of a picture of the reference run, a PNG or JPEG."""
    caption: str = ""
    """Text under the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveExhibit:
    """Two curves on one axis: the student's (solid) and the reference's (dashed)."""

    title: str
    """What is drawn."""
    x_label: str
    """Axis, with unit."""
    y_label: str
    """Axis, with unit."""
    yours_x: tuple[float, ...]
    """Abscissae of the student's curve."""
    yours_y: tuple[float, ...]
    """Ordinates of the student's curve."""
    reference_x: tuple[float, ...]
    """Abscissae of the reference's curve."""
    reference_y: tuple[float, ...]
    """Ordinates of the reference's curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StemExhibit:
    """A layer's output or gradient: expected and measured on top of each other, residual below."""

    title: str
    """What is drawn, such as `gradient to the input`."""
    measured: tuple[float, ...]
    """The student's values."""
    expected: tuple[float, ...]
    """The reference's values."""
    tolerance: float
    """Absolute tolerance band of the residual."""
    worst: int
    """Index of the greatest residual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One class and its probability."""

    class_id: int
    """ImageNet id."""
    name: str
    """Short name."""
    probability: float
    """0 to 1."""
    is_target: bool = False
    """Whether it is the target of the attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsExhibit:
    """Top classes as horizontal bars on one 0-1 axis."""

    title: str
    """Such as `before` or `after`."""
    bars: tuple[Bar, ...]
    """Most probable first."""


Exhibit = ImageExhibit | CurveExhibit | StemExhibit | BarsExhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that a check has to say: a code of its stage's catalogue, and the values in it."""

    code: str
    """Such as `conv_update.learning_rate`."""
    values: tuple[tuple[str, str | int | float], ...] = ()
    """(name, value) for the sentence's braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The verdict of one check."""

    check_id: str
    """Such as `conv_grad_input`."""
    outcome: Outcome
    """What became of it."""
    credit: float
    """Share of the check's points that was earned, 0 to 1; 0 unless PASS or PARTIAL."""
    offered: float = 0.0
    """Share that the check found, where a person decides whether it is given; else 0."""
    rule: str = ""
    """Rule of the offering that gave the share, such as `credit.conv_forward.even_kernel = 0.5`.

    Empty for all or nothing."""
    remarks: tuple[Remark, ...] = ()
    """What was found, by code; the first is the verdict itself. Texts are made from them."""
    message: str
    """One or two sentences for the student: what is right, or what to fix. No hidden input."""
    staff_detail: str = ""
    """What staff should know besides."""
    measurements: tuple[Measurement, ...] = ()
    """Rows of numbers."""
    exhibits: tuple[Exhibit, ...] = ()
    """Pictures and plots."""
    evidence_ids: tuple[str, ...] = ()
    """Runs, replies and cells that it rests on."""

    @property
    def code(self) -> str:
        """What was found; what statistics count."""
        return self.remarks[0].code if self.remarks else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGrade:
    """One part of the assignment."""

    id: str
    """Such as `4a`."""
    title: str
    """One line."""
    problem: int
    """Number of the problem."""
    points: float
    """Points decided so far (before the late coefficient)."""
    max_points: float
    """Points to be had; 0 where the part is optional for this course."""
    pending_points: float
    """Points that are not graded yet."""
    offered_points: float = 0.0
    """Of the points that are not graded yet: what checks found, for a person to give or not."""
    outcome: Outcome
    """Of the part as a whole."""
    message: str
    """One sentence."""
    required: bool
    """Whether it counts for this course."""
    bonus: bool
    """Whether its points are on top of the maximum."""
    findings: tuple[Finding, ...]
    """Of its checks."""
    human_comment: str = ""
    """What a person wrote for the student, Markdown."""
    human_points: float | None = None
    """What a person gave; None where nobody did."""
    human_items: tuple[AppliedItem, ...] = ()
    """Rubric items that a person applied and the student sees."""
    human_author: str = ""
    """Who decided; empty where nobody did."""
    human_decision: str = ""
    """uuid of the decision in the store; empty where there is none."""
    human_marks: tuple[Mark, ...] = ()
    """Comments that a person placed on pages of the report; what they say stands in `text`."""
    said: tuple[Said, ...] = ()
    """Regrade requests about the part, and answers to them, as they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the checks found."""

    by_part: Mapping[str, tuple[Finding, ...]]
    """By part id, in the order of the assignment's checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """How the result came about."""

    assignment: str
    """Name of the assignment file."""
    assignment_sha256: str
    """Its digest."""
    bundle: str
    """Bundle that was used."""
    bundle_sha256: str
    """Digest of its manifest."""
    grader_version: str
    """Version of this code."""
    zip_sha256: str
    """Digest of the submission."""
    seed: int
    """Of the hidden inputs."""
    seconds: float
    """Wall-clock seconds of the run."""
    host: HostFacts
    """Device, isolation, versions."""
    shims: tuple[Shim, ...]
    """Shims that took effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeSheet:
    """All that results.json says."""

    schema_version: Literal["1.0"] = "1.0"
    """Version of the JSON schema."""
    kerberos: str
    """Whose submission."""
    course: str
    """Course under which the student takes it, such as 6.869."""
    submitted: str
    """ISO 8601 with offset; empty where not told."""
    deadline: str
    """ISO 8601 with offset."""
    days_late: int
    """Rounded up; 0 where in time."""
    late_coefficient: float
    """1 to 0.5, or 0 after the last day."""
    total: float
    """Points after the late coefficient, of what is decided; bonus included."""
    max_total: float
    """Points to be had without bonus."""
    pending: float
    """Points (before the late coefficient) that are not graded yet."""
    parts: tuple[PartGrade, ...]
    """In the handout's order."""
    notes: tuple[Note, ...]
    """About the submission and the run."""
    answers: tuple[tuple[str, str], ...]
    """(part id, markdown) of the written answers in the notebook."""
    report_pages: int
    """Pages of report.pdf; 0 where there is none."""
    facts: RunFacts
    """How it came about."""
    published: str = ""
    """When the grade was published, ISO 8601 with offset; empty while it is provisional."""
