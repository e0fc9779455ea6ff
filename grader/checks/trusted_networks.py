"""The host's own networks, corgi and class names, which no student's code ever saw."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

import torch
from torch import Tensor, nn

from reference.bundles import Bundle
from reference.classify import load_class_names
from reference.images import prepare_image, read_image
from reference.networks import load_network
from reference.run_records import Space

SIDE_PX = 224
"""Side of the hidden probe image."""

MOST_LOGITS = 512
"""Images whose logits are kept, the last ones."""

TOGETHER = 4
"""Images that go through a network at once: more take more memory and hardly less time."""

_Key: TypeAlias = tuple[str, torch.Size, bytes]
"""A network, and the shape and digest of images."""


class TrustedNetworks:
    """The host's own networks and corgi, loaded when first asked for."""

    def __init__(
        self,
        load: Callable[[str], nn.Module],
        corgi: Callable[[Space], Tensor],
        class_names: tuple[str, ...],
        seed: int,
    ) -> None:
        self._load = load
        self._corgi = corgi
        self._networks: dict[str, nn.Module] = {}
        self._fingerprints: dict[str, Tensor] = {}
        self._logits: OrderedDict[_Key, Tensor] = OrderedDict()
        self.class_names = class_names
        self.seed = seed

    @classmethod
    def from_bundle(
        cls, bundle: Bundle, seed: int, device: torch.device | str = "cpu"
    ) -> TrustedNetworks:
        """Take them from a bundle; the studio's narrow networks stand for its full-size ones."""
        bgr = read_image(bundle.corgi)
        return cls(
            load=lambda name: load_network(name, bundle, device=device, width="narrow"),
            corgi=lambda space: prepare_image(bgr, normalised=space is Space.NORMALISED),
            class_names=load_class_names(bundle.classes),
            seed=seed,
        )

    def network(self, name: str) -> nn.Module:
        """Return `pretrained` or `robust`, in evaluation mode, parameters frozen."""
        if name not in self._networks:
            self._networks[name] = self._load(name)
        return self._networks[name]

    def corgi(self, space: Space) -> Tensor:
        """Return the start image of the attacks, (1, 3, 224, 224)."""
        return self._corgi(space)

    def probe_image(self) -> Tensor:
        """Return the hidden probe image, (1, 3, 224, 224), as the kernel draws it."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn((1, 3, SIDE_PX, SIDE_PX), generator=generator)

    def fingerprint(self, name: str) -> Tensor:
        """Return a trusted network's logits on the hidden probe image, (1, 1000)."""
        if name not in self._fingerprints:
            self._fingerprints[name] = self.logits(name, self.probe_image())
        return self._fingerprints[name]

    def logits(self, name: str, images: Tensor) -> Tensor:
        """Return a trusted network's logits, (N, 1000), on the CPU."""
        (logits,) = self.logits_of_each(name, [images])
        return logits

    def logits_of_each(self, name: str, images: Sequence[Tensor]) -> list[Tensor]:
        """Return the logits, (N, 1000), of each of some tensors (N, 3, H, W), on the CPU.

        Several checks ask for those of the same image, such as the corgi or the end of a run: they
        are kept by what is in it. Others of one shape go through the network together.
        """
        plain = [image.detach().float().cpu().contiguous() for image in images]
        keys = [(name, one.shape, blake2b(one.numpy().tobytes()).digest()) for one in plain]
        found = {key: self._logits[key] for key in keys if key in self._logits}
        missing = {key: one for key, one in zip(keys, plain, strict=True) if key not in found}
        for shape in {key[1] for key in missing}:
            of_shape = {key: one for key, one in missing.items() if key[1] == shape}
            found |= self._computed(name, of_shape)
        self._logits.update(found)
        while len(self._logits) > MOST_LOGITS:
            self._logits.popitem(last=False)
        return [found[key].clone() for key in keys]

    def _computed(self, name: str, images: Mapping[_Key, Tensor]) -> dict[_Key, Tensor]:
        """Return the logits of tensors of one shape."""
        network = self.network(name)
        device = next(network.parameters()).device
        found: dict[_Key, Tensor] = {}
        for first in range(0, len(images), TOGETHER):
            keys, tensors = zip(*list(images.items())[first : first + TOGETHER], strict=True)
            with torch.no_grad():
                logits: Tensor = network(torch.cat(tensors).to(device)).cpu()
            found |= zip(keys, torch.split(logits, [len(one) for one in tensors]), strict=True)
        return found
