"""The recorder tells only what the host takes: an honest run is never dropped for an odd number."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.execution.collector import Collector
from grader.kernel.channel import MIME, Channel
from grader.kernel.runs import attack_ends, wrap_attack
from grader.kernel.state import remember
from grader.kernel.steps import wrap_stepper


class Host:
    """The channel of a kernel that hands each message to a collector."""

    def __init__(self, folder: Path) -> None:
        self.collector = Collector(folder=folder, nonce="n")

    def send(self, kind: str, body: dict[str, Any], arrays: dict[str, Any] | None = None) -> None:
        table = [
            {"name": name, "dtype": one.dtype.name, "shape": list(one.shape)}
            for name, one in (arrays or {}).items()
        ]
        told = {"nonce": "n", "kind": kind, "body": body, "arrays": table}
        buffers = [np.ascontiguousarray(one).tobytes() for one in (arrays or {}).values()]
        self.collector.feed({"data": {MIME: told}}, buffers)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    remember(cast("Channel", made), SimpleNamespace(user_ns={}), 0)
    return made


def stepper(start: Tensor, **settings: Any) -> Any:
    class StepImage:
        def __init__(
            self, orig_input: Tensor, step_size: Any = 2, *, eps: Any = 30, renorm: bool = True
        ) -> None:
            self.orig_input, self.step_size = orig_input, step_size

        def step(self, x: Tensor, gradient: Tensor) -> Tensor:
            return x + 0.1 * gradient

    wrap_stepper(StepImage)
    return StepImage(start, **settings)


def loop(start: Tensor, **settings: Any) -> Tensor:
    step, x = stepper(start, **settings), start
    for _ in range(3):
        x = step.step(x, torch.ones_like(x))
    return x


def test_an_experiment_of_one_channel_takes_nothing_from_the_run_before(host: Host) -> None:
    for channels in (3, 1, 5):
        loop(torch.zeros(1, channels, 8, 8))
    attack_ends(None, None)
    (run,) = host.collector.runs.values()
    assert host.collector.problems == []
    assert (run.steps, len(run.samples), len(run.images)) == (3, 2, 3)
    assert run.final is not None
    assert run.final.shape == (1, 3, 8, 8)


@pytest.mark.parametrize("shape", [(1, 3, 0, 8), (0, 3, 8, 8), (3, 8, 8), (1, 3, 2000, 2000)])
def test_what_is_no_picture_is_no_run(shape: tuple[int, ...], host: Host) -> None:
    loop(torch.zeros(shape))
    attack_ends(None, None)
    assert (host.collector.problems, host.collector.runs) == ([], {})


@pytest.mark.parametrize("size", [float("inf"), float("nan"), 1e300, 10**400, "2", torch.ones(2)])
def test_settings_that_are_no_numbers_cost_nothing_but_themselves(size: Any, host: Host) -> None:
    loop(torch.zeros(1, 3, 8, 8), step_size=size, eps=size)
    attack_ends(None, None)
    (run,) = host.collector.runs.values()
    assert host.collector.problems == []
    assert (run.steps, run.final is not None) == (3, True)


@pytest.mark.parametrize("class_id", [10**400, -(10**9), float("inf"), "cat", torch.ones(2)])
def test_a_class_that_is_none_costs_nothing_but_itself(class_id: Any, host: Host) -> None:
    attack = wrap_attack(lambda model_fn, x, class_id, n_iter: x)
    attack(None, torch.zeros(1, 3, 8, 8), class_id, -(10**9))
    (run,) = host.collector.runs.values()
    assert host.collector.problems == []
    assert (run.class_id, run.final is not None) == (None, True)


def test_an_exception_that_cannot_be_told_ends_its_run(host: Host) -> None:
    class Silent(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def attack(model_fn: Any, x: Tensor, class_id: int, n_iter: int) -> Tensor:
        raise Silent

    with pytest.raises(Silent):
        wrap_attack(attack)(None, torch.zeros(1, 3, 8, 8), 76, 3)
    (run,) = host.collector.runs.values()
    assert (host.collector.problems, run.error_name) == ([], "Silent")
