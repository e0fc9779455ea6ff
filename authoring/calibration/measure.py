"""All measurements of one machine, put together."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from authoring.calibration.ascents import (
    Attack,
    ball_excess,
    bonus_gain,
    box_violations,
    gain_separations,
    gains,
    least_steps,
    steps_along,
)
from authoring.calibration.directions import (
    Place,
    closest_layers,
    same_direction,
    telling_doubt,
    uphill,
)
from authoring.calibration.distances import distance_separations
from authoring.calibration.dreams import dream_separations
from authoring.calibration.layers import layer_errors, slope_errors, wrong_layers
from authoring.calibration.networks import (
    errors_of,
    full_size_errors,
    network_errors,
    outputs_of,
    random_images,
    settings,
    truth_of,
)
from authoring.calibration.pictures import (
    blended_drawings,
    other_corgis,
    other_resize,
    start_image_errors,
)
from authoring.calibration.softmaxes import large_probability_errors, probability_errors
from grader.checks.calibration import (
    Calibration,
    Dtype,
    Errors,
    Rounding,
    Separation,
    rounding_of,
    worst,
)
from grader.model.assignment import Experiment, load_assignment
from reference.attack import gradient_at, log_probability_of
from reference.bundles import Bundle, get_bundle
from reference.images import SIDE_PX, from_pixels, prepare_image, read_image
from reference.networks import NETWORKS, load_network
from reference.run_records import Norm, Space, StepConfig
from reference.studio.classes import CLASS_IDS

OnStage = Callable[[str], None]

DTYPES: tuple[Dtype, ...] = ("float32", "float64")
SAME = 0.98
"""Cosine at which `telling_doubt` calls a direction the same."""
MOST_OF_THE_GAIN = 0.9
STEPS_TO_CERTAINTY = 24
"""Steps of an attack after which the target's probability is near 1."""
TARGET = 282
"""Class whose log-probability is taken."""
CORGI_CLASS = 263
BONUS_CLASSES = tuple(c for c in CLASS_IDS if c != CORGI_CLASS)
"""Further classes, for 4(f): all that the studio draws but the corgi's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured."""

    seeds: int = 500
    """Of the layers and the softmax, from 0 on."""
    images: int = 32
    """Random images per network."""
    n_steps: int = 200
    """Steps of attacks and of 4(d): the handout's."""
    side_px: int = SIDE_PX
    """Side of random images."""
    full_size: bool = True
    """Whether the full-size networks are compared with the narrow ones."""


def calibrate(extent: Extent, on_stage: OnStage = lambda _: None) -> Calibration:
    """Measure everything (about ten minutes at full extent on one core).

    Raises:
        ConfigError: the studio bundle cannot be installed.
    """
    bundle = get_bundle("studio-narrow")
    networks = {name: load_network(name, bundle) for name in ("pretrained", "robust")}
    on_stage("layers and softmax")
    roundings = list(layer_roundings(extent.seeds))
    roundings.append(rounding_of("start_image", "float32", start_image_errors(bundle, "float32")))
    on_stage("networks")
    roundings += network_roundings(networks, bundle, extent)
    return Calibration(
        made=_made(extent),
        roundings=tuple(roundings),
        separations=tuple(_separations(networks, bundle, extent, on_stage)),
    )


def layer_roundings(seeds: int) -> Iterator[Rounding]:
    """Yield the roundings of layers and softmax over seeds from 0 on."""
    for dtype in DTYPES:
        for quantity, errors in (("layer", layer_errors), ("pool_slope", slope_errors)):
            yield rounding_of(quantity, dtype, worst(errors(s, dtype) for s in range(seeds)))
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for quantity, softmax_errors in (
        ("probability", probability_errors),
        ("probability_large", large_probability_errors),
    ):
        found = worst(softmax_errors(s, "float32", d) for s in range(seeds) for d in devices)
        yield rounding_of(quantity, "float32", found)


def network_roundings(
    networks: Mapping[str, nn.Module], bundle: Bundle, extent: Extent
) -> list[Rounding]:
    """Return the networks' roundings on random images, on drawings and on the corgi."""
    found: dict[str, Errors] = {}
    for name, network in networks.items():
        space = NETWORKS[name].space
        corgi = prepare_image(read_image(bundle.corgi), normalised=space is Space.NORMALISED)
        shown = (
            random_images(0, extent.images, extent.side_px, space),
            from_pixels(blended_drawings(), space),
            corgi,
        )
        for images in shown:
            _add(found, network_errors(network, images, TARGET, settings()))
        if extent.full_size:
            full = load_network(name, get_bundle("studio"))
            images = torch.cat([corgi, random_images(0, 1, SIDE_PX, space)])
            _add(found, full_size_errors(full, network, images, TARGET))
    return [rounding_of(quantity, "float32", errors) for quantity, errors in found.items()]


def _add(found: dict[str, Errors], errors: Mapping[str, Errors]) -> None:
    for quantity, by_way in errors.items():
        found[quantity] = worst([found.get(quantity, {}), by_way])


def attacks_of(networks: dict[str, nn.Module], bundle: Bundle, n_steps: int) -> list[Attack]:
    """Return 4(a), 4(b) and 4(e) as the assignment sets them."""
    bgr = read_image(bundle.corgi)
    made = []
    for part_id in ("4a", "4b", "4e"):
        experiment = load_assignment().experiment(part_id)
        config = config_of(experiment)
        place = Place(
            name=part_id,
            network=networks[experiment.network],
            image=prepare_image(bgr, normalised=config.space is Space.NORMALISED),
            space=config.space,
            target=experiment.target or 0,
        )
        made.append(Attack(place=place, config=config, n_steps=n_steps))
    return made


