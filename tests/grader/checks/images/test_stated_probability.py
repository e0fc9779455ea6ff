"""Issue 15, section 4: 2(c) asks for the probability that the notebook states."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checks.images.stated_probability import stated_otherwise
from grader.model.records import CellRun, Outcome, Plotted
from tests.grader.checks.support import Lab

TOP, SECOND = 263, 264
"""Class ids: Pembroke, and the one behind it in the list."""


def logits() -> Tensor:
    values = torch.zeros((1, 1000), dtype=torch.float64)
    values[0, TOP], values[0, SECOND] = 9.5, 7.25
    return values


P = logits().softmax(dim=1)[0]
NAME, OTHER = "Pembroke, Pembroke Welsh corgi", "Cardigan, Cardigan Welsh corgi"


def stated(lab: Lab, said: str, *plotted: Tensor, source: str = "prob") -> str:
    run = CellRun(cell_index=0, outcome=Outcome.PASS, seconds=0.1, said=said)
    plots = tuple(Plotted(cell_index=0, values=lab.store(values)) for values in plotted)
    context = lab.context(cells=(run,), plotted=plots, sources=(source,), parts={0: "2c"})
    return stated_otherwise(context, "2c", logits())


TRUE = (
    f"{NAME}: {P[TOP]:.4f}",
    f"Pembroke {P[TOP]:.1%}\n{OTHER} {P[SECOND]:.1%}",
    f"Pembroke_Welsh_Corgi {100 * P[TOP]:.0f} %",
    f"tensor({P[TOP]:.4f})",
    f"tensor([[{P[TOP]:.4e}, {P[SECOND]:.4e}]])",
    f"{{'corgi': {float(P[TOP])}}}",
    f"   class  p\n0  Pembroke  {P[TOP]:.6f}\n1  Cardigan  {P[SECOND]:.6f}",
    f"Pembroke\nCardigan\n{P[TOP]:.3f}\n{P[SECOND]:.3f}",
    f"Pembroke 9.5\nCardigan 7.25\nPembroke: p = {P[TOP]:.2f}",
    "",
    "Wall time: 1.23 s",
    "The class is Pembroke.",
    "1 Pembroke\n2 Cardigan 0.5",
)


@pytest.mark.parametrize("said", TRUE)
def test_what_is_stated_in_any_notation_is_taken(lab: Lab, said: str) -> None:
    assert stated(lab, said) == ""


FALSE = {
    f"Cardigan: {P[TOP]:.4f}": "the right probability under another class's name",
    f"Cardigan: {P[SECOND]:.4f}": "a number for another class",
    "tench: 0.0000": "a number for another class",
    f"Pembroke: {P[TOP].log():.4f}": "the logarithm of the probability",
    "Pembroke: 9.5000": "a logit",
}


@pytest.mark.parametrize("said", FALSE)
def test_another_statement_is_told(lab: Lab, said: str) -> None:
    assert stated(lab, said) == FALSE[said]


def test_plots_count_where_nothing_is_printed(lab: Lab) -> None:
    right, other = P.unsqueeze(0), logits().roll(5).softmax(dim=1)
    assert (
        stated(lab, "", right) == stated(lab, "", other, right) == stated(lab, "", logits()) == ""
    )
    assert stated(lab, "", other) == "other probabilities than the network gives"
    assert stated(lab, f"Pembroke: {P[TOP]:.3f}", other) == ""
    assert stated(lab, "Pembroke: 9.5", right) == ""


def test_the_smallest_classes_in_a_plot_are_told_beside_a_right_print(lab: Lab) -> None:
    right, turned = f"Pembroke: {P[TOP]:.3f}", (1 - P).unsqueeze(0)
    assert stated(lab, right, turned) == "the classes with the smallest probabilities"
    assert stated(lab, right, -logits()) == "the classes with the smallest probabilities"
    assert stated(lab, right, turned, P.unsqueeze(0)) == ""
    assert stated(lab, right, torch.full_like(P, 0.001).unsqueeze(0)) == ""


def test_a_figure_of_ones_own_may_state_it(lab: Lab) -> None:
    assert stated(lab, "Pembroke: 9.5", source="plt.barh(names, prob)") == ""
