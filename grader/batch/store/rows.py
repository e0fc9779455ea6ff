"""What goes into the store and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.model.records import GradeSheet


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One call of `make batch`."""

    assignment: str
    """Name of the assignment."""
    options: str
    """JSON of what was asked for."""
    notes: tuple[str, ...]
    """What staff should know about the folder, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInRow:
    """One hand-in as a batch found it, or a student of the manifest without one."""

    kerberos: str
    """Whose."""
    course: str
    """Which variant."""
    zip_sha256: str
    """Digest of the zip, a blob; empty where nothing was handed in."""
    cache_key: str
    """Of the run that it asks for; empty where it is not to be run."""
    role: str
    """`counted`, `superseded` or `missing`."""
    superseded_by: str = ""
    """`source` of the hand-in that counts instead."""
    source: str = ""
    """Where it was found."""
    zip_name: str = ""
    """What the student called it."""
    name: str = ""
    """The student's name on the platform."""
    platform: str = ""
    """`canvas` or `gradescope`; empty for neither."""
    platform_id: str = ""
    """The platform's id of the student."""
    submitted: str = ""
    """ISO 8601; empty where not told."""
    extension_days: float = 0.0
    """By how much the deadline is later, in days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One submission that was run: where every figure of its grade comes from."""

    kerberos: str
    """Whose."""
    cache_key: str
    """Equal for equal submission, assignment, bundle, code and options."""
    state: str
    """`graded`, `rejected` or `fault`."""
    sentence: str
    """Why it was rejected or failed; empty otherwise."""
    zip_sha256: str
    """Digest of the zip."""
    assignment: str
    """Name of the assignment."""
    assignment_sha256: str
    """Its digest at the time of the run."""
    code_version: str
    """Of this project."""
    bundle: str
    """Name of the bundle."""
    bundle_sha256: str
    """Its version."""
    seed: int | None
    """Of the hidden inputs; None where nothing was run."""
    device: str
    """That the notebook ran on; empty where it did not."""
    isolation: str
    """Tier of the run; empty where there was none."""
    worker: str
    """Host and process that did it."""
    attempts: int
    """Times that it was tried."""
    seconds: float
    """Wall-clock seconds, all stages."""
    stage_seconds: str
    """JSON: stage to wall-clock seconds."""
    sheet_sha256: str
    """Blob of results.json as it came out of the run; empty where there is none."""
    finished_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A run's points as they stand."""

    grade_id: int
    """Of its row."""
    run_id: int
    """Of the run."""
    digest: str
    """Of the sheet."""
    sheet: GradeSheet
    """Without measurements, pictures and answers."""
    shown: bool
    """Whether the results folder's pages show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one hand-in of a batch stands now."""

    hand_in: HandInRow
    """As it was found."""
    run_id: int | None
    """Of its newest run; None where it waits, or is not to be run."""
    run: RunRow | None
    """That run."""
    grade: Grade | None
    """Its newest points; None where there are none."""