def _separations(
    networks: dict[str, nn.Module], bundle: Bundle, extent: Extent, on_stage: OnStage
) -> Iterator[Separation]:
    attacks = attacks_of(networks, bundle, extent.n_steps)
    places = [attack.place for attack in attacks]
    yield wrong_layers(extent.seeds)
    yield other_network(networks, bundle)
    yield other_resize(bundle)
    on_stage("directions")
    yield same_direction(places)
    yield closest_layers(networks["pretrained"], extent.side_px)
    yield uphill(places)
    yield telling_doubt(places, [along(attack) for attack in attacks], SAME)
    yield tie_probability(places[0], other_corgis(bundle))
    on_stage("attacks")
    yield from gain_separations(*gains(attacks))
    yield least_steps(attacks, MOST_OF_THE_GAIN)
    yield ball_excess(attacks[1])
    yield box_violations(attacks[1])
    yield bonus_gain(attacks[2], BONUS_CLASSES)
    on_stage("feature visualisation")
    config = config_of(load_assignment().experiment("4d"))
    yield from dream_separations(networks["pretrained"], config, extent.n_steps, extent.side_px)
    on_stage("distances")
    yield from distances(networks, bundle, extent)


def distances(
    networks: dict[str, nn.Module], bundle: Bundle, extent: Extent
) -> Iterator[Separation]:
    """Yield what lies on both sides of the thresholds on distances of images."""
    attacks = attacks_of(networks, bundle, extent.n_steps)[:2]
    corgi = prepare_image(read_image(bundle.corgi), normalised=False)
    config = config_of(load_assignment("pset4_sp22").experiment("4d"))
    images = [along(attack) for attack in attacks]
    yield from distance_separations(attacks, images, networks, corgi, config)


def renewed_distances(measured: Calibration, extent: Extent) -> Calibration:
    """Return what was measured with the distances of images measured anew."""
    bundle = get_bundle("studio-narrow")
    networks = {name: load_network(name, bundle) for name in ("pretrained", "robust")}
    fresh = tuple(distances(networks, bundle, extent))
    names = {one.name for one in fresh}
    kept = tuple(one for one in measured.separations if one.name not in names)
    return replace(measured, separations=(*kept, *fresh))


def other_network(networks: Mapping[str, nn.Module], bundle: Bundle) -> Separation:
    """Measure how far apart networks' logits are, in the scale of their rounding.

    On the hidden probe image and on the corgi; the random network stands for any other.
    """
    known = {**networks, "random": load_network("random", bundle)}
    probe = random_images(0, 1, SIDE_PX, Space.NORMALISED)
    corgi = prepare_image(read_image(bundle.corgi))
    right, wrong = [], []
    for shown, image in (("probe", probe), ("corgi", corgi)):
        truths = {name: truth_of(network, image, TARGET) for name, network in known.items()}
        for name, network in networks.items():
            for setting in settings():
                found = outputs_of(network, image, TARGET, setting, truths[name])
                error = errors_of(found, truths[name])["logits"]
                right.append((f"{name} on the {shown}, {setting.name}", error))
            for other, truth in truths.items():
                if other != name:
                    error = errors_of(truth, truths[name])["logits"]
                    wrong.append((f"{other} for {name} on the {shown}", error))
    return Separation(name="logits", right=tuple(right), wrong=tuple(wrong))


def tie_probability(place: Place, corgis: Mapping[str, Tensor]) -> Separation:
    """Measure by how much any class's probability moves, and how far the first two are apart.

    Args:
        place: Network and corgi.
        corgis: The corgi resized in other ways, pixels.
    """
    truth = truth_of(place.network, place.image, place.target)
    exact = torch.softmax(truth.logits, dim=1)[0]
    seen = {
        s.name: outputs_of(place.network, place.image, place.target, s, truth).logits
        for s in settings()
    }
    for name, pixels in corgis.items():
        image = from_pixels(pixels, place.space)
        seen[name] = truth_of(place.network, image, place.target).logits
    right = tuple(
        (name, float((torch.softmax(logits, dim=1)[0] - exact).abs().max()))
        for name, logits in seen.items()
    )
    first, second = exact.topk(2).values
    wrong = (("first and second class", float(first - second)),)
    return Separation(name="tie_probability", right=right, wrong=wrong)


def along(attack: Attack) -> Tensor:
    """Return the images of an attack while the target becomes certain, (n, 3, H, W)."""
    place = attack.place
    images: list[Tensor] = []

    def climbing(x: Tensor) -> Tensor:
        images.append(x)
        return gradient_at(place.network, x, log_probability_of(place.target))

    steps_along(place.image, climbing, attack.config, STEPS_TO_CERTAINTY)
    return torch.cat(images)


def config_of(experiment: Experiment) -> StepConfig:
    """Return the steps of an experiment of the assignment."""
    return StepConfig(
        step_size=experiment.step_size,
        space=Space(experiment.space),
        eps_l2=experiment.eps_l2,
        norm=Norm(experiment.norm),
    )


def _made(extent: Extent) -> tuple[tuple[str, str], ...]:
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    return (
        ("seeds", str(extent.seeds)),
        ("random images per network", str(extent.images)),
        ("steps", str(extent.n_steps)),
        ("bundle", "studio-narrow"),
        ("processor", platform.machine()),
        ("GPU", gpu),
        ("settings", ", ".join(s.name for s in settings())),
        ("torch", torch.__version__),
        ("numpy", np.__version__),
    )
