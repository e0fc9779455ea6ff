"""Every frozen record that crosses a stage. See `codec` for JSON."""

from __future__ import annotations

from grader.records.evidence import (
    ArrayRef,
    AttackRun,
    CellRun,
    Evidence,
    GradientSample,
    HostFacts,
    ModelState,
    Prediction,
    ProbeReply,
    ProbeValue,
    StepSettings,
)
from grader.records.grades import (
    Bar,
    BarsExhibit,
    CurveExhibit,
    Exhibit,
    Finding,
    GradeSheet,
    ImageExhibit,
    Measurement,
    PartGrade,
    RunFacts,
    StemExhibit,
)
from grader.records.outcome import DECIDED, Outcome
from grader.records.plan import Limits, PlanStep, ProbeSpec, RunCell, RunPlan, RunProbe, Shim
from grader.records.submission import Alignment, Cell, CellMatch, Note, Severity, Submission

__all__ = [
    "DECIDED",
    "Alignment",
    "ArrayRef",
    "AttackRun",
    "Bar",
    "BarsExhibit",
    "Cell",
    "CellMatch",
    "CellRun",
    "CurveExhibit",
    "Evidence",
    "Exhibit",
    "Finding",
    "GradeSheet",
    "GradientSample",
    "HostFacts",
    "ImageExhibit",
    "Limits",
    "Measurement",
    "ModelState",
    "Note",
    "Outcome",
    "PartGrade",
    "PlanStep",
    "Prediction",
    "ProbeReply",
    "ProbeSpec",
    "ProbeValue",
    "RunCell",
    "RunFacts",
    "RunPlan",
    "RunProbe",
    "Severity",
    "Shim",
    "StemExhibit",
    "StepSettings",
    "Submission",
]
