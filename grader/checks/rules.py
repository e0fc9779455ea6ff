"""Which rule of the offering gave a check's share, in words that lead to the line of the file."""

from __future__ import annotations

import math

from grader.checks.declaration import Check
from grader.model.assignment import Assignment
from grader.model.records import Finding, Outcome


def rule_of(finding: Finding, check: Check, assignment: Assignment) -> str:
    """Return the rule by which a partly right answer has its share; empty for all or nothing.

    A check takes the least of the shares of the faults that it found, so the share tells the rule;
    of rules with the same share, those count whose fault is named by a remark, if there are any.
    """
    share = finding.offered or finding.credit
    if finding.outcome not in {Outcome.PARTIAL, Outcome.NEEDS_HUMAN} or not 0 < share < 1:
        return ""
    own = assignment.credit.get(check.id, {})
    shares = {fault: own.get(fault, one.default) for fault, one in check.credit.items()}
    fitting = [fault for fault, value in shares.items() if math.isclose(value, share)]
    codes = [remark.code for remark in finding.remarks]
    named = [fault for fault in fitting if any(code.endswith(f".{fault}") for code in codes)]
    return " or ".join(
        f"credit.{check.id}.{fault} = {share:g} ({check.credit[fault].meaning})"
        for fault in named or fitting
    )
