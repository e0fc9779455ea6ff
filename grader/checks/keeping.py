"""What becomes of findings: they are kept, or stand for a check that was given up."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from grader.checks.findings import needs_human, say
from grader.checks.images.reference_pictures import keep_reference_pictures, without_missing
from grader.model.records import Finding, Findings
from grader.model.records.codec import save
from grader.model.results_folder import ResultFolder
from grader.planning.standard import Standard
from grader.reading.hand_in import nothing_read


def without_reading(folder: ResultFolder) -> None:
    """Say that report and stored outputs were not read, where that reached a limit."""
    save(nothing_read(), folder.record("reading"))


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
