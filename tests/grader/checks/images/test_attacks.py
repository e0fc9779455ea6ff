"""Right and wrong attacks, and the verdict that each must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks import CHECKS
from grader.checks.images import attack_bonus
from grader.checks.images.attack_case import gain_to_reach
from grader.checks.images.directions import Direction
from grader.model.assignment import load_assignment
from grader.model.records import (
    AttackRun,
    BarsExhibit,
    CurveExhibit,
    Finding,
    ImageExhibit,
    Look,
    Outcome,
    Plotted,
)
from grader.testing import cell_run
from reference.attack import (
    Objective,
    away_from,
    gradient_at,
    log_probability_of,
    logit_of,
    negative_cross_entropy_of,
    probability_of,
)
from reference.classify import log_probability
from reference.expected import load_expected
from reference.images import from_pixels
from reference.run_records import Space
from tests.accuracy.pictures import drawing_of
from tests.grader.checks.support import (
    FREE,
    N_STEPS,
    NORMALISED_BALL,
    SIDE_PX,
    TARGETS,
    Lab,
)

pytestmark = pytest.mark.slow


def judged(lab: Lab, part: str, *runs: AttackRun) -> Finding:
    return CHECKS["targeted_attack"](lab.context(runs=runs), part)


class Case(NamedTuple):
    name: str
    part: str
    make: Callable[[Lab], AttackRun]
    outcome: Outcome
    code: str


def from_noise(lab: Lab) -> AttackRun:
    start = lab.noise(9) * 4 - 2
    return lab.attack("4a", start=start)


def untouched(lab: Lab) -> AttackRun:
    run = lab.attack("4b", n_steps=1)
    return replace(run, final=run.start)


def unseen(lab: Lab) -> AttackRun:
    """An honest attack whose steps were not recorded."""
    made = lab.attack("4a")
    return replace(made, samples=(), images=(), steps=0)


def pasted(lab: Lab) -> AttackRun:
    """A drawing of the target in place of a result, with no step."""
    return replace(unseen(lab), final=lab.store(drawing(lab)))


def pasted_after_steps(lab: Lab) -> AttackRun:
    """The same behind honest steps."""
    return replace(lab.attack("4a"), final=lab.store(drawing(lab)))


def drawing(lab: Lab) -> Tensor:
    """A tarantula that is no corgi, in normalised space at the lab's size."""
    side = lab.corgi[Space.NORMALISED].shape[-1]
    pixels = F.interpolate(drawing_of(76), size=(side, side), mode="area")
    return from_pixels(pixels, Space.NORMALISED)


def falling(class_id: int) -> Objective:
    return Objective(name="falls", function=lambda logits: -logits[0, class_id])


def sign_steps(lab: Lab) -> AttackRun:
    network, aim = lab.networks.network("pretrained"), log_probability_of(282)
    return lab.attack("4b", direction=lambda x: gradient_at(network, x, aim).sign())


def random_steps(lab: Lab) -> AttackRun:
    generator = torch.Generator().manual_seed(1)
    return lab.attack("4b", direction=lambda x: torch.randn(x.shape, generator=generator))


def by_minus_cross_entropy(lab: Lab) -> AttackRun:
    network = lab.networks.network("pretrained")

    def direction(x: Tensor) -> Tensor:
        leaf = x.detach().requires_grad_(True)
        loss = 7 * F.cross_entropy(network(leaf), torch.tensor([76]))
        return -torch.autograd.grad(loss, leaf)[0]

    return lab.attack("4a", direction=direction)


def subtracting(lab: Lab) -> AttackRun:
    """Passes the gradient of the cross-entropy to a StepImage that subtracts."""
    network, loss = lab.networks.network("pretrained"), away_from(76)
    return lab.attack("4a", direction=lambda x: gradient_at(network, x, loss), sign=-1.0)


def out_of_the_box(lab: Lab) -> AttackRun:
    run = lab.attack("4a")
    final = lab.context().tensor(run.final)  # type: ignore[arg-type]
    return replace(run, final=lab.store(final + 0.8 * (final > final.mean())))


