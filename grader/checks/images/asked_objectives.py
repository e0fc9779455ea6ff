"""4(d): of which layer, channel or unit was a loss taken? By its gradient at a module's output.

The recorder names the module and brings the gradient there. The trusted network pulls that back to
the image: where it gives the gradient that came back to the image, layer and gradient are right.
The pattern of the gradient then tells the objective: one place, one channel, or all of them; in
proportion to the output (an l2 norm), constant (a mean), or otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from grader.checks.images.feature_objectives import LAYERS, Climbed
from grader.checks.images.grouped_objectives import EQUAL, candidates_of, weighted_sum
from grader.checks.images.pushes import Asked, Push, cosine, unit
from grader.checks.tolerance import threshold
from reference.attack import Objective, gradient_at, log_probability_of
from reference.dream import channel_mean, channel_norm, layer_norm
from reference.errors import GraderFault
from reference.networks import activations


class _Reached(Exception):
    pass


def module_output(network: nn.Module, layer: str, call: int) -> Callable[[Tensor], Tensor]:
    """Return the function from the image to what a module gives at one of its calls.

    Args:
        network: A ResNet.
        layer: Name of the module, such as `layer3.2.conv2`.
        call: Which call, from 1: a block uses its ReLU three times.
    """
    module = dict(network.named_modules()).get(layer)

    def forward(image: Tensor) -> Tensor:
        if module is None:
            raise GraderFault(f"the network has no module {layer!r}")
        calls: list[Tensor] = []

        def catch(_module: Any, _given: Any, output: Tensor) -> None:
            calls.append(output)
            if len(calls) == call:
                raise _Reached

        handle = module.register_forward_hook(catch)
        try:
            network(image)
        except _Reached:
            return calls[-1]
        finally:
            handle.remove()
        raise GraderFault(f"the network calls {layer!r} {len(calls)} times, not {call}")

    return forward


def follows(
    network: nn.Module, climbed: Climbed, objective: Objective, pushes: Sequence[Push]
) -> bool:
    """Whether steps went up an objective of a run's layer, or down it, as the run is said to."""
    output = module_output(network, climbed.layer, climbed.call)
    sign = -1 if climbed.downhill else 1
    same = threshold("same_direction")
    return all(
        sign * cosine(gradient_at(output, push.image, objective), push.moved) >= same
        for push in pushes
    )


def recognise_asked(network: nn.Module, push: Push, later: Sequence[Push] = ()) -> Climbed | None:
    """Return the objective that a loss was; None where it is not one of a single layer.

    Args:
        network: A trusted ResNet, whose layers may have fewer channels than the notebook's.
        push: A step with what the loss was taken of.
        later: Other steps of the run; a group of channels or places must explain them too.
    """
    asked = push.asked
    if asked is None or asked.layer not in dict(network.named_modules()):
        return None
    function = module_output(network, asked.layer, asked.call)
    leaf = push.image.detach().requires_grad_(True)
    try:
        output = function(leaf)
    except GraderFault:
        return None
    pulling = _fitted(asked.cotangent, output)
    if pulling is None or not bool(pulling.any()):
        return None
    (pulled,) = torch.autograd.grad(output, leaf, pulling)
    found = cosine(pulled, push.moved)
    if found < threshold("same_direction"):
        return None
    climbed = Climbed(
        layer=asked.layer,
        objective=layer_norm(),
        downhill=False,
        cosine=found,
        call=asked.call,
    )
    output = output.detach()
    plain = _plain(pulling, output, asked)
    if plain is None:
        return _grouped(network, climbed, push, pulling, later)
    objective, uphill = plain
    single = int((pulling != 0).sum()) == 1
    negative = single and not uphill and float(objective.function(output)) < 0
    climbed = replace(climbed, objective=objective, downhill=not uphill, negative=negative)
    return _with_another_layer(network, climbed, pulled, push)


def _with_another_layer(
    network: nn.Module, climbed: Climbed, pulled: Tensor, push: Push
) -> Climbed:
    """Name a second layer, where the norm or mean of one was added: the loss came there first.

    What the first layer's gradient leaves of the direction is then all the second's.
    """
    if 1 - climbed.cosine <= threshold("other_objective") or climbed.downhill:
        return climbed
    leaf = push.image.detach().requires_grad_(True)
    outputs = activations(network, leaf)
    rest = _without(push.moved, pulled)
    for layer in LAYERS:
        for objective in (layer_norm(), _whole("mean")):
            value = objective.function(outputs[layer])
            (gradient,) = torch.autograd.grad(value, leaf, retain_graph=True)
            if cosine(rest, _without(gradient, pulled)) >= threshold("same_direction"):
                name = f"{climbed.objective.name} and {layer}"
                return replace(climbed, objective=replace(climbed.objective, name=name))
    return climbed


