"""What goes into the store and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from grader.intake.hand_in import HandIn
from grader.model.records import GradeSheet
from grader.model.stage_keys import GraderKeys

DONE = ("graded", "rejected")
"""States of a run that need not be run again."""


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

    hand_in: HandIn
    """As it was found; its path is not kept."""
    zip_sha256: str
    """Digest of the zip, a blob; empty where nothing was handed in."""
    cache_key: str
    """Key of the run that it asks for; empty where it is not to be run."""
    role: str
    """`counted`, `superseded` or `missing`."""
    superseded_by: str = ""
    """`source` of the hand-in that counts instead."""

    @property
    def kerberos(self) -> str:
        """Whose."""
        return self.hand_in.kerberos


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One submission that was run: where every figure of its grade comes from."""

    kerberos: str
    """Whose."""
    cache_key: str
    """Key of the run: equal where another run would give the same evidence."""
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
class Judgement:
    """What the checks found in a run's evidence: at first, or when it was judged again."""

    sheet: GradeSheet
    """Findings and points."""
    keys: GraderKeys
    """What it was judged by, and what its pages were made by."""
    code_version: str
    """Of this project."""
    worker: str
    """Host and process that did it."""
    seconds: float
    """Wall-clock seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneRun:
    """A run that need not be run again."""

    state: str
    """`graded` or `rejected`."""
    seed: int | None
    """Of the hidden inputs; None where nothing was run."""
    judge_key: str
    """What its evidence was last judged by; empty where it was not, or nobody noted it."""


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
    pages_key: str | None
    """What the pages that show it were made by; None where the results folder shows another."""


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
    judge_key: str = ""
    """What the run's evidence was last judged by; empty where nobody noted it."""