def part_of_the_way(lab: Lab) -> AttackRun:
    """An image between the start and the end, with some 60 % of the gain."""
    run, context = lab.attack("4a"), lab.context()
    start, final = context.tensor(run.start), context.tensor(run.final)  # type: ignore[arg-type]
    low, high = 0.0, 1.0
    for _ in range(12):
        share = (low + high) / 2
        image = start + share * (final - start)
        value = float(log_probability(lab.networks.logits("pretrained", image), 76))
        before, after = (
            lab.expected.attack("4a").log_p_before,
            lab.expected.attack("4a").log_p_after,
        )
        low, high = (low, share) if value - before > 0.6 * (after - before) else (share, high)
    return replace(run, final=lab.store(image))


def with_nan(lab: Lab) -> AttackRun:
    run = lab.attack("4b", n_steps=1)
    return replace(run, final=lab.store(torch.full((1, 3, SIDE_PX, SIDE_PX), torch.nan)))


def of_another_shape(lab: Lab) -> AttackRun:
    run = lab.attack("4b", n_steps=1)
    return replace(run, final=lab.store(torch.zeros((1, 3, 32, 32))))


R, P, W, H = Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL, Outcome.NEEDS_HUMAN


def from_near_the_corgi(lab: Lab) -> AttackRun:
    """The ball is kept, round a start that is like the corgi and no resizing of it."""
    return lab.attack("4b", start=lab.corgi[Space.NORMALISED] * 0.85)


