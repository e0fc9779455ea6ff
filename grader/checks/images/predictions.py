"""The networks and their predictions on the corgi."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from grader.checks.blame import why_missing
from grader.checks.context import TRUSTED, CheckContext
from grader.checks.declaration import Basis, Check, Reads, Rests
from grader.checks.findings import (
    Verdict,
    failed,
    needs_human,
    passed,
    say,
    where_to_look,
)
from grader.checks.functions.softmax import check_output2prob
from grader.checks.images.made_again import gives_the_prediction, inputs_of_last_layer
from grader.checks.images.recognition import network_of, network_of_weights
from grader.checks.images.seen import Seen, ran_on_a_crop, seen_on_corgi, slip_on_the_way
from grader.checks.images.stated_features import Stated, features_stated, shows_last_layer
from grader.checks.images.stated_probability import stated_otherwise
from grader.checks.tolerance import TOLERANCES, threshold
from grader.model.records import Bar, BarsExhibit, Measurement, ModelState, Outcome, Prediction
from grader.model.text import cell_label, cell_number
from reference.bundle_files import FULL_IN_FEATURES
from reference.classify import top_k
from reference.run_records import Space

TOP = 5
"""Number of classes that the notebook shows."""

_UNTRAINED, _PRETRAINED = "untrained", "pretrained"

MOST_MADE = 8
"""Predictions of untrained networks that are repeated, the first ones."""


# -- the last layer -------------------------------------------------------------------------------


def check_in_features(context: CheckContext, part_id: str) -> Verdict:
    """Inputs of the last layer of the random network."""
    wanted = context.bundle.in_features
    states = [s for s in context.evidence.models if s.in_features is not None]
    untrained = [s for s in states if network_of(context, s.fingerprint) in {"other", ""}]
    if not states:
        return why_missing(context, part_id, "A network named `model`", "resnet50")
    state = (untrained or states)[0]
    sure = _inputs_of(context, state)
    found = state.in_features if sure is None else sure
    measured = Measurement(
        quantity="inputs of the last layer",
        measured=str(found),
        expected=str(wanted),
        tolerance="",
        ok=found == wanted,
    )
    notes = () if untrained else (say("in_features.note_trained"),)
    verdict = (
        _in_features_verdict(context, sure is not None, part_id)
        if found == wanted
        else failed(say("in_features.not_resnet"))
    )
    return replace(
        verdict.adding(*notes) if verdict.outcome is not Outcome.FAIL else verdict,
        measurements=(measured,),
        evidence_ids=(cell_label(state.cell_index),),
    )


def _inputs_of(context: CheckContext, state: ModelState) -> int | None:
    """Inputs of the last layer of a network that the host has, too; None where it has it not."""
    if network_of(context, state.fingerprint) in TRUSTED:
        return context.bundle.in_features
    return inputs_of_last_layer(context, state)


def _in_features_verdict(context: CheckContext, sure: bool, part_id: str) -> Verdict:
    """The verdict where the number is that of ResNet-50; `sure` where the host has the network."""
    answers = {context.bundle.in_features, FULL_IN_FEATURES}
    written = features_stated(context.answer(part_id), answers)
    if written is Stated.RIGHT:
        return passed(say("in_features.written"))
    if written is Stated.WRONG:
        return failed(say("in_features.wrong_number", wanted=context.bundle.in_features))
    if written is Stated.CONTRADICTORY:
        return needs_human(say("in_features.contradictory"))
    if not shows_last_layer(c.source for c in context.submission.cells if c.kind == "code"):
        return _in_features_of_report(context, answers, part_id)
    if not sure:
        held = needs_human(say("in_features.not_made_again"))
        return held.adding(where_to_look(context, part_id))
    return passed(say("in_features.shown"))


def _in_features_of_report(context: CheckContext, answers: set[int], part_id: str) -> Verdict:
    """The number may be in the report only; it counts under its own part."""
    sections = context.report.sections_of(part_id)
    own = [s for s in sections if not s.whole_problem]
    place = where_to_look(context, part_id)
    if any(features_stated(f"{s.label}\n{s.text}", answers) is Stated.RIGHT for s in own):
        return passed(say("in_features.in_report")).adding(place)
    wanted = context.bundle.in_features
    return needs_human(say("in_features.not_shown", wanted=wanted)).adding(place)


# -- the random network ---------------------------------------------------------------------------


def check_random_network(context: CheckContext, part_id: str) -> Verdict:
    """The random network ran on the corgi."""
    seen = seen_on_corgi(context)
    untrained = [s for s in seen if s.network == "other"]
    if untrained:
        batches = {id(s.prediction): s for s in reversed(untrained)}
        first = list(reversed(batches.values()))[:MOST_MADE]
        again = next((s for s in first if gives_the_prediction(context, s.prediction)), None)
        if again is not None:
            return _untrained(context, again)
        held = needs_human(say("random_network.not_made_again"))
        return _beside(context, held.adding(where_to_look(context, part_id)), untrained[0])
    own = context.cells_of(part_id)
    trained = [s for s in seen if s.prediction.cell_index in own and s.network in TRUSTED]
    if trained:
        cell = cell_number(trained[0].prediction.cell_index)
        return failed(say("random_network.trained", network=trained[0].network, cell=cell))
    other = [p for p in context.evidence.predictions if _is_untrained(context, p)]
    if other:
        return _on_another_picture(context, part_id, other, _UNTRAINED)
    return why_missing(context, part_id, "A prediction of the untrained network on the corgi")


def _is_untrained(context: CheckContext, prediction: Prediction) -> bool:
    return network_of_weights(context, prediction.weights_sha256) == "other"


def _untrained(context: CheckContext, seen: Seen) -> Verdict:
    mode = "training" if seen.prediction.training else "evaluation"
    return _beside(context, passed(say("random_network.right", mode=mode)), seen)


def _beside(context: CheckContext, verdict: Verdict, seen: Seen) -> Verdict:
    """Show what the network predicted beside the verdict."""
    probabilities = torch.softmax(seen.logits, dim=1)[0]
    top = float(probabilities.max())
    corgi_top = context.expected.predictions.pretrained_top5[0]
    rows = (
        Measurement(
            quantity="probability of the first class, untrained",
            measured=f"{top:.3g}",
            expected="any: the classes have nothing to do with the picture",
            tolerance="",
            ok=True,
        ),
        Measurement(
            quantity=f"probability of {corgi_top.name}, untrained",
            measured=f"{float(probabilities[corgi_top.class_id]):.3g}",
            expected="small",
            tolerance="",
            ok=True,
        ),
    )
    return replace(
        verdict,
        measurements=rows,
        exhibits=(_bars(context, "untrained network", seen.logits),),
        evidence_ids=(cell_label(seen.prediction.cell_index),),
    )


# -- the pretrained network -----------------------------------------------------------------------


def check_top_predictions(context: CheckContext, part_id: str) -> Verdict:
    """The pretrained network's top classes and top probability."""
    seen = [s for s in seen_on_corgi(context) if s.network == "pretrained"]
    if not seen:
        return _no_prediction(context, part_id)
    verdicts = [_judge(context, s) for s in seen]
    best = min(range(len(seen)), key=lambda at: verdicts[at].rank())
    return _as_stated(context, part_id, verdicts[best], seen[best])


