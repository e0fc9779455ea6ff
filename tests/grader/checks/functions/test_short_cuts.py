"""Library functions that answer by themselves are told to staff and cost nothing."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.checks import run_checks
from grader.checks.findings import say
from grader.checks.functions.short_cuts import named_in
from grader.kernel.watching import functions_used
from grader.model.records import Outcome
from reference import conv
from tests.grader.checks.support import ASSIGNMENT, Lab

FORWARD = "conv1d_forward"


def by_torch(x: Any, w: Any) -> Any:
    signal, kernel = torch.as_tensor(np.asarray(x)), torch.as_tensor(np.asarray(w))
    k = len(kernel)
    padded = F.pad(signal, ((k - 1) // 2, k // 2))
    return F.conv1d(padded.view(1, 1, -1), kernel.view(1, 1, -1)).view(-1)


def by_numpy(x: Any, w: Any) -> Any:
    return np.correlate(np.pad(x, ((len(w) - 1) // 2, len(w) // 2)), w, "valid")


def by_hand(x: Any, w: Any) -> Any:
    return conv.forward(x, w)


@pytest.mark.parametrize(
    ("function", "name"),
    [(by_torch, "torch.conv1d"), (by_numpy, "numpy.correlate")],
)
def test_calls_are_seen(lab: Lab, function: Any, name: str) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: function}))["1a"][0]
    assert finding.outcome is Outcome.PASS
    assert say("short_cut.called", function=FORWARD, names=name) in finding.remarks
    assert f"{FORWARD} calls {name}" in finding.staff_detail
    assert "shortcut" not in finding.message


@pytest.mark.parametrize(
    ("function", "source", "code"),
    [
        (by_hand, "np.correlate(x, w)", "short_cut.written"),
        (by_numpy, "np.correlate(x, w)", "short_cut.written_and_called"),
    ],
)
def test_code_and_calls_are_told_apart(lab: Lab, function: Any, source: str, code: str) -> None:
    context = lab.ask({FORWARD: function})
    cells = lab.context(
        sources=("import numpy as np", f"def {FORWARD}(x, w):\n    return {source}")
    ).submission
    finding = run_checks(ASSIGNMENT, replace(context, submission=cells))["1a"][0]
    assert say(code, function=FORWARD, names="numpy.correlate") in finding.remarks


def test_what_the_function_imports_is_seen_and_nothing_else_is_imported() -> None:
    def inner_import(x: Any) -> Any:
        import colorsys  # stands for any module that only the function needs

        return colorsys.rgb_to_hsv(x, x, x)

    sys.modules.pop("colorsys", None)
    sys.modules.pop("this", None)
    inner_import(0.5)
    listed = ["colorsys.rgb_to_hsv", "colorsys.hsv_to_rgb", "this.d", "nowhere.at.all"]
    assert functions_used(inner_import, [0.5], listed) == ["colorsys.rgb_to_hsv"]
    assert "this" not in sys.modules


def test_a_library_that_is_imported_when_asked_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lazy = ModuleType("lazy")
    lazy.__dict__["__getattr__"] = lambda name: pytest.fail(f"asked for {name}")
    monkeypatch.setitem(sys.modules, "lazy", lazy)
    assert functions_used(abs, [1], ["lazy.part.function"]) == []


def test_an_own_loop_is_no_short_cut(lab: Lab) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: by_hand}))["1a"][0]
    assert not [r for r in finding.remarks if r.code.startswith("short_cut.")]


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (["import torch.nn.functional as F", "def f(x):\n    return F.conv1d(x)"], "conv1d"),
        (["from torch.nn.functional import conv1d as c", "def f(x):\n    return c(x)"], "conv1d"),
        (["import torch", "def g(x):\n    return torch.nn.functional.conv1d(x, x)", "f = 1"], ""),
        (["import torch", "def g(x):\n    return torch.nn.functional.conv1d(x, x)",
          "def f(x):\n    return g(x)"], "conv1d"),
(["%pip list\nimport torch\ndef f(x):\n    return torch.nn.functional.conv1d(x)"], "conv1d"),
        (["def f(x:\n"], ""),
    ],
)  # fmt: skip
def test_names_in_the_code(cells: list[str], name: str) -> None:
    found = named_in(cells, "f")
    assert ("torch.nn.functional.conv1d" in found) == bool(name)


def test_methods_are_seen() -> None:
    assert "torch.Tensor.backward" in named_in(["def f(x):\n    x.sum().backward()"], "f")


def test_what_is_too_much_to_be_read_is_told() -> None:
    assert named_in(["x=1;" * 3_900_000, "def f(x):\n    return x.softmax()"], "f") == {
        "torch.Tensor.softmax"
    }
