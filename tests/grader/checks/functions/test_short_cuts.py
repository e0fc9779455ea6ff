"""Library functions that answer by themselves: what they earn waits for a person."""

from __future__ import annotations

import sys
from dataclasses import replace
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.checks import run_checks
from grader.checks.findings import say
from grader.checks.functions.short_cuts import named_in, read_code
from grader.kernel.watching import functions_used
from grader.model.records import Finding, Outcome
from grader.scoring.overrides import Override
from grader.scoring.score import rescore, score
from reference import conv
from tests import factories
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


def by_convolution(x: Any, w: Any) -> Any:
    signal, kernel = torch.as_tensor(np.asarray(x)), torch.as_tensor(np.asarray(w))
    padded = F.pad(signal, ((len(kernel) - 1) // 2, len(kernel) // 2))[None, None]
    one = ([1], [0], [1], False, [0], 1)
    return torch.convolution(padded, kernel[None, None], None, *one)[0, 0]


def by_operator(x: Any, w: Any) -> Any:
    signal, kernel = torch.as_tensor(np.asarray(x)), torch.as_tensor(np.asarray(w))
    padded = F.pad(signal, ((len(kernel) - 1) // 2, len(kernel) // 2))[None, None]
    one = ([1], [0], [1], False, [0], 1)
    operators = getattr(torch, "o" + "ps")
    return operators.aten.convolution(padded, kernel[None, None], None, *one)[0, 0]


def unwatched(x: Any, w: Any) -> Any:
    before = sys.getprofile()
    sys.setprofile(None)
    answer = by_numpy(x, w)
    sys.setprofile(before)
    return answer


def in_a_thread(x: Any, w: Any) -> Any:
    answers: list[Any] = []
    thread = Thread(target=lambda: answers.append(by_hand(np.asarray(x), np.asarray(w))))
    thread.start()
    thread.join()
    return answers[0]


def by_windows(x: Any, w: Any) -> Any:
    padded = np.pad(np.asarray(x, dtype=float), ((len(w) - 1) // 2, len(w) // 2))
    return np.einsum("ij,j->i", np.lib.stride_tricks.sliding_window_view(padded, len(w)), w)


def by_unfolding(x: Any, w: Any) -> Any:
    padded = F.pad(torch.as_tensor(np.asarray(x)), ((len(w) - 1) // 2, len(w) // 2))
    return (padded.unfold(0, len(w), 1) @ torch.as_tensor(np.asarray(w))).numpy()


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (by_torch, "torch.conv1d"),
        (by_numpy, "numpy.correlate"),
        (by_convolution, "torch.convolution"),
        (by_operator, "torch.ops.*"),
    ],
)
def test_a_call_that_is_seen_waits_with_what_the_check_would_give(
    lab: Lab, function: Any, name: str
) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: function}))["1a"][0]
    assert (finding.outcome, finding.credit, finding.offered) == (Outcome.NEEDS_HUMAN, 0, 1)
    assert finding.code == "short_cut.held"
    assert say("short_cut.called", function=FORWARD, names=name) in finding.remarks
    assert f"{FORWARD} calls {name}" in finding.staff_detail
    assert "would give 100% of its points" in finding.staff_detail
    assert f"uses {name}; a person decides" in finding.message


def pooled(by: Any) -> Any:
    def maxpool1d_forward(x: Any, k: int) -> Any:
        return by(torch.as_tensor(np.asarray(x, dtype=float))[None, None], k)[0, 0].numpy()

    return maxpool1d_forward


@pytest.mark.parametrize(
    ("function", "name"),
    [(unwatched, "sys.getprofile, sys.setprofile"), (in_a_thread, "_thread.start_new_thread")],
)
def test_what_ends_or_evades_the_watch_waits_with_that_reason(
    lab: Lab, function: Any, name: str
) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: function}))["1a"][0]
    assert (finding.outcome, finding.offered) == (Outcome.NEEDS_HUMAN, 1)
    assert finding.code == "short_cut.hidden"
    assert f"Its code uses {name}, which hides" in finding.message


@pytest.mark.parametrize("text", ["sys.setprofile(None)", "ctypes.CDLL(None)"])
def test_code_that_names_what_hides_waits_too(lab: Lab, text: str) -> None:
    cell = f"import ctypes, sys\ndef {FORWARD}(x, w):\n    {text}\n    return x"
    assert judged(lab, by_hand, cell).code == "short_cut.hidden"


@pytest.mark.parametrize("function", [by_windows, by_unfolding])
def test_building_blocks_keep_their_points(lab: Lab, function: Any) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: function}))["1a"][0]
    assert (finding.outcome, finding.credit) == (Outcome.PASS, 1)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (lambda x, k: F.max_pool1d(x, k, 1), "torch.max_pool1d"),
        (
            lambda x, k: F.max_pool2d(x[:, :, None], (1, k), 1, return_indices=True)[0][:, :, 0],
            "torch._C._nn.max_pool2d_with_indices",
        ),
        (lambda x, k: x.unfold(2, k, 1).amax(-1), ""),
    ],
)
def test_pooling_by_a_library_is_told_by_its_own_name(lab: Lab, by: Any, names: str) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({"maxpool1d_forward": pooled(by)}))["1b"][0]
    told = [remark for remark in finding.remarks if remark.code == "short_cut.called"]
    assert [dict(remark.values)["names"] for remark in told] == ([names] if names else [])
    assert (finding.outcome is Outcome.PASS) == (not names)


