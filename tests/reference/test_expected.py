"""The committed expected outputs: what they show, and that they can be regenerated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from reference.attack import ascend, gradient_at, log_probability_of
from reference.bundles import Bundle, bundle_version, get_bundle
from reference.classify import log_probability
from reference.dream import feature_match, layer_norm, random_start
from reference.errors import ConfigError
from reference.expected import COMMITTED, Expected, expected_folder, load_expected
from reference.images import load_png, prepare_image, read_image
from reference.networks import features, load_network
from reference.run_records import Space
from reference.specs import ATTACKS, DREAM, DREAMS, INVERSIONS, experiment_ids

LOGIT_ATOL = 2e-4
"""Padding changes the order of sums: 1e-4; another machine's convolutions as much again."""

EARLY_STEPS = 20
"""Rounding grows by a constant factor a step: trajectories are compared at their beginning only."""

EARLY_RTOL = 0.02
"""Measured: below 2e-3 between full-size and narrow after 20 steps; tenfold for other machines."""

MAX_BYTES = 3_000_000


@pytest.fixture(scope="module")
def expected() -> Expected:
    return load_expected("studio")


@pytest.fixture(scope="module")
def narrow() -> Bundle:
    return get_bundle("studio-narrow")


@pytest.fixture(scope="module")
def corgi(narrow: Bundle) -> np.ndarray:
    return read_image(narrow.corgi)


