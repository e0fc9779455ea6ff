"""Issue 15, section 4: 2(c) asks for the probability that the notebook states."""

from __future__ import annotations

import pytest

from grader.checks.functions.softmax_calls import Calls, calls_in


@pytest.mark.parametrize(
    ("cells", "once", "twice"),
    [
        (["prob = output2prob(output)\nplot_top_classes(prob)"], 1, 0),
        (["prob = output2prob(output2prob(output))"], 0, 1),
        (["plot_top_classes(output2prob(F.softmax(output, dim=1)))"], 0, 1),
        (["plot_top_classes(torch.softmax(output2prob(output).cpu(), 1))"], 0, 1),
        (["prob = output2prob(output)", "plot_top_classes(output2prob(prob))"], 1, 1),
        (["prob = output.softmax(1)", "prob = prob[0]", "show(prob.softmax(0))"], 1, 1),
        (["prob = output2prob(output)", "prob = model(batch)", "output2prob(prob)"], 2, 0),
        (["with torch.no_grad():\n    plot_top_classes(output2prob(model(batch)))"], 1, 0),
        (["def output2prob(z):\n    return softmax(softmax(z))", "p = output2prob(z)"], 1, 0),
        (["p = torch.nn.Softmax(dim=1)(output)"], 1, 0),
        (["%%time\np = output2prob(output)", "not python ("], 1, 0),
        ([], 0, 0),
    ],
)
def test_where_probabilities_are_taken_of_probabilities(
    cells: list[str], once: int, twice: int
) -> None:
    assert calls_in(cells) == Calls(once=once, twice=twice)