def judged(lab: Lab, function: Any, *cells: str) -> Finding:
    context = lab.ask({FORWARD: function})
    written = lab.context(sources=("import numpy as np\nfrom torch.nn import Conv1d", *cells))
    return run_checks(ASSIGNMENT, replace(context, submission=written.submission))["1a"][0]


@pytest.mark.parametrize(
    ("function", "source", "code"),
    [
        (by_hand, "np.correlate(x, w)", "short_cut.written"),
        (by_numpy, "np.correlate(x, w)", "short_cut.written_and_called"),
    ],
)
def test_code_and_calls_are_told_apart(lab: Lab, function: Any, source: str, code: str) -> None:
    finding = judged(lab, function, f"def {FORWARD}(x, w):\n    return {source}")
    assert say(code, function=FORWARD, names="numpy.correlate") in finding.remarks
    assert (finding.outcome, finding.offered) == (Outcome.NEEDS_HUMAN, 1)


@pytest.mark.parametrize(
    "cells",
    [
        (f"def {FORWARD}(x, w):\n    return x * w  # as np.convolve(x, w, 'same') does",),
        (f"def {FORWARD}(x, w):\n    'Like np.convolve.'\n    return x * w",),
        (f"def {FORWARD}(x, w):\n    return x * w\n    return np.convolve(x, w, 'same')",),
        (f"def {FORWARD}(x, w):\n    return x * w", "np.convolve([1, 2], [3]) # to compare with"),
        (f"def {FORWARD}(x, w):\n    return x * w", "def old(x, w):\n    return np.convolve(x, w)"),
    ],
    ids=["comment", "docstring", "after a return", "self-test", "another function"],
)
def test_a_word_or_code_that_the_answer_does_not_use_costs_nobody_a_wait(
    lab: Lab, cells: tuple[str, ...]
) -> None:
    finding = judged(lab, by_hand, *cells)
    assert (finding.outcome, finding.credit, finding.offered) == (Outcome.PASS, 1, 0)


def test_a_method_of_that_name_waits_only_where_the_call_is_seen(lab: Lab) -> None:
    def backward(x: Any, w: Any, g: Any) -> Any:
        return conv.grad_input(g, w), conv.grad_kernel(x, g, len(w))

    context = lab.ask({"conv1d_backward": backward, FORWARD: conv.forward})
    cells = ("def conv1d_backward(x, w, g):\n    return Layer(w).backward(x, g)",)
    written = lab.context(sources=cells).submission
    finding = run_checks(ASSIGNMENT, replace(context, submission=written))["3a"][0]
    assert "short_cut.written" in {remark.code for remark in finding.remarks}
    assert (finding.outcome, finding.credit) == (Outcome.PASS, 1)


def test_what_earns_nothing_does_not_wait(lab: Lab) -> None:
    finding = run_checks(ASSIGNMENT, lab.ask({FORWARD: lambda x, w: np.convolve(x, w)[:2]}))["1a"][
        0
    ]
    assert (finding.outcome, finding.offered) == (Outcome.FAIL, 0)
    assert "numpy.convolve" in finding.staff_detail


def test_the_points_wait_until_a_person_decided(lab: Lab) -> None:
    findings = run_checks(ASSIGNMENT, lab.ask({FORWARD: by_numpy}))
    facts, in_time = factories.sheet_facts(), factories.lateness()
    sheet = score(dict(findings), ASSIGNMENT, facts, in_time)
    most = ASSIGNMENT.max_points("1a", sheet.course)
    part = sheet.parts[0]
    assert (part.points, part.pending_points, part.offered_points) == (0, most, most)
    decided = rescore(sheet, ASSIGNMENT, (Override(part_id="1a", points=most / 2),)).parts[0]
    assert (decided.points, decided.pending_points, decided.offered_points) == (most / 2, 0, 0)


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
    found = named_in(read_code(cells), "f")
    assert ("torch.nn.functional.conv1d" in found) == bool(name)


def test_a_star_stands_for_any_rest(lab: Lab) -> None:
    cell = f"import torch\ndef {FORWARD}(x, w):\n    return torch.ops.aten.convolution(x, w)"
    finding = judged(lab, by_hand, cell)
    assert finding.code == "short_cut.held"
    assert "torch.ops.aten.convolution" in finding.message


def test_methods_are_seen() -> None:
    assert "torch.Tensor.backward" in named_in(
        read_code(["def f(x):\n    x.sum().backward()"]), "f"
    )


def test_what_is_too_much_to_be_read_is_told() -> None:
    assert named_in(read_code(["x=1;" * 3_900_000, "def f(x):\n    return x.softmax()"]), "f") == {
        "torch.Tensor.softmax"
    }
