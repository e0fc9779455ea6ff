"""Gradients of weights that are put off: whoever looks finds what torch would have put there."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import ResNet

from grader.kernel import owed_gradients
from tests.grader.kernel.test_fast_resnet import (
    network,
    own,
    picture,
    plainly,
    used,
)

__all__ = ["network", "own", "used"]  # fixtures

Seen = list[Any]


def backward(network: ResNet, seed: int = 1, **options: Any) -> Tensor:
    """One step as a student writes it; return the image."""
    image = picture(1, 3, 64, 64, seed=seed).requires_grad_()
    torch.log_softmax(network(image), 1)[0, 2].backward(**options)  # type: ignore[no-untyped-call]
    return image


def inner(network: ResNet) -> nn.Parameter:
    weight: nn.Parameter = network.layer2[0].conv2.weight
    return weight


def gradients(network: nn.Module) -> Seen:
    return [one.grad for one in network.parameters()]


def there(weight: nn.Parameter) -> Tensor | None:
    """What torch itself has."""
    plain: Any = torch.Tensor.grad
    found: Tensor | None = plain.__get__(weight)
    return found


def alike(found: Tensor | None, right: Tensor | None) -> None:
    """Hold that two are the same but for the last digits, and laid out the same."""
    assert found is not None
    assert right is not None
    assert (found.dtype, found.stride()) == (right.dtype, right.stride())
    size = float(right.abs().max())
    torch.testing.assert_close(found, right, rtol=1e-3, atol=1e-3 * max(1.0, size))


def test_nothing_is_computed_before_somebody_looks(used: list[int], own: ResNet) -> None:
    image = backward(own)
    backward(own, seed=2)
    assert len(used) == 2 * 5
    assert image.grad is not None
    assert there(inner(own)) is None
    assert there(own.conv1.weight) is not None  # outside the blocks all is as ever
    kept = owed_gradients._owed
    assert len(kept) == 2
    assert all(one.cotangent.shape[2:] == (1, 1) for one in kept)
    assert inner(own).grad is not None
    assert there(inner(own)) is not None
    assert kept == []
    backward(own)
    assert len(used) == 2 * 5  # who looked once may look again: the plain way is faster then


# -- each way of seeing ---------------------------------------------------------------------------


def _added_up(network: ResNet) -> Seen:
    for seed in range(3):
        backward(network, seed)
    return gradients(network)


def _old_name(network: ResNet) -> Seen:
    backward(network)
    return [inner(network)._grad]


def _who_has_one(network: ResNet) -> Seen:
    seen: Seen = [[one.grad is None for one in network.parameters()]]
    network.bn1.weight.requires_grad_(False)
    network.layer3[0].bn1.bias.requires_grad_(False)
    backward(network)
    seen.append([name for name, one in network.named_parameters() if one.grad is not None])
    network.zero_grad()
    seen.append([one.grad is None for one in network.parameters()])
    return seen


def _zeroed_between(network: ResNet) -> Seen:
    backward(network)
    network.zero_grad()
    backward(network, 2)
    return gradients(network)


def _set_to_zero(network: ResNet) -> Seen:
    backward(network)
    network.zero_grad(set_to_none=False)
    seen = [one.grad.clone() for one in network.parameters() if one.grad is not None]
    backward(network, 2)
    return [*seen, *gradients(network)]


def _part_is_zeroed(network: ResNet) -> Seen:
    backward(network)
    network.layer2.zero_grad()
    return gradients(network)


def _by_hand(network: ResNet) -> Seen:
    for seed in range(2):
        for one in network.parameters():
            if one.grad is not None:
                one.grad.zero_()
        backward(network, seed)
    return gradients(network)


def _set_and_deleted(network: ResNet) -> Seen:
    inner(network).grad = torch.ones_like(inner(network))
    backward(network)
    seen = [inner(network).grad]
    network.layer3[0].bn2.bias.grad = torch.ones(256)
    backward(network, 2)
    network.layer1[0].conv1.weight.grad = None
    network.layer3[0].bn2.bias.grad = torch.full((256,), 2.0)
    del network.layer1[1].conv1.weight.grad
    return [*seen, *gradients(network)]


def _descent(network: ResNet) -> Seen:
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    for seed in range(3):
        optimizer.zero_grad()
        backward(network, seed)
        optimizer.step()
    return list(network.state_dict().values())


def _clipped(network: ResNet) -> Seen:
    backward(network)
    size = nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    return [size, *gradients(network)]


def _hooks(network: ResNet) -> Seen:
    seen: Seen = []
    hook: Any = inner(network).register_hook
    hook(lambda gradient: seen.append(gradient.clone()))
    bias = network.layer1[0].bn1.bias
    bias.register_post_accumulate_grad_hook(lambda one: seen.append(one.grad))
    backward(network)
    return [*seen, *gradients(network)]


def _seen_on_the_way(network: ResNet) -> Seen:
    seen: Seen = []
    image = picture(1, 3, 64, 64).requires_grad_()
    hook: Any = image.register_hook
    hook(lambda _: seen.append(network.layer4[0].conv1.weight.grad))
    network(image)[0, 2].backward()
    return [*seen, *gradients(network)]


def _changed_since(network: ResNet) -> Seen:
    backward(network)
    with torch.no_grad():
        for one in network.parameters():
            one.mul_(1.5)
    network.layer1[0].bn1.running_var.add_(1.0)
    backward(network, 2)
    return gradients(network)


def _loaded_since(network: ResNet) -> Seen:
    backward(network)
    network.load_state_dict({k: 1.01 * v for k, v in network.state_dict().items()})
    return gradients(network)


def _changed_in_between(network: ResNet) -> Seen:
    image = picture(1, 3, 64, 64).requires_grad_()
    loss = network(image)[0, 2]
    inner(network).data.mul_(2.0)
    loss.backward()
    return [one.grad is None for one in network.parameters()]


def _frozen_since(network: ResNet) -> Seen:
    backward(network)
    for one in network.parameters():
        one.requires_grad_(False)
    backward(network)
    return gradients(network)


def _partly_frozen(network: ResNet) -> Seen:
    for one in network.layer2.parameters():
        one.requires_grad_(False)
    backward(network)
    return gradients(network)


def _beginning_frozen(network: ResNet) -> Seen:
    for one in (*network.conv1.parameters(), *network.bn1.parameters()):
        one.requires_grad_(False)
    for one in network.layer1.parameters():
        one.requires_grad_(False)
    network(picture(1, 3, 64, 64))[0, 2].backward()
    return gradients(network)


def _another_kind_since(network: ResNet) -> Seen:
    backward(network)
    network.double()
    return gradients(network)


def _data_of_another_kind(network: ResNet) -> Seen:
    backward(network)
    inner(network).data = inner(network).data.double()
    return [inner(network).grad]


def _kept_without_the_network(network: ResNet) -> Seen:
    other = copy.deepcopy(network)
    backward(other)
    weight = inner(other)
    del other
    gc.collect()
    return [weight.grad]


def _asked_for(network: ResNet) -> Seen:
    output = network(picture(1, 3, 64, 64))[0, 2]
    return list(torch.autograd.grad(output, list(network.parameters())))


def _inputs_named(network: ResNet) -> Seen:
    backward(network, inputs=[inner(network)])
    return gradients(network)


def _twice(network: ResNet) -> Seen:
    output = torch.log_softmax(network(picture(1, 3, 64, 64)), 1)
    output[0, 2].backward(retain_graph=True)  # type: ignore[no-untyped-call]
    output[0, 3].backward()  # type: ignore[no-untyped-call]
    return gradients(network)


def _with_a_graph(network: ResNet) -> Seen:
    network(picture(1, 3, 64, 64))[0, 2].backward(create_graph=True)
    return [one.grad.detach() for one in network.parameters() if one.grad is not None]


def _two_images(network: ResNet) -> Seen:
    network(picture(2, 3, 64, 64)).pow(2).sum().backward()
    return gradients(network)


def _a_block_twice(network: ResNet) -> Seen:
    first, second = network.layer1
    network.layer1 = nn.Sequential(first, second, second)
    backward(network)
    return gradients(network)


def _tied(network: ResNet) -> Seen:
    network.layer1[1].conv2.weight = network.layer1[0].conv2.weight
    backward(network)
    return gradients(network)


def _tied_inside(network: ResNet) -> Seen:
    network.layer1[1].bn1.weight = network.layer1[1].bn2.weight
    backward(network)
    return gradients(network)


def _something_between(network: ResNet) -> Seen:
    network.layer1 = nn.Sequential(network.layer1[0], nn.ReLU(), network.layer1[1])
    network.layer1[1].register_parameter("extra", nn.Parameter(torch.ones(1)))
    backward(network)
    return gradients(network)


def _piece_by_piece(network: ResNet) -> Seen:
    image = network.maxpool(network.relu(network.bn1(network.conv1(picture(1, 3, 64, 64)))))
    network.layer2(network.layer1(image)).sum().backward()
    return gradients(network)


def _both_ways(network: ResNet) -> Seen:
    backward(network)
    handle = network.layer1[0].bn2.register_forward_hook(lambda *_: None)
    backward(network, 2)
    handle.remove()
    backward(network, 3)
    return gradients(network)


def _copied(network: ResNet) -> Seen:
    backward(network)
    return [*gradients(copy.deepcopy(network)), *gradients(network)]


WAYS = (
    _added_up,
    _old_name,
    _who_has_one,
    _zeroed_between,
    _set_to_zero,
    _part_is_zeroed,
    _by_hand,
    _set_and_deleted,
    _descent,
    _clipped,
    _hooks,
    _seen_on_the_way,
    _changed_since,
    _loaded_since,
    _changed_in_between,
    _frozen_since,
    _partly_frozen,
    _beginning_frozen,
    _another_kind_since,
    _data_of_another_kind,
    _kept_without_the_network,
    _asked_for,
    _inputs_named,
    _twice,
    _with_a_graph,
    _two_images,
    _a_block_twice,
    _tied,
    _tied_inside,
    _something_between,
    _piece_by_piece,
    _both_ways,
    _copied,
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")
def test_whoever_looks_finds_what_torch_would_have_put_there(
    used: list[int], own: ResNet, way: Callable[[ResNet], Seen]
) -> None:
    twin = copy.deepcopy(own)
    found = way(own)
    assert used
    right = plainly(lambda: way(twin))
    assert len(found) == len(right)
    for one, other in zip(found, right, strict=True):
        if isinstance(other, Tensor):
            alike(one, other)
        else:
            assert one == other


# -- what it keeps --------------------------------------------------------------------------------


def test_where_images_would_take_too_much_gradients_are_computed_at_once(
    used: list[int], own: ResNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = copy.deepcopy(own)
    backward(own)
    (first,) = owed_gradients._owed
    monkeypatch.setattr(owed_gradients, "MOST_BYTES", 2 * first.size)
    for seed in (2, 3, 4):
        backward(own, seed)
    assert len(owed_gradients._owed) == 2
    assert there(inner(own)) is not None  # of the third; then the plain way
    assert len(used) == 3 * 5
    plainly(lambda: [backward(twin, seed) for seed in (1, 2, 3, 4)])
    alike(inner(own).grad, inner(twin).grad)


def test_what_nobody_can_ask_for_any_more_is_let_go(used: list[int], own: ResNet) -> None:
    gone = copy.deepcopy(own)
    for seed in range(3):
        backward(gone, seed)
    assert len(owed_gradients._owed) == 3
    del gone
    gc.collect()
    backward(own)
    assert len(owed_gradients._owed) == 1
    own.zero_grad()
    assert owed_gradients._owed == []
    assert used


def test_an_optimizer_that_sets_all_to_none_waits_for_nothing(used: list[int], own: ResNet) -> None:
    optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    backward(own)
    optimizer.zero_grad()
    assert owed_gradients._owed == []
    assert all(one.grad is None for one in own.parameters())
    assert len(used) == 5


def test_hooks_on_weights_are_told_once(used: list[int], own: ResNet) -> None:
    seen: list[Tensor] = []
    image = picture(1, 3, 64, 64).requires_grad_()
    loss = own(image)[0, 2]
    hook: Any = inner(own).register_hook
    hook(seen.append)  # behind the call: its block is computed fast
    loss.backward()
    assert len(used) == 5
    assert len(seen) == 1
