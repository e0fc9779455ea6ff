"""The safety factor holds on inputs that no measurement saw: 100 fresh seeds, 100 fresh images."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from authoring.calibration.layers import layer_errors, slope_errors, wrong_layers
from authoring.calibration.measure import DTYPES, TARGET
from authoring.calibration.networks import CPU, GPU, Setting, network_errors, random_images
from authoring.calibration.pictures import other_corgis, other_resize, start_image_errors
from authoring.calibration.softmaxes import large_probability_errors, probability_errors
from grader.checks.calibration import (
    FACTOR,
    SCALES,
    Dtype,
    Errors,
    load_calibration,
    worst,
)
from grader.checks.tolerance import TOLERANCES, threshold
from reference.bundles import get_bundle
from reference.images import from_pixels, prepare_image, read_image
from reference.networks import NETWORKS, load_network
from reference.run_records import Space
from tests.lanes import more

pytestmark = pytest.mark.slow

MEASURED = load_calibration()
FRESH = range(10_000, 10_040)
"""Seeds that `authoring.calibration` never draws."""
IMAGES = 100
SIDE_PX = 64

BY_SEED: dict[str, Callable[[int, Dtype], Errors]] = {
    "layer": layer_errors,
    "pool_slope": slope_errors,
    "probability": probability_errors,
    "probability_large": large_probability_errors,
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def within(quantity: str, dtype: Dtype, errors: Errors) -> None:
    """No way errs by more than the tolerance allows."""
    bound = MEASURED.rounding(quantity, dtype).bound
    assert {way: error for way, error in errors.items() if error > bound} == {}


@pytest.mark.parametrize(("quantity", "dtype"), [
    ("layer", "float32"), ("pool_slope", "float32"), ("probability", "float32"),
    ("probability_large", "float32"), *more(("layer", "float64"), ("pool_slope", "float64")),
])  # fmt: skip
def test_layers_and_softmax(quantity: str, dtype: Dtype) -> None:
    errors = worst(BY_SEED[quantity](seed, dtype) for seed in FRESH)
    within(quantity, dtype, errors)
    # The greatest error is about what was measured: the factor is all there is between them.
    greatest = MEASURED.rounding(quantity, dtype).greatest
    assert greatest / FACTOR < max(errors.values()) < greatest * FACTOR / 2


def test_both_arithmetics_are_measured() -> None:
    assert set(DTYPES) == set(get_args(Dtype))
    measured = {(rounding.quantity, rounding.dtype) for rounding in MEASURED.roundings}
    assert set(product(("layer", "pool_slope"), DTYPES)) <= measured
    assert {quantity for quantity, _ in measured} == set(SCALES)


@pytest.fixture(scope="module")
def networks() -> dict[str, nn.Module]:
    bundle = get_bundle("studio-narrow")
    return {name: load_network(name, bundle) for name in ("pretrained", "robust")}


@pytest.mark.parametrize("name", ["pretrained", *more("robust")])
def test_networks_on_the_cpu(networks: dict[str, nn.Module], name: str) -> None:
    """Float32 with one thread and two, in channels-last memory, by matrix products, in TF32."""
    stay_inside(networks[name], NETWORKS[name].space, CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["pretrained", "robust"])
def test_networks_on_the_gpu(networks: dict[str, nn.Module], name: str) -> None:
    stay_inside(networks[name], NETWORKS[name].space, GPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_softmax_on_the_gpu() -> None:
    errors = worst(probability_errors(seed, "float32", "cuda") for seed in FRESH)
    within("probability", "float32", errors)


def stay_inside(network: nn.Module, space: Space, settings: tuple[Setting, ...]) -> None:
    images = random_images(FRESH[0], IMAGES, SIDE_PX, space)
    for quantity, errors in network_errors(network, images, TARGET, settings).items():
        within(quantity, "float32", errors)
        assert set(errors) == {setting.name for setting in settings}
        if quantity == "gradient_direction":
            # The threshold is tighter than the factor would have it, for TF32's sake alone.
            assert max(errors.values()) < 1 - threshold("same_direction")


def test_float64_is_closer_to_the_truth_than_float32() -> None:
    double, single = (worst(layer_errors(s, d) for s in FRESH[:3]) for d in ("float64", "float32"))
    assert max(double.values()) < 1e-6 * max(single.values())


def test_the_start_image_by_other_ways_to_normalise() -> None:
    within("start_image", "float32", start_image_errors(get_bundle("studio-narrow"), "float32"))


def test_wrong_layers_are_far_outside() -> None:
    found = wrong_layers(5)
    assert found.worst_wrong[1] > 1000 * MEASURED.rounding("layer", "float32").bound


def test_the_corgi_by_other_ways_to_resize(networks: dict[str, nn.Module]) -> None:
    """Nothing that 2(c) is judged by depends on the library that resized the corgi."""
    bundle, network = get_bundle("studio-narrow"), networks["pretrained"]
    found = other_resize(bundle)
    assert found.worst_right[1] < threshold("other_resize") < found.worst_wrong[1]

    def probabilities(image: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.softmax(network(image), dim=1)[0]

    wanted = probabilities(prepare_image(read_image(bundle.corgi)))
    top = int(wanted.argmax())
    for name, pixels in other_corgis(bundle).items():
        moved = (probabilities(from_pixels(pixels, Space.NORMALISED)) - wanted).abs()
        assert float(moved[top]) < TOLERANCES["probability_top", "float32"].atol, name
        assert float(moved.max()) < threshold("tie_probability"), name