def _without(vector: Tensor, other: Tensor) -> Tensor:
    """The part of a vector that is orthogonal to another."""
    one, along = unit(vector), unit(other)
    return one - (one @ along) * along


def _grouped(
    network: nn.Module, climbed: Climbed, push: Push, pulling: Tensor, later: Sequence[Push]
) -> Climbed:
    """Take it for a function of some channels or places; one that is not known stays unknown."""
    with torch.no_grad():
        output = module_output(network, climbed.layer, climbed.call)(push.image)
    alike = [step for step in later if step.image.shape == push.image.shape]
    for candidate in candidates_of(pulling, output):
        found = replace(climbed, objective=candidate.objective, downhill=not candidate.uphill)
        if follows(network, found, found.objective, alike):
            return replace(found, grouped=True)
    objective = weighted_sum(pulling)
    if alike and follows(network, climbed, objective, alike):
        return replace(climbed, objective=objective, grouped=True)
    unknown = Objective(name="a function that is not recognized", function=objective.function)
    return replace(climbed, objective=unknown, known=False)


def _fitted(cotangent: Tensor, output: Tensor) -> Tensor | None:
    """The part of a full-size network's gradient that the narrow one has: the leading channels."""
    if cotangent.dim() != output.dim() or cotangent.shape[2:] != output.shape[2:]:
        return None
    if cotangent.shape[0] != output.shape[0] or cotangent.shape[1] < output.shape[1]:
        return None
    return cotangent[:, : output.shape[1]].to(output)


def _plain(pulling: Tensor, output: Tensor, asked: Asked) -> tuple[Objective, bool] | None:
    """Return a function of the layer, a class, a unit or a channel, and whether it was climbed."""
    whole = _form(pulling, output)
    if whole is not None:
        name, uphill = whole
        return _whole(name), uphill
    if asked.layer == "fc":
        return _of_class(pulling, output)
    if int((pulling != 0).sum()) == 1:
        return _of_unit(pulling)
    used = [int(c) for c in pulling[0].flatten(1).any(dim=1).nonzero().flatten()]
    form = _form(pulling[:, used], output[:, used]) if len(used) == 1 else None
    return None if form is None else _of_channel(used[0], form)


def _form(pulling: Tensor, output: Tensor) -> tuple[str, bool] | None:
    """Return the kind of function with this gradient, and whether the sign is that of a rise."""
    forms = {
        "l2 norm": output,
        "mean": torch.ones_like(output),
        "l1 norm": output.sign(),
    }
    for name, gradient in forms.items():
        value = cosine(pulling, gradient)
        if abs(value) >= EQUAL:
            return name, value > 0
    return None


def _whole(form: str) -> Objective:
    if form == "mean":
        return Objective(name="mean of the layer", function=lambda out: out.mean())
    if form == "l1 norm":
        return Objective(name="l1 norm of the layer", function=lambda out: out.abs().sum())
    return layer_norm()


def _of_channel(channel: int, form: tuple[str, bool]) -> tuple[Objective, bool]:
    kind, uphill = form
    if kind == "mean":
        return channel_mean(channel), uphill
    if kind == "l1 norm":
        name = f"l1 norm of channel {channel}"
        return Objective(name=name, function=lambda out: out[0, channel].abs().sum()), uphill
    return channel_norm(channel), uphill


def _of_unit(pulling: Tensor) -> tuple[Objective, bool]:
    place = int(pulling.abs().argmax())
    rest, column = divmod(place, pulling.shape[3]) if pulling.dim() == 4 else (place, 0)
    channel, row = divmod(rest, pulling.shape[2]) if pulling.dim() == 4 else (rest, 0)
    uphill = float(pulling.flatten()[place]) > 0
    if pulling.numel() == pulling.shape[1]:  # one place per channel, after pooling
        name = f"unit {channel}"
    else:
        name = f"unit ({row}, {column}) of channel {channel}"
    return Objective(name=name, function=lambda out: out.flatten()[place]), uphill


def _of_class(pulling: Tensor, output: Tensor) -> tuple[Objective, bool]:
    """A class of the last layer: the one that the image was led to, or away from."""
    lead = int(pulling[0].abs().argmax())
    uphill = float(pulling[0, lead]) > 0
    likelier = log_probability_of(lead)
    leaf = output.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(likelier.function(leaf), leaf)
    if abs(cosine(pulling, gradient)) >= EQUAL and int((pulling != 0).sum()) > 1:
        return replace(likelier, name=f"log-probability of class {lead}"), uphill
    return Objective(name=f"class {lead}", function=lambda logits: logits[0, lead]), uphill
