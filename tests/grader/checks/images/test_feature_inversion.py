"""Feature inversion: which layer of which network each run approaches, and the verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from grader.checks import CHECKS, CheckContext
from grader.checks.images.feature_distances import recognise_distance
from grader.checks.images.inversion_runs import enough, inversions_of
from grader.model.assignment import load_assignment
from grader.model.records import AttackRun, CurveExhibit, Finding, ImageExhibit, Outcome
from grader.testing import cell_run
from reference.attack import Objective, ascend, gradient_at
from reference.dream import feature_match, layer_norm
from reference.expected import InversionResult, load_expected
from reference.images import from_pixels
from reference.networks import features, load_network
from reference.run_records import Norm, Space, StepConfig
from tests.grader.checks.support import (
    CONFIGS,
    DREAM,
    N_STEPS,
    NORMALISED_BALL,
    SIDE_PX,
    Lab,
)

pytestmark = pytest.mark.slow

OFFERING = load_assignment("pset4_sp22")
PLAIN, ROBUST = "4d", "4g"
LAYERS = ("layer1", "layer2", "layer3", "layer4")
NORMALISED = StepConfig(step_size=0.05, space=Space.NORMALISED, eps_l2=None, norm=Norm.ABS)


@dataclass
class InversionLab(Lab):
    """The two networks of the narrow bundle, whose features differ."""

    made: dict[str, list[AttackRun]] = field(default_factory=dict)

    def _load(self, name: str) -> nn.Module:
        return load_network(name, self.bundle)

    def wanted(self, layer: str, network: str, space: Space = Space.PIXELS) -> Tensor:
        with torch.no_grad():
            return features(self.networks.network(network), layer)(self.corgi[space])

    def reference_inversions(self) -> tuple[InversionResult, ...]:
        return tuple(
            self._inversion(network, layer) for network in ("pretrained", "robust")
            for layer in LAYERS
        )  # fmt: skip

    def _inversion(self, network: str, layer: str) -> InversionResult:
        function = features(self.networks.network(network), layer)
        objective = feature_match(self.wanted(layer, network))
        trace = ascend(function, self.noise(0), objective, DREAM, N_STEPS)
        return InversionResult(
            id=f"sp22/inversion-{network}-{layer}",
            network=network,
            layer=layer,
            start_seed=0,
            step=DREAM,
            n_steps=N_STEPS,
            distances=tuple(-s.objective for s in trace.steps),
            image=f"{network}-{layer}.jpeg",
        )

    def approach(
        self,
        layer: str,
        network: str = "pretrained",
        *,
        objective: Objective | None = None,
        corgi: Space = Space.PIXELS,
        **changes: Any,
    ) -> AttackRun:
        """A run as the handout asks for it; by default a right one."""
        function = features(self.networks.network(network), layer)
        climbed = objective or feature_match(self.wanted(layer, network, corgi))
        given_settings: dict[str, Any] = {
            "direction": lambda x: gradient_at(function, x, climbed),
            "config": DREAM,
            "start": self.noise(3),
            "network": network,
        }
        return self.run(**{**given_settings, **changes})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> InversionLab:
    torch.set_num_threads(1)
    made = InversionLab(folder=tmp_path_factory.mktemp("evidence"))
    made.expected = replace(made.expected, inversions=made.reference_inversions())
    return made


def context_of(lab: InversionLab, *runs: AttackRun, **evidence: Any) -> CheckContext:
    return replace(lab.context(runs=runs, **evidence), assignment=OFFERING)


def judged(lab: InversionLab, part: str, *runs: AttackRun) -> Finding:
    return CHECKS["feature_inversion"](context_of(lab, *runs), part)


def three(lab: InversionLab, network: str = "pretrained", **changes: Any) -> list[AttackRun]:
    """Right runs, made once, unless changed."""
    if not changes:
        if network not in lab.made:
            lab.made[network] = three(lab, network, config=DREAM)
        return lab.made[network]
    return [
        lab.approach(layer, network, run_id=f"{network}-{layer}", **changes) for layer in LAYERS[:3]
    ]


# -- recognition ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "layer", "corgi"),
    [
        *(("pretrained", layer, Space.PIXELS) for layer in LAYERS),
        *(("robust", layer, Space.NORMALISED) for layer in LAYERS),
        ("robust", "maxpool", Space.PIXELS),
        ("pretrained", "layer3.2", Space.PIXELS),
    ],
)
def test_distances_are_recognised(
    lab: InversionLab, network: str, layer: str, corgi: Space
) -> None:
    image = lab.noise(1)
    function = features(lab.networks.network(network), layer)
    down = gradient_at(function, image, feature_match(lab.wanted(layer, network, corgi)))
    for sign, away in ((3.0, False), (-1.0, True)):
        found = recognise_distance(lab.networks, image, sign * down, "pretrained")
        assert found is not None
        assert found.distance.network == network
        assert (found.distance.layer, found.distance.corgi) == (layer, corgi)
        assert found.away is away


def squared(wanted: Tensor) -> Objective:
    return Objective(name="", function=lambda out: -((out - wanted) ** 2).mean())


def absolute(wanted: Tensor) -> Objective:
    return Objective(name="", function=lambda out: -(out - wanted).abs().sqrt().sum())


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**31), scale=st.floats(1e-3, 1e3))
def test_every_start_and_scale_shows_the_same(lab: InversionLab, seed: int, scale: float) -> None:
    image = lab.noise(seed)
    function = features(lab.networks.network("pretrained"), "layer2")
    down = gradient_at(function, image, squared(lab.wanted("layer2", "pretrained")))
    found = recognise_distance(lab.networks, image, scale * down, "robust")
    assert found is not None
    assert (found.distance.layer, found.distance.network) == ("layer2", "pretrained")


def test_other_directions_are_no_distance(lab: InversionLab) -> None:
    image = lab.noise(1)
    function = features(lab.networks.network("pretrained"), "layer2")
    norm = gradient_at(function, image, layer_norm())
    others = (torch.randn(image.shape), norm, torch.zeros_like(image))
    for direction in others:
        assert recognise_distance(lab.networks, image, direction, "pretrained") is None
    large = F.interpolate(image, scale_factor=2)
    assert recognise_distance(lab.networks, large, torch.ones_like(large), "robust") is None


@pytest.mark.parametrize("inversion", load_expected().inversions, ids=lambda i: i.id)
@pytest.mark.parametrize("steps", [25, 50, 200])
def test_the_bound_leaves_room_for_ups_and_downs(inversion: InversionResult, steps: int) -> None:
    """Five recorded images of the later half tell the median of a run; some 1,000 choices."""
    later = np.array(inversion.distances[(steps + 1) // 2 : steps + 1]) / inversion.distances[0]
    rng = np.random.default_rng(0)
    shuffled = rng.permuted(np.tile(later, (1000, 1)), axis=1)
    medians = np.median(shuffled[:, :5], axis=1)
    bound = enough(inversion, steps)
    assert bound > np.quantile(medians, 0.999)
    assert enough(inversion, 3) == enough(inversion, 200) == enough(inversion, 10**6)


# -- verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("part", "network"), [(PLAIN, "pretrained"), (ROBUST, "robust")])
def test_three_layers(lab: InversionLab, part: str, network: str) -> None:
    finding = judged(lab, part, *three(lab, network))
    assert finding.outcome is Outcome.PASS, finding
    assert finding.credit == 1
    assert finding.code == "inversion.right"
    assert f"{network} network (layer1, layer2, layer3)" in finding.message
    assert all(row.ok for row in finding.measurements)


def test_the_networks_do_not_mix(lab: InversionLab) -> None:
    both = [*three(lab), *three(lab, "robust")[:2]]
    assert judged(lab, PLAIN, *both).outcome is Outcome.PASS
    robust = judged(lab, ROBUST, *both)
    assert robust.outcome is Outcome.NEEDS_HUMAN
    assert robust.code == "inversion.fewer"
    assert dict(robust.remarks[0].values)["count"] == 2
    assert "look.report" in [remark.code for remark in robust.remarks]


def test_the_network_is_told_by_the_directions(lab: InversionLab) -> None:
    """A notebook may keep the robust network under another name than `model`."""
    claimed = lab.fingerprint("pretrained")
    runs = [replace(run, fingerprint=claimed) for run in three(lab, "robust")]
    assert judged(lab, ROBUST, *runs).outcome is Outcome.PASS
    assert judged(lab, PLAIN, *runs).outcome is Outcome.NEEDS_HUMAN


class Case(NamedTuple):
    name: str
    make: Callable[[InversionLab], list[AttackRun]]
    outcome: Outcome
    code: str
    also: str = ""


def same_layer(lab: InversionLab) -> list[AttackRun]:
    return [lab.approach("layer1", run_id=f"run{i}", start=lab.noise(i)) for i in range(3)]


def of_squares(lab: InversionLab) -> list[AttackRun]:
    return [lab.approach(y, objective=squared(lab.wanted(y, "pretrained"))) for y in LAYERS[:3]]


def in_another_metric(lab: InversionLab) -> list[AttackRun]:
    return [lab.approach("layer1", objective=absolute(lab.wanted("layer1", "pretrained")))]


def up(layer: str, lab: InversionLab) -> AttackRun:
    function = features(lab.networks.network("pretrained"), layer)
    nearer = feature_match(lab.wanted(layer, "pretrained"))
    return lab.approach(layer, direction=lambda x: -gradient_at(function, x, nearer))


def subtracting(lab: InversionLab) -> list[AttackRun]:
    """Passes the gradient of the distance to a StepImage that subtracts."""
    return [replace_direction(lab, layer, sign=-1.0) for layer in LAYERS[:3]]


def replace_direction(lab: InversionLab, layer: str, sign: float) -> AttackRun:
    function = features(lab.networks.network("pretrained"), layer)
    nearer = feature_match(lab.wanted(layer, "pretrained"))
    return lab.approach(layer, direction=lambda x: -gradient_at(function, x, nearer), sign=sign)


def astray_after_the_start(lab: InversionLab) -> list[AttackRun]:
    """The first direction is right, the others are not."""
    return [astray(lab, layer) for layer in LAYERS[:2]]


def astray(lab: InversionLab, layer: str) -> AttackRun:
    function = features(lab.networks.network("pretrained"), layer)
    nearer = feature_match(lab.wanted(layer, "pretrained"))
    start = lab.noise(3)

    def direction(x: Tensor) -> Tensor:
        gradient = gradient_at(function, x, nearer)
        return gradient if torch.equal(x, start) else -gradient

    return lab.approach(layer, direction=direction, start=start)


def norms(lab: InversionLab) -> list[AttackRun]:
    """2021's task."""
    return [lab.dream("layer1")]


