"""The grader's own call of an attack is made exactly as the notebook made its own."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from grader.kernel.repeating import repeat
from grader.kernel.runs import recorded_call
from grader.kernel.state import remember, state_of
from grader.kernel.steps import wrap_stepper

NOTEBOOK = """
seen = []
factor = 2.0


def scaled(value):
    return factor * value


class StepImage:
    def __init__(self, orig_input, step_size=2, is_normalized=True, renorm=True, eps=30):
        self.orig_input = orig_input

    def step(self, x, g):
        return x + g


def generate_adversarial_example(model_fn, x, class_id, n_iter=1):
    seen.append(
        {
            "needs a gradient": x.requires_grad,
            "leaf": x.is_leaf,
            "kind": type(x).__name__,
            "dtype": x.dtype,
            "last": x.is_contiguous(memory_format=torch.channels_last),
            "values": x.detach().sum().item(),
            "gradients on": torch.is_grad_enabled(),
            "training": model_fn.training,
            "weight": model_fn.weight.sum().item(),
            "frozen": not model_fn.weight.requires_grad,
            "global": scaled(1.0),
            "random": torch.rand(1, dtype=torch.float32).item(),
            "default": torch.get_default_dtype(),
            "target": type(class_id),
        }
    )
    loss = scaled(model_fn(x)).sum()
    gradient = torch.autograd.grad(loss, x)[0] if x.requires_grad else torch.zeros_like(x)
    return step.step(x, gradient).detach()
"""


class _Messages:
    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, kind: str, body: dict[str, Any], _: Any = None) -> None:
        self.sent.append((kind, body))


@pytest.fixture
def notebook() -> Iterator[dict[str, Any]]:
    """A notebook's names, in a kernel that is this process."""
    names: dict[str, Any] = {"torch": torch, "__name__": "__main__"}
    exec(NOTEBOOK, names)  # noqa: S102 -- the functions must be the notebook's
    messages: Any = _Messages()
    remember(messages, SimpleNamespace(user_ns=names), 1)
    wrap_stepper(names["StepImage"])
    names["model"] = torch.nn.Conv2d(3, 2, 3)
    names["messages"] = messages
    yield names
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)


def image(**options: Any) -> torch.Tensor:
    return torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(0), **options)


STARTS = {
    "a leaf that needs a gradient": lambda: image().requires_grad_(),
    "no leaf, yet it needs a gradient": lambda: image().requires_grad_().clone(),
    "none": image,
    "a parameter": lambda: torch.nn.Parameter(image()),
    "channels last": lambda: image().to(memory_format=torch.channels_last).requires_grad_(),
    "double precision": lambda: image(dtype=torch.float64).requires_grad_(),
}


def attacked(names: dict[str, Any], start: torch.Tensor, target: Any = 145) -> None:
    names["step"] = names["StepImage"](start.detach(), is_normalized=False)
    function = names["generate_adversarial_example"]
    recorded_call(function, (names["model"].to(start.dtype), start, target), {})


def spoiled(names: dict[str, Any]) -> None:
    """What a notebook may do before its end."""
    names["factor"] = 0.0
    names["model"].train().requires_grad_(False)
    with torch.no_grad():
        names["model"].weight.mul_(0)
    names["step"] = None
    del names["scaled"]
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    torch.rand(7)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_the_second_call_is_as_the_first(notebook: dict[str, Any], start: Any) -> None:
    notebook["model"].eval()
    attacked(notebook, start())
    spoiled(notebook)
    repeat(282, normalised=False)
    first, second = notebook["seen"]
    assert second == first
    opened = [body for kind, body in notebook["messages"].sent if kind == "run-open"]
    assert [body["class_id"] for body in opened] == [145, 282]
    assert opened[0]["weights"] == opened[1]["weights"]
    assert not [body for kind, body in notebook["messages"].sent if kind == "note"]


def test_afterwards_all_is_as_the_notebook_left_it(notebook: dict[str, Any]) -> None:
    attacked(notebook, image().requires_grad_())
    spoiled(notebook)
    state = torch.get_rng_state()
    repeat(282, normalised=False)
    assert (notebook["factor"], notebook["step"]) == (0.0, None)
    assert "scaled" not in notebook
    assert not notebook["model"].weight.any()
    assert notebook["model"].training
    assert not torch.is_grad_enabled()
    assert torch.get_default_dtype() is torch.float64
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "target", [torch.tensor([145]), [145], 145], ids=lambda t: type(t).__name__
)
def test_the_target_comes_in_the_form_that_the_notebook_gives_it(
    notebook: dict[str, Any], target: Any
) -> None:
    attacked(notebook, image().requires_grad_(), target)
    if not isinstance(target, list):  # a list is no one number, so nothing tells its target
        repeat(282, normalised=False)
        assert [one["target"] for one in notebook["seen"]] == [type(target)] * 2
    assert state_of().repeats == ""


def test_what_was_aimed_at_already_is_not_repeated(notebook: dict[str, Any]) -> None:
    attacked(notebook, image().requires_grad_(), 282)
    repeat(282, normalised=False)
    repeat(281, normalised=True)
    assert len(notebook["seen"]) == 1
