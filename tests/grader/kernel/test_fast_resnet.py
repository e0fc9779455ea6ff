"""The faster blocks of a ResNet cannot be told from torchvision's, but by the last digits."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from grader.kernel import fast_resnet, owed_gradients
from grader.kernel.folded_autograd import plain_forward
from grader.kernel.owed_gradients import WEIGHTS_ASKED

CLASSES = 10
Result = TypeVar("Result")
CHANGED: tuple[tuple[Any, str], ...] = (
    (Bottleneck, "forward"),
    (nn.Sequential, "forward"),
    (ResNet, "_forward_impl"),
    (nn.Parameter, "grad"),
    (nn.Parameter, "_grad"),
    (nn.Module, "zero_grad"),
    (torch.optim.Optimizer, "zero_grad"),
    (torch.autograd, "_engine_run_backward"),
)
"""What the shim puts something else in place of."""
TIMES_PLAIN = 4.0
"""How much further from float64 than the plain path the fast one may be."""
LEAST = 1e-6
"""Relative error that float32 may always have."""


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The shim is installed for one test; the list grows with every block that it computes."""
    for kind, name in CHANGED:
        monkeypatch.setattr(kind, name, getattr(kind, name))
    blocks: list[int] = []
    fast_resnet.install(lambda: blocks.append(1))
    yield blocks
    WEIGHTS_ASKED.clear()
    owed_gradients._owed.clear()
    owed_gradients._waiting.clear()


@pytest.fixture(scope="module")
def network() -> ResNet:
    """Blocks of each kind, of the width of ResNet-50's, with statistics as training leaves them."""
    torch.manual_seed(0)
    made = ResNet(Bottleneck, [2, 1, 1, 1], num_classes=CLASSES)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
            with torch.no_grad():
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
    return made.eval()


@pytest.fixture
def own(network: ResNet) -> ResNet:
    """A copy that a test may change."""
    return copy.deepcopy(network)


def plainly(function: Callable[[], Result]) -> Result:
    """What the function gives by torchvision's own code."""
    kernel = fast_resnet._kernel[0]
    modes, kernel.modes = kernel.modes, -1
    try:
        return function()
    finally:
        kernel.modes = modes


