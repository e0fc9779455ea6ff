"""2(c): what a function for one row of ordinary logits is worth, by what the notebook asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from torch import Tensor
from torch.nn import functional as F

from grader.checks import CHECKS, CheckContext
from grader.model.records import Alignment, Finding, Outcome
from tests.grader.checks.support import Lab


def in_the_form_of_the_course(context: CheckContext) -> CheckContext:
    """The same, but for cells that have other ids than those of the release."""
    matches = tuple(replace(match, how="content") for match in context.alignment.matches)
    return replace(context, alignment=Alignment(matches=matches, missing=(), answers=()))


def judged(lab: Lab, function: Callable[[Tensor], Tensor], *, release: bool) -> Finding:
    context = lab.ask({"output2prob": function}, parts={0: "2c"})
    if not release:
        context = in_the_form_of_the_course(context)
    return CHECKS["output2prob"](context, "2c")


PLAIN = {
    "exp over its sum": (lambda o: o.exp() / o.exp().sum(), "output2prob.batch"),
    "the first row": (lambda o: F.softmax(o[0], dim=0), "output2prob.batch"),
    "exp over its sum, by rows": (
        lambda o: o.exp() / o.exp().sum(dim=1, keepdim=True),
        "output2prob.unstable",
    ),
}


@pytest.mark.parametrize("words", PLAIN)
def test_the_courses_form_never_has_a_batch_and_docks_nothing_for_one(lab: Lab, words: str) -> None:
    function, code = PLAIN[words]
    found = judged(lab, function, release=False)
    assert (found.outcome, found.credit) == (Outcome.PASS, 1)
    assert [remark.code for remark in found.remarks[:2]] == ["output2prob.right_here", code]


@pytest.mark.parametrize("words", PLAIN)
def test_the_release_speaks_of_batches_and_takes_the_offerings_share(lab: Lab, words: str) -> None:
    function, code = PLAIN[words]
    found = judged(lab, function, release=True)
    share = lab.context().assignment.credit["output2prob"][code.partition(".")[2]]
    assert (found.outcome, found.credit, found.code) == (Outcome.PARTIAL, share, code)


@pytest.mark.parametrize("factor", [2, -1])
def test_what_is_wrong_for_one_row_is_wrong_in_both_forms(lab: Lab, factor: float) -> None:
    for release in (True, False):
        found = judged(lab, lambda o: F.softmax(factor * o, dim=1), release=release)
        assert found.outcome is Outcome.FAIL
