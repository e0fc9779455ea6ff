"""The narrow network and its embedding in the full-size one."""

from __future__ import annotations

import pytest
import torch
from torchvision.models import resnet50

from reference.studio.classes import draw
from reference.studio.files import NETWORKS
from reference.studio.narrow import narrow_resnet50, widen
from reference.studio.weights import load_weights


def _full(state: dict[str, torch.Tensor]) -> torch.nn.Module:
    with torch.device("meta"):
        model: torch.nn.Module = resnet50()
    model.load_state_dict(state, assign=True)
    return model.eval()


@pytest.mark.parametrize(("divisor", "parameters"), [(8, 631_152), (1, 25_557_032)])
def test_parameter_count(divisor: int, parameters: int) -> None:
    with torch.device("meta"):
        model = narrow_resnet50(divisor)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize("divisor", [1, 2, 8, 16])
def test_shapes_are_those_of_resnet50_divided(divisor: int) -> None:
    with torch.device("meta"):
        narrow, full = narrow_resnet50(divisor).state_dict(), resnet50().state_dict()
    assert list(narrow) == list(full)
    for name, value in narrow.items():
        wanted = [
            n if n in (3, 7, 1000) or i > 1 else n // divisor
            for i, n in enumerate(full[name].shape)
        ]
        assert list(value.shape) == wanted, name


@pytest.mark.parametrize("divisor", [0, 3, 128])
def test_divisor_must_divide_the_stem(divisor: int) -> None:
    with pytest.raises(ValueError, match="divisor must divide 64"):
        narrow_resnet50(divisor)


@pytest.mark.parametrize("name", NETWORKS)
def test_widened_network_gives_the_same_logits(name: str) -> None:
    state = load_weights(name)
    narrow = narrow_resnet50().eval()
    narrow.load_state_dict(state)
    full = _full(widen(state))
    drawing = torch.from_numpy(draw(263, 3)).permute(2, 0, 1)[None].float() / 255
    noise = torch.rand((1, 3, 224, 224), generator=torch.Generator().manual_seed(1))
    x = torch.cat([drawing, noise, 4 * noise - 2])
    with torch.no_grad():
        torch.testing.assert_close(full(x), narrow(x), rtol=0, atol=1e-4)


def test_widened_gradients_are_the_same() -> None:
    torch.manual_seed(0)
    narrow = narrow_resnet50().eval()
    full = _full(widen(narrow.state_dict()))
    x = torch.rand(1, 3, 64, 64)
    gradients = []
    for model in (narrow, full):
        point = x.clone().requires_grad_(True)
        gradients.append(torch.autograd.grad(model(point)[0, 282], point)[0])
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-3, atol=1e-6)


def test_widen_refuses_other_shapes_and_names() -> None:
    state = narrow_resnet50().state_dict()
    with pytest.raises(ValueError, match=r"conv1.weight: shape \(8, 3, 7, 7\) is not"):
        widen(state, divisor=4)
    del state["fc.bias"]
    with pytest.raises(ValueError, match=r"'fc\.bias' is missing or unexpected"):
        widen(state)