CASES = (
    Case("right", "4a", lambda lab: lab.attack("4a"), R, "attack.right"),
    Case("right", "4b", lambda lab: lab.attack("4b"), R, "attack.right"),
    Case("right", "4e", lambda lab: lab.attack("4e"), R, "attack.right"),
    Case("cross-entropy, scaled", "4a", by_minus_cross_entropy, R, "attack.right"),
    Case("subtracts the loss's gradient", "4a", subtracting, R, "attack.right"),
    Case("library's loss", "4b", lambda b: b.attack("4b", negative_cross_entropy_of(282)), R,
         "attack.right"),
    Case("probability", "4b", lambda lab: lab.attack("4b", probability_of(282)), R, "attack.right"),
    Case("sign steps", "4b", sign_steps, R, "attack.right"),
    Case("60 steps", "4b", lambda lab: lab.attack("4b", n_steps=60), R, "attack.right"),
    Case("not recorded", "4b", lambda lab: lab.attack("4b", recorded=False), R, "attack.right"),
    Case("own loop", "4b", lambda lab: lab.attack("4b", class_id=None), R, "attack.right"),
    Case("not recorded, no ball", "4a", unseen, R, "attack.right"),
    Case("another picture pasted in", "4a", pasted, W, "attack.another_picture"),
    Case("another picture after honest steps", "4a", pasted_after_steps, W,
         "attack.another_picture"),
    Case("descent", "4a", lambda lab: lab.attack("4a", away_from(76)), W, "attack.downhill"),
    Case("descent", "4b", lambda lab: lab.attack("4b", away_from(282)), W, "attack.downhill"),
    Case("descent", "4e", lambda lab: lab.attack("4e", away_from(282)), W, "attack.downhill"),
    Case("random steps", "4b", random_steps, W, "attack.no_gain"),
    Case("another class", "4b", lambda b: b.attack("4b", log_probability_of(76)), W,
         "attack.other_class"),
    Case("another class lowered", "4b", lambda b: b.attack("4b", falling(130)), W,
         "attack.other_lowered"),
    Case("zero gradient", "4b", lambda lab: lab.attack("4b", direction=torch.zeros_like), W,
         "attack.zero_gradient"),
    Case("never changed", "4b", untouched, W, "attack.unchanged"),
    Case("logit alone", "4a", lambda lab: lab.attack("4a", logit_of(76)), P, "attack.logit"),
    Case("no ball", "4b", lambda lab: lab.attack("4b", config=FREE), P, "attack.ball"),
    Case("out of the box", "4a", out_of_the_box, P, "attack.box"),
    Case("too few steps", "4a", part_of_the_way, P, "attack.weak_gain"),
    Case("another start", "4a", from_noise, H, "attack.other_start"),
    Case("a start like the corgi", "4b", from_near_the_corgi, H, "attack.start_unlike"),
    Case("not finite", "4b", with_nan, W, "attack.no_image"),
    Case("another shape", "4b", of_another_shape, W, "attack.no_image"),
    Case("pretrained instead of robust", "4e", lambda b: b.attack("4e", network="pretrained"), W,
         "attack.other_network"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.part} {c.name}")
def test_attacks(lab: Lab, case: Case) -> None:
    finding = judged(lab, case.part, case.make(lab))
    assert finding.outcome is case.outcome, (finding.message, finding.measurements)
    assert finding.code == case.code
    assert finding.message
    assert (finding.credit == 1) == (case.outcome is R)
    assert (0 < finding.credit < 1) == (case.outcome is P)


def test_what_is_shown(lab: Lab) -> None:
    finding = judged(lab, "4b", lab.attack("4b"))
    images = [e for e in finding.exhibits if isinstance(e, ImageExhibit)]
    bars = [e for e in finding.exhibits if isinstance(e, BarsExhibit)]
    (curve,) = [e for e in finding.exhibits if isinstance(e, CurveExhibit)]
    assert [i.label for i in images] == ["original", "yours", "reference"]
    assert [b.title for b in bars] == ["before", "after"]
    assert [b.class_id for b in bars[1].bars if b.is_target] == [282]
    assert len(curve.reference_y) == N_STEPS + 1
    assert curve.yours_y[0] == pytest.approx(curve.reference_y[0], abs=0.02)
    assert curve.yours_y[-1] == pytest.approx(curve.reference_y[-1], abs=0.02)
    assert all(row.ok for row in finding.measurements)


def test_advice_is_given_where_it_helps(lab: Lab) -> None:
    weak = part_of_the_way(lab)
    plain, reused = judged(lab, "4a", weak), judged(lab, "4a", replace(weak, looked=1))
    assert "attack.short" in codes(plain)  # the cause; longer steps are not
    assert not {"attack.longer_steps", "attack.gradient_reused"} & set(codes(plain))
    assert "attack.gradient_reused" in codes(reused)
    assert "attack.longer_steps" not in codes(reused)
    assert "attack.gradient_reused" not in codes(judged(lab, "4a", replace(weak, looked=N_STEPS)))


def codes(finding: Finding) -> list[str]:
    return [remark.code for remark in finding.remarks]


def test_the_best_run_counts(lab: Lab) -> None:
    wrong, right = lab.attack("4a", away_from(76)), lab.attack("4a", run_id="run2")
    assert judged(lab, "4a", wrong, right).outcome is R
    assert judged(lab, "4a", right, wrong).outcome is R


def test_tiger_cats_of_both_networks_do_not_mix(lab: Lab) -> None:
    plain = lab.attack("4b")
    robust = lab.attack("4e", away_from(282), run_id="run2")
    assert judged(lab, "4b", plain, robust).outcome is R
    assert judged(lab, "4e", plain, robust).outcome is W
    assert judged(lab, "4b", robust).outcome is H
    assert judged(lab, "4e", plain).outcome is H


def test_overwritten_target(lab: Lab) -> None:
    run = lab.attack("4e", log_probability_of(145), class_id=145)
    finding = judged(lab, "4e", lab.attack("4b"), run)
    assert finding.outcome is H
    assert finding.code == "attack.other_target"
    assert dict(finding.remarks[0].values)["found"] == 145
    assert "look.report" in [remark.code for remark in finding.remarks]


def test_a_broken_cell_is_named(lab: Lab) -> None:
    cells = (cell_run(0, Outcome.STUDENT_ERROR, "NameError", "name 'img' is not defined"),)
    own, parts = ["attack(img)"], {0: "4a"}
    finding = CHECKS["targeted_attack"](lab.context(sources=own, parts=parts, cells=cells), "4a")
    assert finding.outcome is Outcome.STUDENT_ERROR
    assert "NameError: name 'img'" in finding.message
    late = lab.context(sources=own, parts=parts, cells=(cell_run(0, Outcome.TIMEOUT),))
    assert CHECKS["targeted_attack"](late, "4a").outcome is Outcome.TIMEOUT
    assert CHECKS["targeted_attack"](lab.context(), "4a").outcome is H


def test_an_exception_within_the_attack(lab: Lab) -> None:
    ended = replace(lab.attack("4a", n_steps=1), final=None)
    run = replace(ended, error_name="TypeError", error_message="no loss")
    assert judged(lab, "4a", run).outcome is Outcome.STUDENT_ERROR
    assert judged(lab, "4a", run).message == "The attack raised an exception: TypeError: no loss."
    stub = replace(run, error_name="NotImplementedError")
    assert judged(lab, "4a", stub).outcome is Outcome.NOT_ATTEMPTED


def test_bonus(lab: Lab) -> None:
    asked = [lab.attack(part) for part in TARGETS]
    further = [lab.attack("4e", log_probability_of(c), class_id=c) for c in (76, 145, 340)]
    away = lab.attack("4e", away_from(340), class_id=340)
    twice = (further[2], replace(further[2], run_id="again"))
    repeated = replace(asked[2], repeats=further[1].run_id)
    for runs, outcome, code in (
        ((*asked, *further), R, "attack_bonus.right"),
        ((*asked, *twice), R, "attack_bonus.right"),
        ((*asked, further[1], away), R, "attack_bonus.right"),
        ((*asked[:2], repeated, further[1]), R, "attack_bonus.right"),
        ((*asked, away), W, "attack_bonus.weak"),
        (tuple(asked), Outcome.NOT_ATTEMPTED, "attack_bonus.none"),
        ((), Outcome.NOT_ATTEMPTED, "attack_bonus.none"),
    ):
        finding = CHECKS["attack_bonus"](lab.context(runs=runs), "4f")
        assert (finding.outcome, finding.code) == (outcome, code), finding.message


def test_a_given_attack_of_a_part_that_the_offering_lacks_is_no_bonus(lab: Lab) -> None:
    """`bonus_targets = []`, and a notebook that still has the cell of 4(a)."""
    given = replace(lab.attack("4a"), cell_index=0)
    whole = load_assignment()
    cell = next(one for one in whole.template if one.part_id == "4a" and one.role == "run")
    context = lab.context(runs=(given,), sources=[cell.source], parts={0: "4a"})
    parts = tuple(part for part in whole.parts if part.id not in {"4a", "4c"})
    left = tuple(one for one in whole.experiments if one.part_id != "4a")
    other = replace(whole, parts=parts, experiments=left)

    finding = CHECKS["attack_bonus"](replace(context, assignment=other), "4f")
    assert (finding.outcome, finding.credit) == (Outcome.NOT_ATTEMPTED, 0)


def test_a_bonus_on_a_network_that_is_not_ours_is_for_a_person(lab: Lab) -> None:
    run = lab.attack("4e", log_probability_of(340), class_id=340, n_steps=1)
    other = replace(run, fingerprint=lab.fingerprint("random"))
    finding = CHECKS["attack_bonus"](lab.context(runs=(other,)), "4f")
    assert (finding.outcome, finding.code) == (H, "missing.unknown")


def test_a_bonus_starts_from_the_corgi_and_leads_to_another_class(lab: Lab) -> None:
    """The corgi itself, reached from noise, is no further class."""
    start = lab.noise(9)
    own = lab.attack("4e", log_probability_of(263), class_id=263, start=start, n_steps=1)
    own = replace(own, final=lab.store(lab.corgi[Space.PIXELS]))
    other = lab.attack("4e", log_probability_of(340), class_id=340, start=start, n_steps=1)
    pasted_in = lab.attack("4e", log_probability_of(340), class_id=340, n_steps=1)
    pasted_in = replace(pasted_in, final=lab.store(lab.noise(5)))
    outside = lab.attack("4e", log_probability_of(340), class_id=340, n_steps=1)
    outside = replace(outside, final=lab.store(1.5 * lab.corgi[Space.PIXELS]))
    for run, outcome, code in (
        (own, W, "attack_bonus.own_class"),
        (other, H, "attack_bonus.other_start"),
        (pasted_in, W, "attack.another_picture"),
        (outside, W, "attack.box"),
    ):
        finding = CHECKS["attack_bonus"](lab.context(runs=(run,)), "4f")
        assert (finding.outcome, finding.code) == (outcome, code), finding.message


def test_steps_without_pictures_between_them_are_for_a_person(lab: Lab) -> None:
    """Issue 16: what the kernel says of steps is a claim; pictures of the way go with them."""
    for part in TARGETS:
        finding = judged(lab, part, replace(lab.attack(part), images=()))
        assert (finding.outcome, finding.code) == (H, "attack.way_unseen"), finding.message
    bonus = lab.attack("4e", log_probability_of(340), class_id=340)
    finding = CHECKS["attack_bonus"](lab.context(runs=(replace(bonus, images=()),)), "4f")
    assert (finding.outcome, finding.code) == (H, "attack_bonus.unseen")


def test_a_bonus_goes_for_the_class_that_it_names(lab: Lab) -> None:
    """Issue 16: another attack's image, or a function that ignores its class, is no example."""
    ignores = lab.attack("4e", log_probability_of(282), class_id=283)
    near = _class_that_gains_with(lab, ignores)
    ignores = replace(ignores, class_id=near)
    unseen = lab.attack("4e", log_probability_of(340), class_id=340, recorded=False)
    nowhere = replace(
        lab.attack("4e", log_probability_of(340), class_id=340, n_steps=1), final=unseen.final
    )
    zero = lab.store(torch.zeros(lab.corgi[Space.PIXELS].shape))
    still = replace(nowhere, samples=(replace(nowhere.samples[0], gradient=zero),))
    for run, outcome, code in (
        (ignores, H, "attack.unclear"),
        (unseen, H, "attack_bonus.unseen"),
        (still, W, "attack.zero_gradient"),
        (nowhere, R, "attack_bonus.right"),
    ):
        finding = CHECKS["attack_bonus"](lab.context(runs=(run,)), "4f")
        assert (finding.outcome, finding.code) == (outcome, code), finding.message


@pytest.mark.parametrize(
    ("direction", "code"),
    [
        (Direction(heading="partly", objective="other_class", cosines=(), other_class=282), ""),
        (Direction(heading="partly", objective="untargeted", cosines=()), "attack.untargeted"),
        (Direction(heading="partly", objective="lowered", cosines=()), "attack.lowered"),
    ],
)
def test_a_bonus_that_goes_elsewhere_is_named(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, direction: Direction, code: str
) -> None:
    monkeypatch.setattr(attack_bonus, "direction_of", lambda *_: direction)
    run = lab.attack("4e", log_probability_of(340), class_id=340)
    finding = CHECKS["attack_bonus"](lab.context(runs=(run,)), "4f")
    assert (finding.outcome, finding.code) == (W, code or "attack.other_class")


def _class_that_gains_with(lab: Lab, run: AttackRun) -> int:
    """The class that gains most besides the one that a run goes for."""
    context = lab.context(runs=(run,))
    assert run.start is not None
    assert run.final is not None
    before, after = (
        lab.networks.logits("robust", context.tensor(x)).log_softmax(dim=1)[0]
        for x in (run.start, run.final)
    )
    gains = after - before
    gains[[*TARGETS.values()]] = 0
    return int(gains.argmax())


def test_an_attack_on_a_network_that_is_not_ours_says_which(lab: Lab) -> None:
    away = away_from(76)
    run = replace(lab.attack("4a", away, n_steps=2), fingerprint=lab.fingerprint("random"))
    untrained = judged(lab, "4a", replace(run, untrained=True))
    assert (untrained.outcome, untrained.code) == (W, "attack.untrained")
    unknown = judged(lab, "4a", run)
    assert (unknown.outcome, unknown.code) == (H, "attack.unknown_network")


def test_probabilities_of_the_original_shown_for_the_result_wait(lab: Lab) -> None:
    run = lab.attack("4a")
    corgi, final = lab.corgi[Space.NORMALISED], lab.context().tensor(run.final)  # type: ignore[arg-type]
    models = (lab.model("pretrained"),)
    original = lab.prediction("pretrained", corgi, cell_index=1)
    attacked = lab.prediction("pretrained", final, cell_index=1)
    for predictions, outcome in (
        ((original,), H),
        ((original, attacked), R),
        ((replace(original, cell_index=2),), R),  # another part's cell
        ((), R),
    ):
        context = lab.context(runs=(run,), models=models, predictions=predictions, parts={1: "4a"})
        finding = CHECKS["targeted_attack"](context, "4a")
        assert finding.outcome is outcome, finding.message
        assert (finding.code == "attack.shows_original") == (outcome is H)


def test_gradients_that_add_up_and_few_steps_are_said_where_the_gain_is_too_small(
    lab: Lab,
) -> None:
    run = replace(lab.attack("4b", n_steps=1), looked=1, carried=1)
    finding = judged(lab, "4b", run)
    assert finding.credit < 1
    assert {"attack.short", "attack.accumulated"} <= {r.code for r in finding.remarks}
    right = judged(lab, "4b", replace(lab.attack("4b"), carried=N_STEPS - 1))
    assert right.outcome is R
    assert "attack.accumulated" in [r.code for r in right.remarks]
    assert "attack.short" not in [r.code for r in right.remarks]


def test_a_low_precision_that_hides_the_objective_waits(lab: Lab) -> None:
    """As TF32 does on a real network: it turns a step by as much as another objective would."""
    network, aim = lab.networks.network("pretrained"), log_probability_of(282)

    def turned(x: Tensor) -> Tensor:
        gradient = gradient_at(network, x, aim)
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
        return torch.add(gradient / gradient.norm(), 0.3 * noise / noise.norm())

    run = lab.attack("4b", direction=turned)
    assert judged(lab, "4b", run).outcome is R
    finding = judged(lab, "4b", replace(run, reduced=True))
    assert (finding.outcome, finding.code) == (H, "attack.reduced")
    assert judged(lab, "4b", replace(lab.attack("4b"), reduced=True)).outcome is R


def test_plots_of_the_originals_probabilities_for_the_result_wait(lab: Lab) -> None:
    """What `plot_top_classes` gets tells, though no network was shown anything in that cell."""
    run = lab.attack("4a")
    final = lab.context().tensor(run.final)  # type: ignore[arg-type]
    before, after = (
        lab.networks.logits("pretrained", x) for x in (lab.corgi[Space.NORMALISED], final)
    )
    original, attacked = (
        Plotted(cell_index=1, values=lab.store(z.softmax(dim=1))) for z in (before, after)
    )
    as_logits = Plotted(cell_index=1, values=lab.store(before))
    others = Plotted(cell_index=1, values=lab.store(before.flip(1)))
    for plotted, outcome in (
        ((original,), H),
        ((as_logits, others), H),
        ((original, attacked), R),
        ((original, replace(attacked, cell_index=2)), R),  # shown in another part's cell
        ((replace(original, cell_index=2),), R),
        ((replace(original, cell_index=0),), H),  # in the attack's own cell
        ((replace(original, cell_index=0), replace(attacked, cell_index=0)), R),
        ((others,), R),
    ):
        sources = ["attack", "figure", "more"]
        context = lab.context(runs=(run,), plotted=plotted, parts={1: "4a"}, sources=sources)
        finding = CHECKS["targeted_attack"](context, "4a")
        assert finding.outcome is outcome, finding.message
        assert (finding.code == "attack.shows_original") == (outcome is H)


def test_what_is_shown_of_another_attack_or_in_another_form_waits(lab: Lab) -> None:
    """Issue 15: the picture and the probabilities at or behind the attack are the result's."""
    run = lab.attack("4b", n_steps=8)
    other = lab.attack("4a", n_steps=8, run_id="run0")
    final, elsewhere = (lab.context().tensor(r.final) for r in (run, other))  # type: ignore[arg-type]
    logits = lab.networks.logits("pretrained", final)
    once = logits.softmax(dim=1)
    given = {
        "result": lab.prediction("pretrained", final, cell_index=1),
        "rounded": lab.prediction("pretrained", (final * 50).round() / 50, cell_index=1),
        "other": lab.prediction("pretrained", elsewhere, cell_index=1),
        "other network": lab.prediction("robust", final, cell_index=1),
        "both": lab.prediction("pretrained", torch.cat([elsewhere, final]), cell_index=0),
    }
    values = {
        "probabilities": once,
        "percent": 100 * once,
        "twice": once.softmax(dim=1),
        "logits": logits,
        "other's": lab.networks.logits("pretrained", elsewhere).softmax(dim=1),
    }
    plots = {k: Plotted(cell_index=1, values=lab.store(v)) for k, v in values.items()}
    models = (lab.model("pretrained"), lab.model("robust"))
    printed = replace(cell_run(1), said=f"tiger cat: {float(once[0, 282]):.4f}")
    for shown, said, code in (
        (("result",), (), "right"),
        (("rounded",), (), "right"),
        (("both",), (), "right"),
        (("result", "percent"), (), "right"),
        (("other", "result", "probabilities"), (), "right"),
        (("other",), (), "shows_other"),
        (("other", "other's"), (), "shows_other"),
        (("other's",), (), "shows_other"),
        (("other network",), (), "shows_other"),
        (("result", "twice"), (), "shows_twice"),
        (("result", "logits"), (), "shows_logits"),
        (("result", "logits", "probabilities"), (), "right"),
        (("result", "logits"), (printed,), "right"),
    ):
        evidence: dict[str, Any] = {
            "runs": (other, run),
            "models": models,
            "predictions": tuple(given[s] for s in shown if s in given),
            "plotted": tuple(plots[s] for s in shown if s in plots),
            "cells": said,
        }
        context = lab.context(parts={1: "4b"}, sources=["x = attack()", "figure(x)"], **evidence)
        finding = CHECKS["targeted_attack"](context, "4b")
        assert finding.code == f"attack.{code}", (shown, finding.message)
        assert finding.outcome is (R if code == "right" else H)


@pytest.mark.parametrize(
    ("sources", "outcome"),
    [
        (("x = attack()", "y = x"), H),
        (("x = attack()", "plt.imshow(x)"), R),
        (("x = attack()", "for _ in x:\n    show(x)"), R),
        (("x = attack()", "x"), R),
        (("generate_adversarial_example(model, x, 282)", "model.eval()"), H),
    ],
)
def test_nothing_shown_waits_and_is_told_apart(
    lab: Lab, sources: tuple[str, ...], outcome: Outcome
) -> None:
    run = lab.attack("4b", n_steps=8)
    context = lab.context(runs=(run,), parts={0: "4b", 1: "4b"}, sources=sources)
    finding = CHECKS["targeted_attack"](context, "4b")
    assert finding.outcome is outcome, finding.message
    assert finding.code == ("attack.shows_nothing" if outcome is H else "attack.right")


def test_pixels_given_to_the_network_are_named_instead_of_longer_steps(lab: Lab) -> None:
    weak = replace(part_of_the_way(lab), steps=0)
    assert "attack.longer_steps" in codes(judged(lab, "4a", weak))
    look = Look(
        step=0, image=lab.store(lab.corgi[Space.PIXELS]), gradient=lab.store(lab.noise(1)),
        layer="fc", call=1, own=False, cotangent=None,
    )  # fmt: skip
    said = codes(judged(lab, "4a", replace(weak, looks=(look,))))
    assert "attack.ran_pixels" in said
    assert "attack.longer_steps" not in said


@pytest.mark.parametrize("lost", ["final", "start", "fingerprint"])
def test_lost_evidence_is_never_a_pass(lab: Lab, lost: str) -> None:
    nothing: dict[str, Any] = {lost: None}
    run = replace(lab.attack("4a"), **nothing)
    finding = judged(lab, "4a", run)
    assert (finding.outcome is R) == (lost == "fingerprint")  # judged by its images alone then


def test_a_changed_array_is_never_judged(lab: Lab) -> None:
    from grader.checks import run_checks
    from grader.checks.stored_arrays import EvidenceChanged

    run = lab.attack("4a", config=replace(NORMALISED_BALL, space=Space.NORMALISED))
    (lab.folder / run.final.path).write_bytes(b"other")  # type: ignore[union-attr]
    context = lab.context(runs=(run,))
    with pytest.raises(EvidenceChanged, match="changed since"):
        run_checks(context.assignment, context)


@pytest.mark.parametrize(
    ("steps", "asked", "measure"),
    [(200, 200, 200), (0, 200, 200), (5, 200, 200), (50, 200, 50), (10, 10, 10), (5, 10, 10)],
)
def test_few_steps_are_no_measure_unless_the_part_asks_for_no_more(
    steps: int, asked: int, measure: int
) -> None:
    reference = load_expected("studio-narrow").attack("4e")
    trace = [one.log_probability for one in reference.trace]
    before, after = trace[0], trace[measure]
    assert before is not None
    assert after is not None

    assert gain_to_reach(reference, steps, asked) == pytest.approx(after - before)
