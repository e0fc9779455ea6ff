"""What the course's helper is called with is told, and the helper still does what it did."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from grader.kernel import recorder
from grader.kernel.bounds import MAX_PLOTTED
from grader.kernel.channel import Channel
from grader.kernel.plotted import wrap_plot
from grader.kernel.state import remember
from tests.grader.kernel.test_looks import Inbox


@pytest.fixture
def told() -> Inbox:
    box = Inbox()
    remember(cast("Channel", box), SimpleNamespace(user_ns={}), 0)
    return box


def plot_top_classes(values: Any, top_k: int = 5) -> tuple[str, int]:
    return type(values).__name__, top_k


@pytest.mark.parametrize(
    "values",
    [
        torch.tensor([[0.25, 0.75]], requires_grad=True),
        torch.tensor([0.25, 0.75], dtype=torch.float64),
        np.array([0.25, 0.75]),
        [0.25, 0.75],
    ],
    ids=lambda v: type(v).__name__,
)
def test_values_of_any_kind_are_told(told: Inbox, values: Any) -> None:
    assert wrap_plot(plot_top_classes)(values, top_k=3) == (type(values).__name__, 3)
    ((body, arrays),) = told.of("plotted")
    assert body == {}
    assert arrays["values"].tolist() == [[0.25, 0.75]]


def test_what_is_no_row_of_numbers_is_left_out(told: Inbox) -> None:
    wrapped = wrap_plot(plot_top_classes)
    for values in ("text", ["a", "b"], None, torch.zeros(1), np.zeros(10_001), [[1], [2, 3]]):
        wrapped(values)
    assert told.of("plotted") == []
    for _ in range(MAX_PLOTTED + 2):
        wrapped([0.5, 0.5])
    assert len(told.of("plotted")) == MAX_PLOTTED


def test_the_helper_is_wrapped_once_where_it_is_bound(told: Inbox) -> None:
    names: dict[str, Any] = {"plot_top_classes": plot_top_classes}
    recorder._wrap_in(names)
    recorder._wrap_in(names)
    assert names["plot_top_classes"].__pset4_original__ is plot_top_classes
    names["plot_top_classes"]([0.5, 0.5])
    assert len(told.of("plotted")) == 1
