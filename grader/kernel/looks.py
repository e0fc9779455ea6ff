"""Recorder of looks: an image that a network was shown, and what a loss asked of it.

A notebook may move its image in any way: by `StepImage`, by an optimizer on the pixels, through a
normalization of its own, shifted at random. Whatever it does, an image enters the network's first
convolution, and the gradient of its loss comes back there; on the way it passes the module whose
output the loss was taken of. Both are copied. What the notebook computes stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torchvision.models.resnet import ResNet

from .bounds import COLOURS
from .look_runs import settle_without_step
from .run_ends import module_in_use
from .state import Look, recordable, shielded, state_of

MOST_NODES = 400
"""Nodes of a graph that are looked through for the notebook's own image."""


@dataclass
class _Way:
    """The modules that the image under way has passed."""

    look: Look
    names: dict[int, str]
    """Names in the network, by identity of the module."""
    calls: dict[str, int] = field(default_factory=dict)
    node: Any = None
    """Of the graph: it made the last module's output."""
    place: list[Any] = field(default_factory=list)
    """Name and number of the call of that module; shared with its hook."""


_TELLABLE = re.compile(r"[A-Za-z0-9_.]{0,100}")
"""Names that the host takes; modules of torchvision have no other."""

_way: list[_Way] = []
"""Of the image under way; one at most."""
_installed: list[Any] = []


def _before_module(module: torch.nn.Module, given: tuple[Any, ...]) -> Any:
    """Is this a network's first convolution, and will a loss come back to its input?"""
    state = state_of()
    if state.inside_recorder:
        return None
    if isinstance(module, ResNet):
        state.called = module
        return None
    if not isinstance(module, torch.nn.Conv2d) or module.in_channels != COLOURS:
        return None
    if not given or not torch.is_grad_enabled():
        return None
    taken: list[torch.Tensor] = []
    _open_look(module, given[0], taken)
    return (*taken, *given[1:]) if taken else None


@shielded
def _open_look(entry: torch.nn.Module, image: Any, taken: list[torch.Tensor]) -> None:
    if not recordable(image) or not image.requires_grad or _is_transformed(image):
        return
    settle_without_step()
    owner = _owner_of(entry)
    leaf = _leaf_of(image)
    look = Look(
        image=image.detach().clone(),
        base=(image if leaf is None else leaf).detach().clone(),
        leaf=leaf,
        own=leaf is image,
        owner=owner,
        training=owner is not None and owner.training,
        reduced=_is_reduced(image),
    )
    # The network is given another name of the image: a hook on the notebook's own tensor would
    # stay there, and would see what else its loss asks of it.
    alias = image.view_as(image)
    alias.register_hook(_receiver(look))
    modules = () if owner is None else owner.named_modules()
    names = {id(module): name for name, module in modules if _TELLABLE.fullmatch(name)}
    _way[:] = [_Way(look, names)]
    state_of().look = look
    taken.append(alias)


def _is_transformed(image: torch.Tensor) -> bool:
    """Whether `torch.func` is at work: what it passes on has no values to copy."""
    return bool(torch._C._functorch.is_functorch_wrapped_tensor(image))


def _receiver(look: Look) -> Callable[[torch.Tensor], None]:
    @shielded
    def receive(gradient: torch.Tensor) -> None:
        copy = gradient.detach().clone()
        look.carried = look.carried or _is_carried(look)
        look.gradient = copy if look.gradient is None else look.gradient + copy

    return receive


def _is_carried(look: Look) -> bool:
    """Whether `backward` will add to a gradient that is still there from before a step."""
    run = state_of().run
    before = state_of().first if run is None else run.latest
    there = None if look.leaf is None else look.leaf.grad
    if before is None or there is None or before.base.shape != look.base.shape:
        return False
    return bool(there.any()) and not torch.equal(before.base, look.base)


def _is_reduced(image: torch.Tensor) -> bool:
    """Whether a GPU rounds what it multiplies to fewer digits than float32 has."""
    if not image.is_cuda:
        return False
    return bool(torch.backends.cudnn.allow_tf32) or torch.is_autocast_enabled()


def _after_module(module: torch.nn.Module, _given: Any, output: Any) -> None:
    """Should the loss be taken of this output, its gradient comes here first."""
    if _way and not state_of().inside_recorder:
        _follow(_way[0], module, output)


@shielded
def _follow(way: _Way, module: torch.nn.Module, output: Any) -> None:
    name = way.names.get(id(module), "")
    if way.look is not state_of().look or way.look.gradient is not None or not name:
        return
    if not isinstance(output, torch.Tensor) or not output.requires_grad:
        return
    way.calls[name] = way.calls.get(name, 0) + 1
    if output.grad_fn is way.node:  # a block hands on what its last module made
        way.place[:] = [name, way.calls[name]]
        return
    way.node, way.place = output.grad_fn, [name, way.calls[name]]
    hook: Any = output.register_hook
    hook(_arrival(way.look, way.place))


def _arrival(look: Look, place: list[Any]) -> Callable[[torch.Tensor], None]:
    @shielded
    def arrive(gradient: torch.Tensor) -> None:
        if not look.layer:
            look.layer, look.call = place
            look.cotangent = gradient.detach().clone()

    return arrive


def _owner_of(entry: torch.nn.Module) -> torch.nn.Module | None:
    """The network that a first convolution belongs to; a whole one before a part of it."""
    state = state_of()
    if state.owner is None or getattr(state.owner, "conv1", None) is not entry:
        state.owner = None
        for network in _networks():
            if getattr(network, "conv1", None) is entry:
                state.owner = network
                break
            if state.owner is None and any(module is entry for module in network.modules()):
                state.owner = network
    return state.owner


def _networks() -> Iterator[torch.nn.Module]:
    state = state_of()
    given = None if state.run is None else module_in_use(state.run.model_fn)
    for value in (given, state.called, *tuple(state.shell.user_ns.values())):
        if isinstance(value, torch.nn.Module):
            yield value


def _leaf_of(image: torch.Tensor) -> torch.Tensor | None:
    """The tensor that the notebook optimizes, behind what it made of it; None where none is seen.

    It is the image itself, or a change that is added to one.
    """
    if image.is_leaf:
        return image
    seen: set[Any] = set()
    nodes: list[Any] = [image.grad_fn]
    while nodes and len(seen) < MOST_NODES:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        variable = getattr(node, "variable", None)
        if isinstance(variable, torch.Tensor) and recordable(variable):
            return variable
        nodes += [one for one, _ in node.next_functions]
    return None


def watch_looks() -> None:
    """Follow images through every network from now on."""
    _way.clear()
    if not _installed:
        _installed.append(register_module_forward_pre_hook(_before_module))
        _installed.append(register_module_forward_hook(_after_module))