def _as_stated(context: CheckContext, part_id: str, verdict: Verdict, seen: Seen) -> Verdict:
    """The part asks for the probability that the notebook states: a right prediction is not all."""
    if verdict.outcome is not Outcome.PASS:
        return verdict
    if check_output2prob(context, part_id).outcome is not Outcome.PASS:
        return verdict  # what is wrong in it is told there, and so is what is stated by it
    words = stated_otherwise(context, part_id, seen.logits)
    if not words:
        return verdict
    held = needs_human(say("top_predictions.stated_otherwise", what=words))
    held = held.adding(where_to_look(context, part_id))
    return replace(
        held,
        measurements=verdict.measurements,
        exhibits=verdict.exhibits,
        evidence_ids=verdict.evidence_ids,
    )


def _judge(context: CheckContext, seen: Seen) -> Verdict:
    wanted = context.expected.predictions.pretrained_top5
    found = top_k(seen.logits, context.networks.class_names, TOP)
    probabilities = torch.softmax(seen.logits, dim=1)[0]
    top = float(probabilities[wanted[0].class_id])
    close = abs(top - wanted[0].probability) <= TOLERANCES["probability_top", "float32"].atol
    ranks = all(
        f.class_id == w.class_id
        or abs(float(probabilities[w.class_id]) - f.probability) <= threshold("tie_probability")
        for f, w in zip(found, wanted, strict=False)
    )
    rows = (
        Measurement(
            quantity="top classes",
            measured=", ".join(p.name for p in found),
            expected=", ".join(p.name for p in wanted),
            tolerance=f"any order within {threshold('tie_probability'):g} of probability",
            ok=ranks,
        ),
        Measurement(
            quantity=f"probability of {wanted[0].name}",
            measured=f"{top:.4f}",
            expected=f"{wanted[0].probability:.4f}",
            tolerance=f"{TOLERANCES['probability_top', 'float32'].atol:g}",
            ok=close,
        ),
    )
    return replace(
        _top_verdict(seen, close and ranks),
        measurements=rows,
        exhibits=(_bars(context, "pretrained network", seen.logits),),
        evidence_ids=(cell_label(seen.prediction.cell_index),),
    )