def picture(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def gradient(network: nn.Module, image: Tensor) -> Tensor:
    image = image.clone().requires_grad_()
    loss = torch.log_softmax(network(image), 1)[:, 3].sum()
    return torch.autograd.grad(loss, image)[0]


def close(found: Tensor, plain: Tensor, exact: Tensor) -> bool:
    """Whether the fast path is about as near to float64 as the plain one."""
    size = exact.norm()
    error = float((found.double() - exact).norm() / size)
    return error <= max(LEAST, TIMES_PLAIN * float((plain.double() - exact).norm() / size))


# -- the same function ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 3, 64, 64), (2, 3, 64, 64), (1, 3, 75, 50), (3, 3, 33, 97)])
def test_logits_and_gradients_are_those_of_the_plain_network(
    used: list[int], network: ResNet, shape: tuple[int, ...]
) -> None:
    image, exact = picture(*shape), copy.deepcopy(network).double()
    with torch.no_grad():
        logits = network(image)
        plain = plainly(lambda: network(image))
        assert close(logits, plain, exact(image.double()))
    found = gradient(network, image)
    assert close(found, plainly(lambda: gradient(network, image)), gradient(exact, image.double()))
    assert len(used) == 2 * 5
    assert not torch.equal(logits, plain)  # or nothing was compared


def test_a_network_that_is_called_piece_by_piece(used: list[int], network: ResNet) -> None:
    def pieces(image: Tensor) -> Tensor:
        out = network.maxpool(network.relu(network.bn1(network.conv1(image))))
        out = network.layer1(out)
        for layer in (network.layer2, network.layer3):
            for block in layer:
                out = block(out)
                out.view(-1)  # laid out as torchvision's is
        flat: Tensor = out.view(out.size(0), -1)
        return flat

    image = picture(1, 3, 64, 64).requires_grad_()
    found = torch.autograd.grad(pieces(image)[0, 5:9].sum(), image)[0]
    plain = plainly(lambda: torch.autograd.grad(pieces(image)[0, 5:9].sum(), image)[0])
    assert len(used) == 4
    torch.testing.assert_close(found, plain, rtol=1e-3, atol=1e-5)


def test_a_gradient_of_the_gradient(used: list[int], network: ResNet) -> None:
    block = network.layer2[0]

    def second() -> Tensor:
        image = picture(1, 256, 8, 8).requires_grad_()
        first = torch.autograd.grad(block(image).pow(2).sum(), image, create_graph=True)[0]
        return torch.autograd.grad(first.pow(2).sum(), image)[0]

    found = second()
    assert used
    torch.testing.assert_close(found, plainly(second), rtol=1e-3, atol=1e-3)


def test_gradients_of_weights_are_there_where_they_are_asked_for(
    used: list[int], own: ResNet
) -> None:
    image = picture(1, 3, 64, 64)
    twin = copy.deepcopy(own)

    def backward(network: ResNet) -> Tensor:
        given = image.clone().requires_grad_()
        network(given)[0, 2].backward()
        assert given.grad is not None
        return given.grad

    plain = plainly(lambda: backward(twin))
    torch.testing.assert_close(backward(own), plain, rtol=1e-3, atol=1e-5)
    assert len(used) == 5
    for (name, one), other in zip(own.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)
    backward(own)
    assert len(used) == 5  # the network stays with the plain path


def test_weights_are_not_asked_for_by_who_wants_the_image_only(
    used: list[int], own: ResNet
) -> None:
    for _ in range(2):
        gradient(own, picture(1, 3, 32, 32))
    assert len(used) == 2 * 5
    assert all(one.grad is None for one in own.parameters())


# -- other weights --------------------------------------------------------------------------------


def _in_place(network: ResNet) -> None:
    with torch.no_grad():
        network.layer3[0].conv2.weight.mul_(1.5)


def _loaded(network: ResNet) -> None:
    state = {name: value * 1.01 for name, value in network.state_dict().items()}
    network.load_state_dict(state)


def _statistics(network: ResNet) -> None:
    network.layer1[1].bn3.running_mean.add_(1.0)


def _behind_its_back(network: ResNet) -> None:
    network.layer2[0].conv1.weight.data.neg_()


def _another_tensor(network: ResNet) -> None:
    network.layer2[0].conv1.weight.data = torch.zeros(128, 256, 1, 1)


def _one_number(network: ResNet) -> None:
    network.layer4[0].bn3.bias.data[77] += 50.0
    fast_resnet.new_cell()


def _reordered(network: ResNet) -> None:
    weight = network.layer1[0].conv3.weight.data
    weight.copy_(weight.flip(0))


@pytest.mark.parametrize(
    "change",
    [
        _in_place,
        _loaded,
        _statistics,
        _behind_its_back,
        _another_tensor,
        _one_number,
        _reordered,
    ],
)
def test_changed_weights_are_seen(
    used: list[int], own: ResNet, change: Callable[[ResNet], None]
) -> None:
    image = picture(1, 3, 32, 32)
    with torch.no_grad():
        before = own(image)
        change(own)
        after = own(image)
        assert not torch.allclose(before, after, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(after, plainly(lambda: own(image)), rtol=1e-3, atol=1e-4)
    assert len(used) == 2 * 5


# -- the plain path -------------------------------------------------------------------------------


def _watched(network: ResNet) -> None:
    network.layer1[0].bn2.register_forward_hook(lambda *_: None)


def _replaced(network: ResNet) -> None:
    network.layer1[0].relu = nn.LeakyReLU()


def _own_forward(network: ResNet) -> None:
    module = network.layer1[0].conv1
    module.forward = lambda image: nn.Conv2d.forward(module, image) * 2


def _training(network: ResNet) -> None:
    network.layer1[0].bn1.train()


def _without_statistics(network: ResNet) -> None:
    norm = network.layer1[0].bn1
    norm.running_mean = norm.running_var = None


def _more_inside(network: ResNet) -> None:
    network.layer1[0].extra = nn.Dropout()


@pytest.mark.parametrize(
    "change", [_watched, _replaced, _own_forward, _training, _without_statistics, _more_inside]
)
def test_a_block_of_another_form_goes_the_plain_way(
    used: list[int], own: ResNet, change: Callable[[ResNet], None]
) -> None:
    change(own)
    image = picture(1, 64, 8, 8)
    twin = copy.deepcopy(own)
    torch.testing.assert_close(own.layer1[0](image), plainly(lambda: twin.layer1[0](image)))
    assert not used
    own.layer1[1](picture(1, 256, 8, 8))
    assert len(used) == 1


def _doubled(network: ResNet) -> object:
    return network.double()(picture(1, 3, 32, 32).double())


def _trained(network: ResNet) -> object:
    return network.train()(picture(2, 3, 32, 32))


def _mixed(network: ResNet) -> object:
    with torch.autocast("cpu"):
        return network(picture(1, 3, 32, 32))


def _functional(network: ResNet) -> object:
    return torch.func.grad(lambda image: network(image)[0, 0])(picture(1, 3, 32, 32))


def _mapped(network: ResNet) -> object:
    return torch.func.vmap(lambda image: network(image[None])[0])(picture(2, 3, 32, 32))


def _forward_mode(network: ResNet) -> object:
    ad: Any = torch.autograd.forward_ad
    with ad.dual_level():
        image = ad.make_dual(picture(1, 3, 32, 32), picture(1, 3, 32, 32))
        tangent = ad.unpack_dual(network(image)).tangent
        assert tangent is not None
        return tangent


def _traced(network: ResNet) -> object:
    trace: Any = torch.jit.trace
    traced = trace(network, picture(1, 3, 32, 32), check_trace=False)
    assert "FastBlock" not in str(traced.graph)
    return traced


def _symbolic(network: ResNet) -> object:
    return torch.fx.symbolic_trace(network)(picture(1, 3, 32, 32))


def _hook_on_all(network: ResNet) -> object:
    seen: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(
        lambda module, *_: seen.append(type(module).__name__)
    )
    network(picture(1, 3, 32, 32))
    handle.remove()
    assert seen.count("BatchNorm2d") == sum(
        isinstance(one, nn.BatchNorm2d) for one in network.modules()
    )
    return seen


def _another_kind(_: ResNet) -> object:
    return ResNet(BasicBlock, [1, 1, 1, 1]).eval()(picture(1, 3, 32, 32))


@pytest.mark.parametrize(
    "call",
    [
        _doubled,
        _trained,
        _mixed,
        _functional,
        _mapped,
        _forward_mode,
        _traced,
        _symbolic,
        _hook_on_all,
        _another_kind,
    ],
)
@pytest.mark.filterwarnings("ignore:.torch.jit.*is deprecated:FutureWarning")
def test_what_asks_for_more_than_plain_arithmetic_goes_the_plain_way(
    used: list[int], own: ResNet, call: Callable[[ResNet], object]
) -> None:
    assert call(own) is not None
    assert not used


def test_hooks_on_blocks_and_layers_see_what_they_would(used: list[int], own: ResNet) -> None:
    seen: list[Tensor] = []
    own.layer1.register_forward_hook(lambda *given: seen.append(given[2]))
    own.layer1[0].register_forward_hook(lambda *given: seen.append(given[2]))
    own(picture(1, 3, 32, 32))
    assert len(used) == 5
    assert [one.is_contiguous() for one in seen] == [True, True]


def test_everything_else_is_as_before(used: list[int], own: ResNet) -> None:
    names, printed = [name for name, _ in own.named_modules()], repr(own)
    state = {name: value.clone() for name, value in own.state_dict().items()}
    gradient(own, picture(1, 3, 32, 32))
    assert used
    assert [name for name, _ in own.named_modules()] == names
    assert repr(own) == printed
    assert all(torch.equal(value, state[name]) for name, value in own.state_dict().items())
    assert "self.downsample" in inspect.getsource(type(own.layer1[0]).forward)
    copy.deepcopy(own)


def test_installing_draws_no_random_number() -> None:
    torch.manual_seed(5)
    assert fast_resnet._works()
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))


@pytest.mark.usefixtures("used")
def test_a_machine_without_the_operators_keeps_the_plain_way(
    monkeypatch: pytest.MonkeyPatch, own: ResNet
) -> None:
    monkeypatch.setattr(torch._C, "_has_mkldnn", False)
    monkeypatch.setattr(Bottleneck, "forward", plain_forward)
    blocks: list[int] = []
    fast_resnet.install(lambda: blocks.append(1))
    own.layer1[0](picture(1, 64, 8, 8))
    assert not blocks
