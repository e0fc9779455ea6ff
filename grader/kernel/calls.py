"""A call of the attack function, kept with all that it depends on, so that it can be made again."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any

import torch

from . import networks
from .state import recordable, state_of
from .surroundings import Randomness, Surroundings, randomness, taken_down

IMAGE_PLACE, CLASS_PLACE = 1, 2
"""Places of x and class_id among the attack function's arguments."""
MOST_WEIGHTS = 3
"""Sets of weights that are kept: the course has a random, a pretrained and a robust network."""


@dataclass(frozen=True)
class Image:
    """The start image of a call, as it was handed over."""

    values: torch.Tensor
    requires_grad: bool
    leaf: bool
    parameter: bool
    gradient: torch.Tensor | None

    @classmethod
    def of(cls, image: torch.Tensor) -> Image:
        """Take it down; a copy keeps dtype, device and memory format."""
        gradient = image.grad if image.is_leaf else None
        return cls(
            values=image.detach().clone(),
            requires_grad=image.requires_grad,
            leaf=image.is_leaf,
            parameter=isinstance(image, torch.nn.Parameter),
            gradient=None if gradient is None else gradient.detach().clone(),
        )

    def again(self) -> torch.Tensor:
        """Return such an image anew."""
        image: torch.Tensor = self.values.clone()
        if self.parameter:
            return torch.nn.Parameter(image, requires_grad=self.requires_grad)
        image.requires_grad_(self.requires_grad)
        if self.gradient is not None:
            image.grad = self.gradient.clone()
        with torch.enable_grad():
            return image if self.leaf else image.clone()


@dataclass(frozen=True)
class Network:
    """A network as it was at a call."""

    module: torch.nn.Module
    weights: str
    modes: tuple[tuple[torch.nn.Module, bool], ...]
    needs: tuple[tuple[torch.Tensor, bool], ...]
    buffers: tuple[tuple[torch.Tensor, torch.Tensor], ...]

    @classmethod
    def of(cls, module: torch.nn.Module) -> Network:
        """Take it down; its weights are kept once for each set of them."""
        weights = networks.weights_sha256(module)
        kept = state_of().weights_kept
        if weights not in kept:
            while len(kept) >= MOST_WEIGHTS:
                del kept[next(iter(kept))]
            kept[weights] = [p.detach().clone() for p in module.parameters()]
        return cls(
            module=module,
            weights=weights,
            modes=tuple((m, m.training) for m in module.modules()),
            needs=tuple((p, p.requires_grad) for p in module.parameters()),
            buffers=tuple((b, b.detach().clone()) for b in module.buffers()),
        )

    @property
    def at_hand(self) -> bool:
        """Whether it can be put up as it was."""
        return (
            self.weights in state_of().weights_kept
            or networks.weights_sha256(self.module) == self.weights
        )

    def put_up(self, kept: Sequence[torch.Tensor]) -> None:
        """Make it what it was, with the weights that were kept."""
        with torch.no_grad():
            if networks.weights_sha256(self.module) != self.weights:
                for parameter, values in zip(self.module.parameters(), kept, strict=True):
                    parameter.copy_(values)
            for buffer, values in self.buffers:
                buffer.copy_(values)
        for module, training in self.modes:
            module.training = training
        for tensor, needed in self.needs:
            tensor.requires_grad_(needed)

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Make it what it was while the block runs, and then what it is now."""
        kept = state_of().weights_kept
        then = kept.get(self.weights, [])
        now = Network.of(self.module)
        try:
            self.put_up(then)
            yield
        finally:
            now.put_up(kept[now.weights])


@dataclass
class Call:
    """One call, and how everything was when it was made."""

    run: str
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    image: Image | None
    class_id: int | None
    names: dict[str, Any]
    namespace: dict[str, Any]
    network: Network | None
    surroundings: Surroundings
    randomness: Randomness
    stepper: Any = None

    @property
    def weights(self) -> str:
        """Digest of the network's weights; empty where it is not known."""
        return "" if self.network is None else self.network.weights

    def arguments(self, class_id: int) -> inspect.BoundArguments:
        """Return the arguments with another target, in the form that the notebook gave it."""
        signature = inspect.signature(self.function)
        bound = signature.bind(*self.args, **self.kwargs)
        names = list(signature.parameters)
        if self.image is not None:
            bound.arguments[names[IMAGE_PLACE]] = self.image.again()
        given = bound.arguments.get(names[CLASS_PLACE])
        bound.arguments[names[CLASS_PLACE]] = _like(given, class_id)
        return bound

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Give names, network, global state and generators the values of the call."""
        now = {name: self.namespace[name] for name in self.names if name in self.namespace}
        network = contextlib.nullcontext() if self.network is None else self.network.as_it_was()
        self.namespace.update(self.names)
        try:
            with network, self.surroundings.put_up(), self.randomness.put_up():
                yield
        finally:
            for name in self.names:
                self.namespace.pop(name, None)
            self.namespace.update(now)


def call_of(
    run: str, function: Any, given: tuple[tuple[Any, ...], dict[str, Any]], what: tuple[Any, ...]
) -> Call:
    """Take a call down; `what` is the image, the target and the network in use."""
    image, class_id, network = what
    namespace = _globals_of(function)
    return Call(
        run=run,
        function=function,
        args=given[0],
        kwargs=given[1],
        image=Image.of(image) if recordable(image) else None,
        class_id=class_id,
        names=names_used(function, namespace),
        namespace=namespace,
        network=Network.of(network) if isinstance(network, torch.nn.Module) else None,
        surroundings=taken_down(),
        randomness=randomness(),
    )


def _like(given: Any, class_id: int) -> Any:
    """A class id in the form of another one: a tensor, a list, a number of its type."""
    if isinstance(given, torch.Tensor):
        return torch.full_like(given, class_id)
    if isinstance(given, (list, tuple)):
        return type(given)(class_id for _ in given)
    if hasattr(given, "dtype"):
        return (given * 0 + class_id).astype(given.dtype)
    return class_id


def _globals_of(function: Any) -> dict[str, Any]:
    plain = _plain_function(function)
    namespace: dict[str, Any] = state_of().shell.user_ns
    return namespace if plain is None else plain.__globals__


def _plain_function(value: Any) -> FunctionType | None:
    """The function behind a method, a partial or a decorator that says what it wraps."""
    for _ in range(5):
        if isinstance(value, FunctionType):
            return value
        if isinstance(value, MethodType):
            value = value.__func__
        elif isinstance(value, functools.partial):
            value = value.func
        else:
            value = inspect.getattr_static(type(value), "__call__", None)
    return None


def names_used(function: Any, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook's names that a function reads, or what it calls, with their values."""
    used: dict[str, Any] = {}
    waiting = list(_codes(function, namespace))
    while waiting:
        for name in global_names(waiting.pop()):
            if name in namespace and name not in used:
                used[name] = namespace[name]
                waiting += _codes(namespace[name], namespace)
    return used


def _codes(value: Any, namespace: dict[str, Any]) -> Iterator[CodeType]:
    """Code of the notebook's that runs when a value is called, or one of its methods."""
    functions = [value, getattr(value, "__wrapped__", None)]
    cls_of_value = value if isinstance(value, type) else type(value)
    for cls in cls_of_value.__mro__[:-1]:
        if cls.__module__ == namespace.get("__name__"):
            functions.extend(vars(cls).values())
    for one in functions:
        plain = _plain_function(one)
        if plain is not None and plain.__globals__ is namespace:
            yield plain.__code__


def global_names(code: CodeType) -> set[str]:
    """Return the names that a function's code reads, its inner functions included."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*(global_names(one) for one in inner))
