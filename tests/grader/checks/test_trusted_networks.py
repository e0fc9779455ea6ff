"""The host's own networks: each image goes through one of them once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from grader.checks import trusted_networks
from grader.checks.trusted_networks import TOGETHER, TrustedNetworks
from reference.run_records import Space


class _Sums(nn.Module):
    """Sums of an image, times a factor; counts what it is asked."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor), requires_grad=False)
        self.asked = 0

    def forward(self, images: Tensor) -> Tensor:
        self.asked += 1
        return self.factor * images.sum(dim=(1, 2, 3))[:, None]


def _networks() -> tuple[TrustedNetworks, dict[str, _Sums]]:
    made = {"pretrained": _Sums(1.0), "robust": _Sums(2.0)}

    def corgi(space: Space) -> Tensor:
        return torch.zeros(1, 3, 4, 4)

    return TrustedNetworks(made.__getitem__, corgi, ("corgi",), seed=3), made


def test_the_same_image_goes_through_a_network_once() -> None:
    networks, made = _networks()
    image = torch.rand(1, 3, 4, 4)
    first = networks.logits("pretrained", image)
    assert torch.equal(networks.logits("pretrained", image.clone()), first)
    assert made["pretrained"].asked == 1
    assert torch.allclose(networks.logits("robust", image), 2 * first)
    assert made["robust"].asked == 1


def test_an_image_that_was_changed_in_place_is_another_one() -> None:
    networks, _ = _networks()
    image = torch.ones(1, 3, 4, 4)
    before = networks.logits("pretrained", image)
    image[0, 1, 2, 3] = 5
    assert float(networks.logits("pretrained", image)) == float(before) + 4


def test_what_a_check_does_with_its_logits_changes_no_other_ones() -> None:
    networks, _ = _networks()
    image = torch.ones(1, 3, 4, 4)
    networks.logits("pretrained", image).zero_()
    assert float(networks.logits("pretrained", image)) == image.sum()


def test_one_image_of_another_shape_is_another_one() -> None:
    networks, _ = _networks()
    flat = torch.arange(96.0)
    whole = networks.logits("pretrained", flat.reshape(2, 3, 4, 4))
    assert whole.shape == (2, 1)
    assert networks.logits("pretrained", flat.reshape(1, 3, 8, 4)).shape == (1, 1)


def test_only_the_last_images_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted_networks, "MOST_LOGITS", 2)
    networks, made = _networks()
    images = [torch.full((1, 3, 4, 4), float(n)) for n in range(3)]
    for image in (*images, images[2], images[0]):
        networks.logits("pretrained", image)
    assert made["pretrained"].asked == 4


def test_an_image_that_needs_a_gradient_is_taken() -> None:
    networks, _ = _networks()
    image = torch.ones(1, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    logits = networks.logits("pretrained", image)
    assert logits.dtype == torch.float32
    assert not logits.requires_grad


def test_images_of_one_shape_go_together_and_keep_their_places() -> None:
    networks, made = _networks()
    images = [torch.full((1, 3, 4, 4), float(n)) for n in range(TOGETHER + 1)]
    images += [torch.ones(2, 3, 4, 4), torch.ones(1, 3, 8, 4), images[0]]
    logits = networks.logits_of_each("pretrained", images)
    assert [one.flatten().tolist() for one in logits] == [
        image.sum(dim=(1, 2, 3)).tolist() for image in images
    ]
    assert made["pretrained"].asked == 4
    assert networks.logits_of_each("pretrained", []) == []