def _top_verdict(seen: Seen, right: bool) -> Verdict:
    if right:
        return passed(say("top_predictions.right"))
    if seen.prediction.training:
        return failed(say("top_predictions.training_mode"))
    if seen.space is Space.PIXELS:
        return failed(say("top_predictions.pixels"))
    return failed(say("top_predictions.other_classes"))


def _no_prediction(context: CheckContext, part_id: str) -> Verdict:
    own = context.cells_of(part_id)
    random = [
        s for s in seen_on_corgi(context) if s.prediction.cell_index in own and s.network == "other"
    ]
    if random:
        cell = cell_number(random[0].prediction.cell_index)
        return failed(say("top_predictions.other_weights", cell=cell))
    trained = [
        p
        for p in context.evidence.predictions
        if network_of_weights(context, p.weights_sha256) == "pretrained"
    ]
    if trained:
        return _on_another_picture(context, part_id, trained, _PRETRAINED)
    return why_missing(
        context, part_id, "A prediction of the pretrained network on the corgi", "pretrained"
    )


def _on_another_picture(
    context: CheckContext, part_id: str, predictions: list[Prediction], network: str
) -> Verdict:
    """A network that never ran on what `prepare_image` returns: on another form of it, or not."""
    numbers = sorted({cell_number(p.cell_index) for p in predictions})
    found = {"network": network, "cells": ", ".join(map(str, numbers))}
    if ran_on_a_crop(context, predictions):
        held = needs_human(say("predictions.cropped", **found))
        return held.adding(where_to_look(context, part_id))
    slip = slip_on_the_way(context, predictions)
    if slip:
        return failed(say("predictions.other_form", how=slip, **found))
    return failed(say("predictions.other_picture", **found))


def _bars(context: CheckContext, title: str, logits: Tensor) -> BarsExhibit:
    return BarsExhibit(
        title=title,
        bars=tuple(
            Bar(class_id=p.class_id, name=p.name, probability=p.probability)
            for p in top_k(logits, context.networks.class_names, TOP)
        ),
    )


CHECKS = (
    Check(
        id="in_features",
        judge=check_in_features,
        reads=frozenset({Reads.PREDICTIONS, Reads.TEXT}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="the network: made again from where torch's generator stood, "
                "or one of the bundle's",
            ),
            Rests(
                on=Basis.READ,
                what="the number, in the answer or the report, or the code that shows the layer",
            ),
        ),
    ),
    Check(
        id="random_network",
        judge=check_random_network,
        reads=frozenset({Reads.PREDICTIONS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="the logits on the corgi, by the network made again from "
                "where torch's generator stood",
            ),
        ),
    ),
    Check(
        id="top_predictions",
        judge=check_top_predictions,
        reads=frozenset({Reads.PREDICTIONS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="classes and probability of the logits, against those of the "
                "bundle's network on the corgi",
            ),
            Rests(
                on=Basis.CLAIMED, what="what its cells print, and what `plot_top_classes` was given"
            ),
        ),
    ),
)
