"""Right and wrong layers, and the verdict that each must get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from grader.checks import CHECKS
from grader.model.records import Outcome, StemExhibit
from reference import conv, pool
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.convention import Anchor, Boundary
from tests.grader.checks.support import Lab
from tests.grader.checks.words import wrong_in


class Case(NamedTuple):
    name: str
    check: str
    functions: Mapping[str, Callable[..., Any]]
    outcome: Outcome
    code: str


PART = {
    "conv_forward": "1a",
    "pool_forward": "1b",
    "conv_grad_input": "3a",
    "conv_grad_kernel": "3b",
    "conv_update": "3b",
    "pool_backward": "3d",
}


# -- functions as students write them ------------------------------------------------------------


def forward(x: Any, w: Any) -> Any:
    return conv.forward(x, w)


def backward(x: Any, w: Any, g: Any) -> Any:
    return conv.grad_input(g, w), conv.grad_kernel(x, g, len(w))


def by(convention: Convention) -> dict[str, Callable[..., Any]]:
    def pass_back(x: Any, w: Any, g: Any) -> Any:
        return (
            conv.grad_input(g, w, convention),
            conv.grad_kernel(x, g, len(w), convention),
        )

    return {
        "conv1d_forward": lambda x, w: conv.forward(x, w, convention),
        "conv1d_backward": pass_back,
    }


def padded(x: Any, w: Any, left: int, right: int) -> Any:
    line = np.pad(np.asarray(x, dtype=float), (left, right))
    return np.array([line[i : i + len(w)] @ np.asarray(w) for i in range(line.size - len(w) + 1)])


def off_by_one(x: Any, w: Any) -> Any:
    p = (len(w) - 1) // 2 + 1
    return padded(x, w, p, len(w) - p)[: len(x)]


def odd_only(x: Any, w: Any) -> Any:
    return padded(x, w, len(w) // 2, len(w) // 2)


def causal(x: Any, w: Any) -> Any:
    return np.convolve(x, w)[: len(x)]


def one_sided_dft(x: Any, w: Any) -> Any:
    return np.fft.irfft(np.fft.rfft(x) * np.fft.rfft(w, len(x)), len(x))


def one_sided_edge(x: Any, w: Any) -> Any:
    return np.convolve(np.pad(x, (len(w) - 1, 0), mode="edge"), w, "valid")


def one_sided_ahead(x: Any, w: Any) -> Any:
    n = len(x)
    return [sum(w[j] * x[(i + j) % n] for j in range(len(w))) for i in range(n)]


def torch_conv(x: Any, w: Any) -> Any:
    left = (len(w) - 1) // 2
    signal = F.pad(x.view(1, 1, -1), (left, len(w) - 1 - left))
    return F.conv1d(signal, w.view(1, 1, -1))


def torch_single(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(len(x))
    line = F.pad(x, ((len(w) - 1) // 2, len(w) // 2))
    for i in range(len(x)):
        out[i] = torch.dot(line[i : i + len(w)].float(), w.float())
    return out


def list_conv(x: Any, w: Any) -> Any:
    p = (len(w) - 1) // 2
    line = [0.0] * p + x + [0.0] * (len(w) - 1 - p)
    return [sum(w[j] * line[i + j] for j in range(len(w))) for i in range(len(x))]


def by_fft(x: Any, w: Any) -> Any:
    n, k = len(x), len(w)
    size = 2 * (n + k)
    full = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(w, size), size)
    c = (k - 1) // 2
    return full[c : c + n]


def by_autograd(x: Any, w: Any, g: Any) -> Any:
    a, b = (
        torch.tensor(np.array(x), requires_grad=True),
        torch.tensor(np.array(w), requires_grad=True),
    )
    return torch.autograd.grad(torch_conv(a, b).view(-1), (a, b), torch.tensor(np.array(g)))


def in_place(x: Any, w: Any) -> Any:
    x -= 0.0
    x[:] = x + 1
    x[:] = x - 1 + 1e-3
    return conv.forward(np.array(x) - 1e-3, w)


class Remembering:
    """Adds what it saw in the call before."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Any, w: Any) -> Any:
        self.calls += 1
        return conv.forward(x, w) + self.calls