def norms_down(lab: InversionLab) -> list[AttackRun]:
    down = Objective(name="", function=lambda out: -out.norm())
    return [lab.dream("layer1", down)]


def in_normalised_space(lab: InversionLab) -> list[AttackRun]:
    start = from_pixels(lab.noise(3), Space.NORMALISED)
    settings: dict[str, Any] = {"config": NORMALISED, "start": start, "corgi": Space.NORMALISED}
    return [lab.approach(layer, **settings) for layer in LAYERS[:3]]


def from_the_corgi(lab: InversionLab) -> list[AttackRun]:
    return [lab.approach(layer, start=lab.corgi[Space.PIXELS]) for layer in LAYERS[:3]]


def from_a_picture(lab: InversionLab) -> list[AttackRun]:
    picture = lab.corgi[Space.PIXELS].flip(3) * 0.8
    return [lab.approach(layer, start=picture) for layer in LAYERS[:3]]


def hardly_changed(lab: InversionLab) -> list[AttackRun]:
    tiny = replace(DREAM, step_size=1e-4)
    return [lab.approach(layer, config=tiny) for layer in LAYERS[:3]]


def back_at_the_start(lab: InversionLab) -> list[AttackRun]:
    """The way was right, but what is handed in can hardly be told from the start."""
    return [replace(run, final=run.start) for run in three(lab)]


