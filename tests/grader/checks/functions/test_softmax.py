"""2(c): what a function for one row is worth, and what the notebook shows as probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks import CHECKS, CheckContext
from grader.checks.plotted import shown_in
from grader.model.records import Alignment, Finding, Outcome, Plotted
from reference.run_records import Space
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


def test_a_factor_of_one_on_the_logits_explains_nothing(lab: Lab) -> None:
    """The tester's e / (1 + sum e): "a softmax of the logits times 1"."""
    found = judged(lab, lambda o: o.exp() / (1 + o.exp().sum(1, keepdim=True)), release=True)
    assert found.outcome is Outcome.FAIL
    assert "output2prob.temperature" not in [remark.code for remark in found.remarks]


@pytest.mark.parametrize("release", [True, False])
def test_logits_that_are_overwritten_cost_what_the_offering_says(lab: Lab, release: bool) -> None:
    """Issue 15, section 4: as in the layers, whatever the form of the notebook."""

    def overwriting(o: Tensor) -> Tensor:
        o -= o.max(dim=1, keepdim=True).values
        o.exp_()
        o /= o.sum(dim=1, keepdim=True)
        return o

    found = judged(lab, overwriting, release=release)
    share = lab.context().assignment.credit["output2prob"]["in_place"]
    assert (found.outcome, found.credit, found.code) == (
        Outcome.PARTIAL,
        share,
        "function.in_place",
    )


@pytest.mark.parametrize("factor", [2, -1])
def test_what_is_wrong_for_one_row_is_wrong_in_both_forms(lab: Lab, factor: float) -> None:
    for release in (True, False):
        found = judged(lab, lambda o: F.softmax(factor * o, dim=1), release=release)
        assert found.outcome is Outcome.FAIL


def shown(lab: Lab, *times: int) -> tuple[Plotted, ...]:
    """Plots of the corgi's logits, after a softmax taken so many times."""
    found = []
    for count in times:
        values = lab.networks.logits("pretrained", lab.corgi[Space.NORMALISED])
        for _ in range(count):
            values = values.softmax(dim=1)
        found.append(Plotted(cell_index=0, values=lab.store(values)))
    return tuple(found)


@pytest.mark.parametrize(
    ("call", "times", "outcome", "code"),
    [
        ("p = output2prob(o)\nplot_top_classes(p)", (0, 1), Outcome.PASS, "right"),
        ("p = output2prob(output2prob(o))", (0, 2), Outcome.FAIL, "twice_at_the_call"),
        # Where the text misleads, the plot tells.
        ("q = output2prob(o)\nq = z.softmax(1)\noutput2prob(q)", (1,), Outcome.PASS, "right"),
        ("for _ in 'ab': o = output2prob(o)", (2,), Outcome.NEEDS_HUMAN, "called_on_probabilities"),
        ("output2prob(output2prob(o))", (1, 2), Outcome.NEEDS_HUMAN, "called_on_probabilities"),
        # Where nothing is plotted, the text.
        ("p = output2prob(output2prob(o))", (), Outcome.FAIL, "twice_at_the_call"),
        ("p = output2prob(output2prob(o))", (0,), Outcome.FAIL, "twice_at_the_call"),
    ],
)
def test_the_probability_that_the_notebook_shows_counts(
    lab: Lab, call: str, times: tuple[int, ...], outcome: Outcome, code: str
) -> None:
    context = lab.ask({"output2prob": lambda z: z.softmax(1)}, parts={1: "2c"})
    (defined,) = context.submission.cells
    cells = (defined, replace(defined, index=1, source=call))
    plots = tuple(replace(plot, cell_index=1) for plot in shown(lab, *times))
    context = replace(
        context,
        submission=replace(context.submission, cells=cells),
        evidence=replace(context.evidence, plotted=plots),
    )
    found = CHECKS["output2prob"](context, "2c")
    assert (found.outcome, found.code) == (outcome, f"output2prob.{code}"), found.message


def test_a_softmax_taken_once_is_never_taken_for_twice(lab: Lab) -> None:
    """Percents and an unsure network are told from it; every softmax of probabilities is found."""
    once, logits, twice, thrice = (
        one.taken_twice for one in shown_in(replace_plots(lab, shown(lab, 1, 0, 2, 3)), (0,))
    )
    assert (once, logits, twice, thrice) == (False, False, True, True)
    unsure = torch.randn((1, 1000), generator=torch.Generator().manual_seed(0)).softmax(dim=1)
    plots = tuple(Plotted(cell_index=0, values=lab.store(k * unsure)) for k in (1, 100))
    found = shown_in(replace_plots(lab, plots), (0,))
    assert [(one.are_probabilities, one.taken_twice) for one in found] == [(True, False)] * 2


def replace_plots(lab: Lab, plots: tuple[Plotted, ...]) -> CheckContext:
    return lab.context(plotted=plots, sources=["plot_top_classes(p)"], parts={0: "2c"})
