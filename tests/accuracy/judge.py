"""Whether the grader's verdict on a case is the one that it must get."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from grader.model.records import Finding, Outcome
from tests.accuracy.corpus import Case, parts_of
from tests.grader.checks.words import flaws_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PartVerdict:
    """What became of one part."""

    part: str
    lost: float
    """Share of the part's points that is lost for good, 0 to 1."""
    waiting: float
    """Share that waits for a person."""
    outcomes: tuple[str, ...]
    message: str
    """Of its findings, with the codes of their remarks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A case and its verdicts."""

    id: str
    family: str
    kind: str
    marked: tuple[str, ...]
    """Parts at which it must lose or wait."""
    misses: tuple[str, ...]
    """What is not as it must be; empty where all is well."""
    verdicts: tuple[PartVerdict, ...]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def verdicts(case: Case, findings: dict[str, tuple[Finding, ...]]) -> tuple[PartVerdict, ...]:
    """Sum up the findings of the case's parts; all checks of a part weigh the same here."""
    return tuple(_part(part, findings[part]) for part in parts_of(case))


def _part(part: str, findings: tuple[Finding, ...]) -> PartVerdict:
    waiting = {Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT}
    lost = sum(1 - f.credit for f in findings if f.outcome not in waiting)
    return PartVerdict(
        part=part,
        lost=lost / len(findings),
        waiting=sum(f.outcome in waiting for f in findings) / len(findings),
        outcomes=tuple(f.outcome.value for f in findings),
        message=" | ".join(_told(f) for f in findings if f.outcome is not Outcome.PASS)
        or " | ".join(_told(f) for f in findings),
    )


def _told(finding: Finding) -> str:
    """What was found, by code, and in the student's words."""
    return f"{finding.message} ({', '.join(remark.code for remark in finding.remarks)})"


def misses(case: Case, found: tuple[PartVerdict, ...]) -> tuple[str, ...]:
    """Say what is wrong with the verdicts."""
    wrong = []
    for verdict in found:
        wrong += [f"{flaw} in {verdict.message!r}" for flaw in flaws_of(verdict.message)]
        told = f"{verdict.part} {'/'.join(verdict.outcomes)}: {verdict.message}"
        if Outcome.GRADER_FAULT.value in verdict.outcomes:
            wrong.append(f"fault of the grader at {told}")
        elif verdict.part in case.loses:
            if verdict.lost == 0:
                wrong.append(f"not caught at {told}")
            elif not re.search(case.says, verdict.message, re.IGNORECASE):
                wrong.append(f"expected {case.says!r} in the message of {told}")
        elif verdict.part in case.waits:
            if verdict.waiting == 0 or verdict.lost:
                wrong.append(f"expected to wait for a person at {told}")
            elif not re.search(case.says, verdict.message, re.IGNORECASE):
                wrong.append(f"expected {case.says!r} in the message of {told}")
        elif verdict.lost or verdict.waiting:
            wrong.append(f"right, but loses at {told}")
    return tuple(wrong)