def test_all_experiments_are_committed_and_small(expected: Expected) -> None:
    found = {one.id for one in expected.attacks} | {one.id for one in expected.dreams}
    assert found | {one.id for one in expected.inversions} == set(experiment_ids())
    assert {a.id: (a.target, a.step) for a in expected.attacks} == {
        spec.id: (spec.target, spec.step) for spec in ATTACKS
    }
    assert {(i.network, i.layer, i.step) for i in expected.inversions} == {
        (spec.network, spec.layer, spec.step) for spec in INVERSIONS
    }
    files = (path for path in expected.folder.rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert expected.manifest.n_steps == 200


def test_they_belong_to_the_weights_that_are_installed(expected: Expected, narrow: Bundle) -> None:
    assert expected.manifest.bundle_version == bundle_version(narrow), "run `make reference`"


def test_the_narrow_bundle_shares_them_but_for_its_width(expected: Expected) -> None:
    shared = load_expected("studio-narrow")
    assert (expected.in_features, shared.in_features) == (2048, 256)
    assert shared.attacks == expected.attacks
    assert expected_folder("imagenet") != COMMITTED / "studio"
    with pytest.raises(ConfigError, match="expected one of"):
        load_expected("cifar")


def test_the_corgi_is_a_corgi_and_the_random_network_knows_nothing(expected: Expected) -> None:
    found = expected.predictions
    assert (found.pretrained_top5[0].class_id, found.robust_top5[0].class_id) == (263, 263)
    assert min(found.pretrained_top5[0].probability, found.robust_top5[0].probability) > 0.9
    # untrained statistics normalise nothing, so a random network may be sure of what it guesses
    assert 263 not in {prediction.class_id for prediction in found.random_top5}


@pytest.mark.parametrize("attack_id", ["4a", "4b"])
def test_the_standard_network_is_fooled(expected: Expected, attack_id: str) -> None:
    attack = expected.attack(attack_id)
    assert attack.p_before < 0.01
    assert attack.p_after > 0.9
    assert attack.top5_after[0].class_id == attack.target


def test_the_ball_holds_and_only_4a_leaves_it(expected: Expected) -> None:
    distances = {a.id: a.distance_l2 for a in expected.attacks}
    assert distances["4a"] > 60
    for attack in expected.attacks:
        if attack.step.eps_l2 is not None:
            assert attack.distance_l2 <= attack.step.eps_l2 * (1 + 1e-5)


def test_every_dream_climbs(expected: Expected) -> None:
    for dream in expected.dreams:
        # Distill's way pays for its coarser pictures with a smaller norm
        assert dream.gain > (1.5 if dream.style == "plain" else 1.05), dream.id


def test_inversions_come_closer_where_steps_of_this_length_can(expected: Expected) -> None:
    """In the last stages of the standard network they are too long: the distance goes about."""
    for inversion in expected.inversions:
        start, *way = inversion.distances
        assert len(way) == expected.manifest.n_steps
        if inversion.network == "robust" or inversion.layer in {"layer1", "layer2"}:
            assert max(way[-100:]) < 0.95 * start, inversion.id


@pytest.mark.parametrize("spec", ATTACKS, ids=lambda spec: spec.id)
def test_the_committed_pictures_fool_the_network(
    expected: Expected, narrow: Bundle, spec: Any
) -> None:
    """The pictures are those of the experiments: their probability is the recorded one."""
    attack = expected.attack(spec.id)
    network = load_network(spec.network, narrow)
    picture = load_png(expected.path(attack.image), attack.step.space)
    with torch.no_grad():
        found = float(log_probability(network(picture), attack.target))
    assert found == pytest.approx(attack.log_p_picture, abs=10 * LOGIT_ATOL)


def test_2c_is_regenerated(expected: Expected, narrow: Bundle, corgi: np.ndarray) -> None:
    with torch.no_grad():
        logits = load_network("pretrained", narrow)(prepare_image(corgi))
    np.testing.assert_allclose(
        logits.numpy(), expected.logits("2c-logits.npy"), rtol=0, atol=LOGIT_ATOL
    )


@pytest.mark.parametrize("attack_id", ["4b", "4e"])
def test_the_beginning_of_an_attack_is_regenerated(
    expected: Expected, narrow: Bundle, corgi: np.ndarray, attack_id: str
) -> None:
    attack = expected.attack(attack_id)
    start = prepare_image(corgi, normalised=attack.step.space is Space.NORMALISED)
    network = load_network(attack.network, narrow)
    trace = ascend(network, start, log_probability_of(attack.target), attack.step, EARLY_STEPS)
    for now, then in zip(trace.steps, attack.trace, strict=False):
        assert now.log_probability == pytest.approx(
            then.log_probability, rel=EARLY_RTOL, abs=EARLY_RTOL
        )
        assert now.distance_l2 == pytest.approx(then.distance_l2, rel=EARLY_RTOL)


def test_the_beginning_of_a_dream_is_regenerated(expected: Expected, narrow: Bundle) -> None:
    spec = next(spec for spec in DREAMS if spec.id == "4d-layer2")
    dream = expected.dream(spec.id)
    layer = features(load_network("pretrained", narrow), spec.layer)
    start = random_start(dream.start_seed)
    trace = ascend(layer, start, layer_norm(), DREAM, EARLY_STEPS // 2)
    found = [step.objective for step in trace.steps]
    assert found == pytest.approx(list(dream.objectives[: len(found)]), rel=EARLY_RTOL)


@pytest.mark.parametrize("name", ["pretrained-layer1", "robust-layer2"])
def test_the_beginning_of_an_inversion_is_regenerated(
    expected: Expected, narrow: Bundle, corgi: np.ndarray, name: str
) -> None:
    (inversion,) = [i for i in expected.inversions if i.id == f"sp22/inversion-{name}"]
    layer = features(load_network(inversion.network, narrow), inversion.layer)
    wanted = layer(prepare_image(corgi, normalised=False))
    start = random_start(inversion.start_seed)
    trace = ascend(layer, start, feature_match(wanted), inversion.step, EARLY_STEPS // 4)
    found = [-step.objective for step in trace.steps]
    assert found == pytest.approx(list(inversion.distances[: len(found)]), rel=EARLY_RTOL)


@pytest.mark.fullsize
def test_2c_is_regenerated_at_full_size(expected: Expected, corgi: np.ndarray) -> None:
    bundle = get_bundle("studio")
    full, fast = (load_network("pretrained", bundle, width=width) for width in ("full", "narrow"))
    x = prepare_image(corgi)
    with torch.no_grad():
        logits = full(x)
    wanted = torch.from_numpy(expected.logits("2c-logits.npy"))
    torch.testing.assert_close(logits, wanted, rtol=0, atol=LOGIT_ATOL)
    torch.testing.assert_close(fast(x), logits, rtol=0, atol=1e-4)
    objective = log_probability_of(282)
    slow, quick = gradient_at(full, x, objective), gradient_at(fast, x, objective)
    # rounding flips a few of the stem's maxima, each of which moves its gradient: measured 2e-3
    assert float((quick - slow).norm()) < 0.02 * float(slow.norm())
