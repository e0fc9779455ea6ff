"""Cells too long to be read: the kernel is asked, and a part waits where reading counts."""

from __future__ import annotations

from dataclasses import replace

from grader.checks import run_checks
from grader.checks.context import CheckContext
from grader.model.records import Finding, Outcome
from reference import conv
from tests.grader.checks.support import ASSIGNMENT, Lab


def unread(context: CheckContext, *indices: int) -> CheckContext:
    cells = tuple(replace(cell, unread=cell.index in indices) for cell in context.submission.cells)
    return replace(context, submission=replace(context.submission, cells=cells))


def test_a_function_that_the_kernel_found_keeps_its_points(lab: Lab) -> None:
    context = unread(lab.ask({"conv1d_forward": conv.forward}), 0)
    finding = run_checks(ASSIGNMENT, context)["1a"][0]
    assert (finding.outcome, finding.credit) == (Outcome.PASS, 1.0)
    assert "short_cut.unread" in {remark.code for remark in finding.remarks}


def test_what_no_cell_that_was_read_defines_waits_for_a_person(lab: Lab) -> None:
    context = lab.context(sources=["x=1;"], report_pages=0)
    assert run_checks(ASSIGNMENT, context)["1a"][0].outcome is Outcome.NOT_ATTEMPTED
    finding = run_checks(ASSIGNMENT, unread(context, 0))["1a"][0]
    assert finding.outcome is Outcome.NEEDS_HUMAN
    assert [remark.code for remark in finding.remarks][:1] == ["function.unread"]


def test_a_call_that_cannot_be_read_is_looked_at(lab: Lab) -> None:
    context = lab.ask({"output2prob": lambda z: z.softmax(1)}, parts={0: "2c"})
    assert judged(context).outcome is Outcome.PASS
    finding = judged(unread(context, 0))
    assert finding.outcome is Outcome.NEEDS_HUMAN
    assert finding.remarks[0].code == "output2prob.unread_call"


def judged(context: CheckContext) -> Finding:
    found = run_checks(ASSIGNMENT, context)["2c"]
    return next(one for one in found if one.check_id == "output2prob")