def pasted(lab: InversionLab) -> list[AttackRun]:
    """The corgi in place of the result."""
    corgi = lab.store(lab.corgi[Space.PIXELS])
    return [replace(lab.approach(layer, n_steps=1), final=corgi) for layer in LAYERS[:3]]


def random_steps(lab: InversionLab) -> list[AttackRun]:
    generator = torch.Generator().manual_seed(1)
    return [lab.approach("layer1", direction=lambda x: torch.randn(x.shape, generator=generator))]


def with_nan(lab: InversionLab) -> list[AttackRun]:
    nan = lab.store(torch.full((1, 3, SIDE_PX, SIDE_PX), torch.nan))
    return [replace(run, final=nan) for run in three(lab)]


def without_evidence(lab: InversionLab) -> list[AttackRun]:
    return [replace(run, samples=(), images=()) for run in three(lab)]


def without_images(lab: InversionLab) -> list[AttackRun]:
    return [replace(run, images=()) for run in three(lab)]


def twice_on_one_network(lab: InversionLab) -> list[AttackRun]:
    return [*three(lab), *three(lab, start=lab.noise(9))]


R, W, H = Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN

CASES = (
    Case("squared", of_squares, R, "inversion.right"),
    Case("a step that subtracts", subtracting, R, "inversion.right"),
    Case("normalised throughout", in_normalised_space, R, "inversion.right"),
    Case("long steps", lambda b: three(b, config=replace(DREAM, step_size=0.03)), R,
         "inversion.right"),
    Case("l2 steps", lambda b: three(b, config=StepConfig(
        step_size=1.5, space=Space.PIXELS, eps_l2=None, norm=Norm.L2)), R, "inversion.right"),
    Case("one more that ascends", lambda b: [*three(b), up("layer4", b)], R, "inversion.right"),
    Case("two layers", lambda b: three(b)[:2], H, "inversion.fewer"),
    Case("one layer thrice", same_layer, H, "inversion.fewer"),
    Case("two and one that ascends", lambda b: [*three(b)[:2], up("layer3", b)], H,
         "inversion.fewer", "inversion.uphill"),
    Case("another metric", in_another_metric, H, "inversion.unclear"),
    Case("first and last image only", without_images, H, "inversion.unclear"),
    Case("without steps", without_evidence, H, "inversion.unclear"),
    Case("from a picture", from_a_picture, H, "inversion.unclear",
         "inversion.from_picture"),
    Case("nothing", lambda _: [], H, "missing.unknown"),
    Case("ascent", lambda b: [up(layer, b) for layer in LAYERS[:3]], W, "inversion.uphill"),
    Case("right at first only", astray_after_the_start, W, "inversion.weak"),
    Case("climbs norms", norms, W, "inversion.climbs"),
    Case("descends norms", norms_down, W, "inversion.descends"),
    Case("from the corgi", from_the_corgi, W, "inversion.from_corgi"),
    Case("hardly changed", hardly_changed, W, "inversion.weak"),
    Case("back at the start", back_at_the_start, W, "inversion.hardly_changed"),
    Case("the corgi pasted in", pasted, W, "inversion.pasted"),
    Case("random steps", random_steps, W, "inversion.no_approach"),
    Case("not finite", with_nan, H, "missing.unknown"),
    Case("twice on one network", twice_on_one_network, R, "inversion.right"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdicts(lab: InversionLab, case: Case) -> None:
    finding = judged(lab, PLAIN, *case.make(lab))
    assert finding.outcome is case.outcome, (finding.message, finding.measurements)
    assert finding.code == case.code
    assert not case.also or case.also in [remark.code for remark in finding.remarks]
    assert finding.message
    assert (finding.credit == 1) == (case.outcome is R)


def test_a_repeat_on_the_wrong_network_is_named(lab: InversionLab) -> None:
    finding = judged(lab, ROBUST, *twice_on_one_network(lab))
    assert finding.outcome is W
    assert finding.code == "inversion.other_network"
    assert "pretrained network; this part asks for the robust network" in finding.message
    assert judged(lab, ROBUST, *three(lab)).outcome is H
    own_cell = [replace(run, cell_index=7) for run in three(lab, start=lab.noise(9))[:2]]
    context = context_of(lab, *three(lab), *own_cell)
    alignment = lab.context(parts={7: ROBUST}).alignment
    told = CHECKS["feature_inversion"](replace(context, alignment=alignment), ROBUST)
    assert told.outcome is W


def test_a_broken_or_unfinished_cell_is_named(lab: InversionLab) -> None:
    for error, outcome in (
        ("NameError", Outcome.STUDENT_ERROR),
        ("NotImplementedError", Outcome.NOT_ATTEMPTED),
    ):
        cells = (cell_run(0, Outcome.STUDENT_ERROR, error, "no"),)
        run = lab.context(cells=cells, parts={0: PLAIN}, sources=["approach(corgi)"])
        context = replace(run, assignment=OFFERING)
        assert CHECKS["feature_inversion"](context, PLAIN).outcome is outcome


def test_attacks_are_no_inversions(lab: InversionLab) -> None:
    run = lab.attack("4b")
    inline = lab.attack("4b", class_id=None)
    assert inversions_of(context_of(lab, run, inline), PLAIN) == ()


def test_what_is_shown(lab: InversionLab) -> None:
    finding = judged(lab, PLAIN, lab.approach("layer1"))
    images = [e for e in finding.exhibits if isinstance(e, ImageExhibit)]
    (curve,) = [e for e in finding.exhibits if isinstance(e, CurveExhibit)]
    assert [i.label for i in images] == ["original", "yours", "reference"]
    assert images[2].reference_file == "reference/pretrained-layer1.jpeg"
    assert len(curve.reference_y) == N_STEPS + 1
    assert curve.yours_y[-1] < curve.yours_y[0]
    assert "distance to the corgi's features (layer1, pretrained network)" in curve.title


def test_the_first_attack_needs_data_only(
    lab: InversionLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4(a) and 4(b) of 2022 have equal settings and other targets."""
    free = lab.attack("4a")
    monkeypatch.setitem(CONFIGS, "4a", NORMALISED_BALL)
    others = [a for a in lab.expected.attacks if a.id != "4a"]
    expected = replace(lab.expected, attacks=(lab._attack("4a"), *others))
    first, second = lab.attack("4a"), lab.attack("4b", run_id="run2")

    def verdict(part: str, *runs: AttackRun) -> Finding:
        return CHECKS["targeted_attack"](replace(context_of(lab, *runs), expected=expected), part)

    for runs in ((first, second), (second, first)):
        assert verdict("4a", *runs).outcome is R
        assert verdict("4b", *runs).outcome is R
    assert verdict("4a", second).outcome is H
    assert verdict("4b", first).outcome is H
    left = verdict("4a", free, second)
    assert left.outcome is Outcome.PARTIAL
    assert left.code == "attack.ball"


def test_hostile_shapes_are_no_fault_of_the_grader(lab: InversionLab) -> None:
    grey = lab.store(torch.rand(1, 1, 8, 8))
    small = lab.store(torch.rand(1, 3, 8, 8))
    huge = lab.store(torch.full((1, 3, SIDE_PX, SIDE_PX), 1e38))
    run = lab.approach("layer1")
    for changes in (
        {"start": grey, "final": grey},
        {"start": small, "final": small},
        {"final": huge},
        {"start": huge},
        {"images": ((0, small), (1, grey))},
    ):
        finding = judged(lab, PLAIN, replace(run, **changes))
        assert finding.outcome in {W, H}, changes