def wrong_ends(x: Any, w: Any) -> Any:
    out = conv.forward(x, w)
    out[: len(w) // 2] = 0
    return out


def interior_only(x: Any, w: Any, g: Any) -> Any:
    grad = conv.grad_input(g, w)
    k = len(w)
    if k > 1:
        grad[: k - 1] *= 0.5
    return grad, conv.grad_kernel(x, g, k)


def not_flipped(x: Any, w: Any, g: Any) -> Any:
    return conv.forward(g, w), conv.grad_kernel(x, g, len(w))


def stub(*_: Any) -> Any:
    raise NotImplementedError


def broken(*_: Any) -> Any:
    raise ValueError("shapes do not fit")


def max_pool(x: Any, k: Any) -> Any:
    return np.array([max(x[i : i + k]) for i in range(len(x) - k + 1)])


def max_from_far(x: Any, k: int) -> Any:
    return [max(-9999.0, *x[i : i + k]) for i in range(len(x) - k + 1)]


def max_from_zero(x: Any, k: Any) -> Any:
    out = np.zeros(len(x) - k + 1)
    for i in range(out.size):
        for j in range(k):
            out[i] = max(out[i], x[i + j])
    return out


def pool_overwritten(x: Any, k: Any, g: Any) -> Any:
    grad = np.zeros(len(x))
    for i in range(len(g)):
        grad[i + np.argmax(x[i : i + k])] = g[i]
    return grad


def pool_even_split(x: Any, k: Any, g: Any) -> Any:
    x = np.asarray(x)
    grad = np.zeros(len(x))
    for i in range(len(g)):
        top = x[i : i + k] == x[i : i + k].max()
        grad[i : i + k] += g[i] * top / top.sum()
    return grad


def pool_tie_to_all(x: Any, k: Any, g: Any) -> Any:
    x = np.asarray(x)
    grad = np.zeros(len(x))
    for i in range(len(g)):
        grad[i : i + k] += g[i] * (x[i : i + k] == x[i : i + k].max())
    return grad


def pool_tie_to_last(x: Any, k: Any, g: Any) -> Any:
    x = np.asarray(x)
    grad = np.zeros(len(x))
    for i in range(len(g)):
        grad[i + k - 1 - np.argmax(x[i : i + k][::-1])] += g[i]
    return grad


def pool_torch(x: Any, k: Any) -> Any:
    return F.max_pool1d(x.view(1, 1, -1), k, stride=1).view(-1)


R, P, W, H, E = (
    Outcome.PASS,
    Outcome.PARTIAL,
    Outcome.FAIL,
    Outcome.NEEDS_HUMAN,
    Outcome.STUDENT_ERROR,
)
F1, B1, U1 = "conv1d_forward", "conv1d_backward", "conv1d_update"
M1, M2 = "maxpool1d_forward", "maxpool1d_backward"

FORWARD = (
    Case(
        "numpy same",
        "conv_forward",
        {F1: lambda x, w: np.convolve(x, w, "same")},
        R,
        "conv_forward.right",
    ),
    Case(
        "correlate",
        "conv_forward",
        {F1: lambda x, w: np.correlate(x, w, "same")},
        R,
        "conv_forward.right",
    ),
    Case("torch (1,1,N)", "conv_forward", {F1: torch_conv}, H, "function.other_form"),
    Case("torch in float32", "conv_forward", {F1: torch_single}, H, "function.other_form"),
    Case("python lists", "conv_forward", {F1: list_conv}, H, "function.other_form"),
    Case("FFT", "conv_forward", {F1: by_fft}, R, "conv_forward.right"),
    Case(
        "0-d tensors in a list",
        "conv_forward",
        {F1: lambda x, w: [torch.tensor(v) for v in conv.forward(x, w)]},
        R,
        "conv_forward.right",
    ),
    Case(
        "extra keyword",
        "conv_forward",
        {F1: lambda x, w, mode="edge": conv.forward(x, w, Convention(boundary=mode))},
        R,
        "conv_forward.right",
    ),
    Case(
        "Toeplitz",
        "conv_forward",
        {F1: lambda x, w: conv.forward_matrix(w, len(x)) @ np.asarray(x)},
        R,
        "conv_forward.right",
    ),
    Case("off by one pad", "conv_forward", {F1: off_by_one}, W, "conv_forward.shifted"),
    Case("odd kernels only", "conv_forward", {F1: odd_only}, P, "conv_forward.even_kernel"),
    Case(
        "odd, else raises",
        "conv_forward",
        {F1: lambda x, w: forward(x, w) if len(w) % 2 else broken()},
        P,
        "conv_forward.even_kernel",
    ),
    Case(
        "valid",
        "conv_forward",
        {F1: lambda x, w: np.convolve(x, w, "valid")},
        W,
        "conv_forward.valid",
    ),
    Case("full", "conv_forward", {F1: np.convolve}, W, "conv_forward.full"),
    Case("one-sided", "conv_forward", {F1: causal}, H, "conv_forward.one_sided"),
    Case("circular, DFT", "conv_forward", {F1: one_sided_dft}, H, "conv_forward.one_sided"),
    Case("edge, one-sided", "conv_forward", {F1: one_sided_edge}, H, "conv_forward.one_sided"),
    Case("circular, ahead", "conv_forward", {F1: one_sided_ahead}, H, "conv_forward.one_sided"),
    Case("doubled", "conv_forward", {F1: lambda x, w: 2 * forward(x, w)}, W, "conv_forward.scaled"),
    Case("negated", "conv_forward", {F1: lambda x, w: -forward(x, w)}, W, "conv_forward.scaled"),
    Case(
        "relu",
        "conv_forward",
        {F1: lambda x, w: np.maximum(forward(x, w), 0)},
        W,
        "conv_forward.rectified",
    ),
    Case(
        "nan", "conv_forward", {F1: lambda x, w: forward(x, w) * np.nan}, W, "function.not_finite"
    ),
    Case("wrong ends", "conv_forward", {F1: wrong_ends}, W, "conv_forward.ends"),
    Case(
        "last tap left out",
        "conv_forward",
        {F1: lambda x, w: forward(x, np.append(np.array(w)[:-1], 0))},
        W,
        "conv_forward.last_tap",
    ),
    Case(
        "fixed k",
        "conv_forward",
        {F1: lambda x, w: forward(x, np.resize(w, 3)) if len(x) > 2 else forward(x, w)},
        W,
        "function.limited",
    ),
    Case(
        "integers",
        "conv_forward",
        {F1: lambda x, w: forward(x, w).astype(int)},
        W,
        "function.whole_numbers",
    ),
    Case("in place", "conv_forward", {F1: in_place}, P, "function.in_place"),
    Case("state", "conv_forward", {F1: Remembering()}, W, "function.keeps_state"),
    Case("stub", "conv_forward", {F1: stub}, H, "report.no_code"),
    Case("nothing", "conv_forward", {}, H, "report.no_code"),
    Case("raises", "conv_forward", {F1: broken}, E, "function.raises"),
    Case("text", "conv_forward", {F1: lambda x, w: "y"}, W, "function.returned"),
)

BACKWARD = (
    Case("right", "conv_grad_input", {F1: forward, B1: backward}, R, "conv_backward.right"),
    Case(
        "autograd", "conv_grad_input", {F1: torch_conv, B1: by_autograd}, R, "conv_backward.right"
    ),
    Case("no forward", "conv_grad_input", {B1: backward}, R, "conv_backward.right"),
    Case(
        "list of two",
        "conv_grad_input",
        {F1: forward, B1: lambda *a: list(backward(*a))},
        R,
        "conv_backward.right",
    ),
    Case(
        "dict of two",
        "conv_grad_input",
        {F1: forward, B1: lambda *a: dict(zip("xw", backward(*a), strict=True))},
        R,
        "conv_backward.right",
    ),
    Case(
        "own forward, one-sided",
        "conv_grad_input",
        {F1: causal, B1: lambda x, w, g: (np.correlate(g, w, "full")[len(w) - 1 :], w)},
        R,
        "conv_backward.right",
    ),
    Case(
        "wrong forward, right backward",
        "conv_grad_input",
        {F1: off_by_one, B1: backward},
        R,
        "conv_backward.right",
    ),
    Case(
        "valid forward, own backward",
        "conv_grad_input",
        {
            F1: lambda x, w: np.convolve(x, w, "valid"),
            B1: lambda x, w, g: broken() if len(w) > 1 else (g, w),
        },
        H,
        "conv_backward.forward_length",
    ),
    Case(
        "kernel not flipped",
        "conv_grad_input",
        {F1: forward, B1: not_flipped},
        W,
        "conv_backward.not_transposed",
    ),
    Case(
        "boundary wrong",
        "conv_grad_input",
        {F1: forward, B1: interior_only},
        P,
        "conv_backward.ends",
    ),
    Case(
        "other boundary",
        "conv_grad_input",
        {F1: by(Convention(boundary="edge"))[F1], B1: backward},
        P,
        "conv_backward.ends",
    ),
    Case(
        "sign",
        "conv_grad_input",
        {F1: forward, B1: lambda *a: tuple(-v for v in backward(*a))},
        W,
        "conv_backward.sign",
    ),
    Case(
        "swapped",
        "conv_grad_input",
        {F1: forward, B1: lambda *a: backward(*a)[::-1]},
        P,
        "conv_backward.swapped",
    ),
    Case(
        "only one",
        "conv_grad_input",
        {F1: forward, B1: lambda *a: backward(*a)[0]},
        R,
        "conv_backward.right",
    ),
    Case(
        "zeros",
        "conv_grad_input",
        {F1: forward, B1: lambda x, w, g: (0 * x, 0 * w)},
        W,
        "conv_backward.zeros",
    ),
    Case("stub", "conv_grad_input", {F1: forward, B1: stub}, H, "report.no_code"),
    Case("raises", "conv_grad_input", {F1: forward, B1: broken}, E, "function.raises"),
    Case("right", "conv_grad_kernel", {F1: forward, B1: backward}, R, "conv_backward.right"),
    Case(
        "boundary of the input only",
        "conv_grad_kernel",
        {F1: forward, B1: interior_only},
        R,
        "conv_backward.right",
    ),
    Case(
        "only one",
        "conv_grad_kernel",
        {F1: forward, B1: lambda *a: backward(*a)[0]},
        W,
        "conv_backward.one_result",
    ),
    Case(
        "reversed",
        "conv_grad_kernel",
        {F1: forward, B1: lambda x, w, g: (g, backward(x, w, g)[1][::-1])},
        W,
        "conv_backward.reversed",
    ),
    Case(
        "mean",
        "conv_grad_kernel",
        {F1: forward, B1: lambda x, w, g: (g, backward(x, w, g)[1] / len(x))},
        W,
        "conv_backward.mean_over_signal",
    ),
    Case(
        "one position",
        "conv_grad_kernel",
        {F1: forward, B1: lambda x, w, g: (g, g[0] * np.resize(x, len(w)))},
        W,
        "conv_backward.wrong",
    ),
    Case("right", "conv_update", {U1: lambda w, g, lr: w - lr * g}, R, "conv_update.right"),
    Case(
        "lists",
        "conv_update",
        {U1: lambda w, g, lr: [a - lr * b for a, b in zip(w, g, strict=True)]},
        R,
        "conv_update.right",
    ),
    Case("ascends", "conv_update", {U1: lambda w, g, lr: w + lr * g}, W, "conv_update.ascent"),
    Case("no rate", "conv_update", {U1: lambda w, g, lr: w - g}, W, "conv_update.no_rate"),
    Case("nothing", "conv_update", {}, H, "report.no_code"),
)

POOL = (
    Case("right", "pool_forward", {M1: max_pool}, R, "pool_forward.right"),
    Case("with places", "pool_forward", {M1: pool.forward}, R, "pool_forward.right"),
    Case("torch", "pool_forward", {M1: pool_torch}, H, "function.other_form"),
    Case("from zero", "pool_forward", {M1: max_from_zero}, W, "pool_forward.starts_at"),
    Case("from -9999", "pool_forward", {M1: max_from_far}, W, "pool_forward.starts_at"),
    Case(
        "last window",
        "pool_forward",
        {M1: lambda x, k: max_pool(x, k)[:-1]},
        W,
        "pool_forward.last_window",
    ),
    Case(
        "stride k", "pool_forward", {M1: lambda x, k: max_pool(x, k)[::k]}, W, "pool_forward.stride"
    ),
    Case(
        "mean",
        "pool_forward",
        {M1: lambda x, k: np.convolve(x, np.ones(k) / k, "valid")},
        W,
        "pool_forward.mean",
    ),
    Case(
        "padded",
        "pool_forward",
        {M1: lambda x, k: max_pool(np.pad(x, (0, k - 1)), k)},
        W,
        "pool_forward.length",
    ),
    Case(
        "right",
        "pool_backward",
        {M1: max_pool, M2: pool.grad_input},
        R,
        "pool_backward.right",
    ),
    Case("alone", "pool_backward", {M2: pool_even_split}, R, "pool_backward.right"),
    Case("tie to last", "pool_backward", {M2: pool_tie_to_last}, R, "pool_backward.right"),
    Case("tie to all", "pool_backward", {M2: pool_tie_to_all}, P, "pool_backward.ties"),
    Case(
        "overwritten",
        "pool_backward",
        {M1: max_pool, M2: pool_overwritten},
        W,
        "pool_backward.overwritten",
    ),
    Case(
        "mean",
        "pool_backward",
        {M2: lambda x, k, g: np.convolve(g, np.ones(k) / k)},
        W,
        "pool_backward.mean",
    ),
    Case(
        "sign",
        "pool_backward",
        {M2: lambda x, k, g: -pool.grad_input(x, k, g)},
        W,
        "pool_backward.sign",
    ),
    Case(
        "mean forward, its own backward",
        "pool_backward",
        {
            M1: lambda x, k: np.convolve(x, np.ones(k) / k, "valid"),
            M2: lambda x, k, g: np.convolve(g, np.ones(k) / k),
        },
        R,
        "pool_backward.right_for_own_forward",
    ),
    Case("stub", "pool_backward", {M1: max_pool, M2: stub}, H, "report.no_code"),
)


@pytest.mark.parametrize("case", [*FORWARD, *BACKWARD, *POOL], ids=lambda c: f"{c.check}: {c.name}")
def test_layers(lab: Lab, case: Case) -> None:
    finding = CHECKS[case.check](lab.ask(case.functions), PART[case.check])
    assert finding.outcome is case.outcome, (finding.message, finding.staff_detail)
    assert finding.remarks[0].code == case.code, finding.message
    assert list(wrong_in(finding)) == []
    assert (finding.credit == 1) == (case.outcome is R)
    assert (0 < finding.credit < 1) == (case.outcome is P)


@pytest.mark.parametrize("convention", CONVENTIONS, ids=lambda c: c.describe(2))
def test_every_convention_passes_forward_and_backward(lab: Lab, convention: Convention) -> None:
    context = lab.ask(by(convention))
    found = CHECKS["conv_forward"](context, "1a")
    assert found.outcome is R
    assert convention.describe(2) in found.message
    assert CHECKS["conv_grad_input"](context, "3a").outcome is R
    assert CHECKS["conv_grad_kernel"](context, "3b").outcome is R


@pytest.mark.parametrize("boundary", ["edge", "reflect", "symmetric", "circular"])
@pytest.mark.parametrize("anchor", ["left", "right"])
def test_a_gradient_without_the_padding_is_one_fault_after_every_padding(
    lab: Lab, boundary: Boundary, anchor: Anchor
) -> None:
    own = Convention(boundary=boundary, anchor=anchor)
    zero = replace(own, boundary="zero")
    context = lab.ask(
        {
            F1: lambda x, w: conv.forward(x, w, own),
            B1: lambda x, w, g: (
                conv.grad_input(g, w, zero),
                conv.grad_kernel(x, g, len(w), own),
            ),
        }
    )
    found = CHECKS["conv_grad_input"](context, "3a")
    assert (found.outcome, found.code) == (Outcome.PARTIAL, "conv_backward.ends")
    assert CHECKS["conv_grad_kernel"](context, "3b").outcome is Outcome.PASS


def test_a_lost_point_comes_with_the_smallest_public_example(lab: Lab) -> None:
    finding = CHECKS["pool_forward"](lab.ask({M1: max_from_zero}), "1b")
    assert finding.message == (
        "The output never falls below 0; start the maximum with a sample of the window, "
        "not with 0. "
        "For example, maxpool1d_forward([-3, -1], 1) returned [0, 0]; expected [-3, -1]."
    )


def test_staff_are_told_what_was_raised_and_where_to_look(lab: Lab) -> None:
    odd_only = {F1: lambda x, w: forward(x, w) if len(w) % 2 else broken()}
    told = CHECKS["conv_forward"](lab.ask(odd_only), "1a").staff_detail
    assert told.startswith("Raised for demo2, demo4")
    assert told.endswith(": ValueError: shapes do not fit.")
    no_report = lab.ask({F1: stub}, report_pages=0, answers=(("1a", "x_out[i] = ..."),))
    assert CHECKS["conv_forward"](no_report, "1a").staff_detail == (
        "conv1d_forward is still the unfinished stub. See the notebook's text."
    )


def test_a_single_wrong_entry_of_a_gradient_is_caught(lab: Lab) -> None:
    def nearly(x: Any, w: Any, g: Any) -> Any:
        grad_x, grad_w = backward(x, w, g)
        if (len(x), len(w)) == (9, 5):
            grad_x[4] += 2e-3
        return grad_x, grad_w

    context = lab.ask({F1: forward, B1: nearly})
    assert CHECKS["conv_grad_input"](context, "3a").outcome is W
    assert CHECKS["conv_grad_kernel"](context, "3b").outcome is R


def test_no_hidden_input_is_shown(lab: Lab) -> None:
    context = lab.ask({F1: off_by_one, B1: not_flipped, M1: max_from_zero, M2: pool_overwritten})
    hidden = [v for reply in context.evidence.replies for v in reply.values if "demo" not in v.name]
    drawn = {round(float(x), 4) for v in hidden if v.array for x in context.arrays(v.array).ravel()}
    drawn -= {float(i) for i in range(-400, 400)}
    drawing = {check: part for check, part in PART.items() if check != "conv_update"}
    for check, part in drawing.items():
        finding = CHECKS[check](context, part)
        stems = [exhibit for exhibit in finding.exhibits if isinstance(exhibit, StemExhibit)]
        assert len(stems) == len(finding.exhibits) > 0
        shown = {round(v, 4) for stem in stems for v in (*stem.measured, *stem.expected)}
        assert shown
        assert not shown & drawn


def test_without_any_answer_it_is_not_attempted(lab: Lab) -> None:
    context = lab.ask({}, report_pages=0)
    assert CHECKS["conv_forward"](context, "1a").outcome is Outcome.NOT_ATTEMPTED
    told = lab.ask({}, report_pages=0, answers=(("1a", "x_out[i] = ..."),))
    assert CHECKS["conv_forward"](told, "1a").outcome is H


def test_the_default_convention_is_named() -> None:
    assert DEFAULT_CONVENTION.describe(3) == "zero-padded cross-correlation, center at k // 2"
