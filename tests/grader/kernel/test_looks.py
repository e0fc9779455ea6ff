"""What the recorder sees of loops that take their own steps, with a small network and no kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from grader.kernel import looks
from grader.kernel.channel import Channel
from grader.kernel.runs import attack_ends, wrap_attack
from grader.kernel.state import remember, state_of
from grader.kernel.steps import wrap_stepper
from reference.studio.narrow import narrow_resnet50

SIDE_PX = 32


class Inbox:
    """Takes messages as they are, in place of a channel."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def send(self, kind: str, body: dict[str, Any], arrays: dict[str, Any] | None = None) -> None:
        self.sent.append((kind, body, arrays or {}))

    def of(self, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        return [(body, arrays) for sent, body, arrays in self.sent if sent == kind]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    made: nn.Module = narrow_resnet50().eval().requires_grad_(requires_grad=False)
    return made


@pytest.fixture
def inbox(network: nn.Module) -> Iterator[Inbox]:
    box = Inbox()
    shell = SimpleNamespace(user_ns={"model": network})
    remember(cast("Channel", box), shell, 0)
    looks.watch_looks()
    yield box
    for handle in looks._installed:
        handle.remove()
    looks._installed.clear()
    assert [body for body, _ in box.of("note")] == []


def image(seed: int = 0) -> Tensor:
    return torch.rand((1, 3, SIDE_PX, SIDE_PX), generator=torch.Generator().manual_seed(seed))


def climb(loss_of: Callable[[Tensor], Tensor], x: Tensor, steps: int = 3) -> Tensor:
    for _ in range(steps):
        x = x.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss_of(x), x)
        x = x.detach() + 0.1 * gradient / gradient.abs().mean()
    return x


def test_a_loop_without_steps_is_a_run_with_what_its_loss_asked(
    inbox: Inbox, network: nn.Module
) -> None:
    climb(lambda x: network(x)[0, 7], image())
    attack_ends(None, None)
    ((opened, arrays),) = inbox.of("run-open")
    ((closed, _),) = inbox.of("run-close")
    assert opened["function"] == ""
    assert (arrays["start"] == image().numpy()).all()
    assert closed["looks"] == 3
    (first, seen), _ = inbox.of("run-look")
    assert (first["layer"], first["call"], first["own"]) == ("fc", 1, True)
    assert seen["cotangent"].nonzero()[1].tolist() == [7]
    leaf = image().requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(leaf)[0, 7], leaf)
    found = torch.from_numpy(seen["gradient"]).float()
    assert torch.cosine_similarity(found.flatten(), gradient.flatten(), dim=0) > 0.9999


def test_the_gradient_is_the_networks_own_part_of_the_loss(
    inbox: Inbox, network: nn.Module
) -> None:
    climb(lambda x: network(x)[0, 7] + 100 * x.square().sum(), image())
    attack_ends(None, None)
    seen = inbox.of("run-look")[0][1]
    leaf = image().requires_grad_(True)
    (gradient,) = torch.autograd.grad(network(leaf)[0, 7], leaf)
    found = torch.from_numpy(seen["gradient"]).float()
    assert torch.cosine_similarity(found.flatten(), gradient.flatten(), dim=0) > 0.9999


@pytest.mark.parametrize(
    ("layer", "call", "part"),
    [("layer2.1.conv2", 1, "conv2"), ("layer3.0.relu", 2, "whole"), ("layer4", 1, "whole")],
)
def test_the_layer_is_named_where_a_hook_takes_it(
    inbox: Inbox, network: nn.Module, layer: str, call: int, part: str
) -> None:
    outputs: list[Tensor] = []
    module = dict(network.named_modules())[layer]
    handle = module.register_forward_hook(lambda _m, _g, out: outputs.append(out.clone()))

    def loss(x: Tensor) -> Tensor:
        outputs.clear()
        network(x)
        output = outputs[call - 1]
        norm: Tensor = output.norm() if part == "whole" else output[0, 2].norm()
        return norm

    climb(loss, image())
    handle.remove()
    attack_ends(None, None)
    ((closed, _),) = inbox.of("run-close")
    told = closed["parts"]
    wanted = -1 if part == "whole" else 2
    assert {(t["layer"], t["call"], t["channel"]) for t in told} == {(layer, call, wanted)}
    assert sum(t["times"] for t in told) == 3


def test_children_of_a_network_have_its_names(inbox: Inbox, network: nn.Module) -> None:
    head = nn.Sequential(*list(network.children())[:-1])
    climb(lambda x: head(x).flatten()[11], image())
    attack_ends(None, None)
    ((closed, _),) = inbox.of("run-close")
    (told,) = closed["parts"]
    assert (told["layer"], told["channel"]) == ("avgpool", 11)


def test_each_new_start_is_a_new_run(inbox: Inbox, network: nn.Module) -> None:
    for seed in range(3):
        climb(lambda x: network(x)[0, 7], image(seed))
    climb(lambda x: network(x)[0, 8], image(2))
    attack_ends(None, None)
    assert [body["looks"] for body, _ in inbox.of("run-close")] == [3, 3, 3, 3]


def test_an_optimizer_on_a_change_is_one_run_that_ends_where_it_ends(
    inbox: Inbox, network: nn.Module
) -> None:
    change = torch.zeros_like(image()).requires_grad_(True)
    optimizer = torch.optim.Adam([change], lr=0.01)
    for _ in range(4):
        optimizer.zero_grad()
        (-network(image() + change)[0, 7]).backward()
        optimizer.step()
    attack_ends(None, None)
    ((closed, arrays),) = inbox.of("run-close")
    assert closed["looks"] == 4
    assert inbox.of("run-look")[0][0]["own"] is False
    assert 0 < abs(arrays["final"] - image().numpy()).max() < 0.05


def test_a_network_that_only_classifies_makes_no_run(inbox: Inbox, network: nn.Module) -> None:
    for seed in range(4):
        network(image(seed))
        network(image(seed).requires_grad_(True))
    x = image().requires_grad_(True)
    network(x)[0, 3].backward()  # a saliency map
    attack_ends(None, None)
    assert inbox.sent == []
    assert x.grad is not None


def test_steps_and_looks_are_one_run(inbox: Inbox, network: nn.Module) -> None:
    class Step:
        def __init__(self, orig_input: Tensor) -> None:
            self.orig_input = orig_input

        def step(self, x: Tensor, g: Tensor) -> Tensor:
            return x + 0.1 * g.sign()

    wrap_stepper(Step)
    for seed in range(2):
        x = image(seed)
        step = Step(x)
        for _ in range(3):
            x = x.detach().requires_grad_(True)
            x = step.step(x.detach(), torch.autograd.grad(network(x)[0, 7], x)[0])
    attack_ends(None, None)
    closed = [body for body, _ in inbox.of("run-close")]
    assert [(body["steps"], body["looks"]) for body in closed] == [(3, 3), (3, 3)]
    assert inbox.of("run-sample") == []


def test_the_network_that_was_used_is_the_one_told(inbox: Inbox, network: nn.Module) -> None:
    other = narrow_resnet50().eval().requires_grad_(requires_grad=False)
    other.training = True  # its layers stay as they are: the pictures are too small for them
    state_of().shell.user_ns["other"] = other
    attack = wrap_attack(lambda f, x, target, n: climb(lambda y: f(y)[0, target], x, n))
    attack(lambda x: 1.0 * other(x), image(), 5, 2)
    ((opened, _),) = inbox.of("run-open")
    ((closed, arrays),) = inbox.of("run-close")
    assert closed["weights"] != opened["weights"]
    assert closed["training"] is True
    assert closed["untrained"] is True
    assert arrays["fingerprint"].shape == (1, 1000)


def test_a_batch_is_recorded_whole(inbox: Inbox, network: nn.Module) -> None:
    both = torch.cat([image(0), image(1)])
    climb(lambda x: network(x)[0, 7] + network(x)[1, 8], both)
    attack_ends(None, None)
    assert inbox.of("run-open")[0][1]["start"].shape == (2, 3, SIDE_PX, SIDE_PX)


@pytest.mark.parametrize(
    ("zeroed", "looks_per_step", "carried"), [(False, 1, 2), (True, 1, 0), (True, 2, 0)]
)
def test_gradients_that_are_never_set_to_zero_are_counted(
    inbox: Inbox, network: nn.Module, zeroed: bool, looks_per_step: int, carried: int
) -> None:
    """Two backward passes before one step are a sum on purpose."""
    x = image().requires_grad_(True)
    for _ in range(3):
        if zeroed:
            x.grad = None
        for _ in range(looks_per_step):
            network(x)[0, 7].backward()
        assert x.grad is not None
        with torch.no_grad():
            x += 0.01 * x.grad.sign()
    attack_ends(None, None)
    ((closed, _),) = inbox.of("run-close")
    assert closed["carried"] == carried
    assert closed["reduced"] is False
