"""Shims that let a notebook of torch 1.8 and Colab run on today's stack.

Each is installed only where the run's plan names it, and tells the host when it first takes effect.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import pickle
import random
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from . import absent, colab, few_steps, hub, kept, no_gpu, old_names, paths
from .channel import Channel

FAST_RESNET = "fast-resnet"


class _Report:
    """Tells the host, once, that a shim took effect."""

    def __init__(self, channel: Channel, name: str) -> None:
        self._channel = channel
        self._name = name
        self._told = False

    def __call__(self) -> None:
        if not self._told:
            self._told = True
            self._channel.send("shim", {"name": self._name})


# -- load-old-checkpoints -------------------------------------------------------------------------


class _Inert:
    """Stands for an object of a class that is not installed; does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class _Unpickler(pickle.Unpickler):
    """Finds torch's and plain classes; any other global becomes an inert stand-in."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".", maxsplit=1)[0] in {"torch", "collections", "numpy"}:
            return super().find_class(module, name)
        return type(name, (_Inert,), {})


_pickle_module = types.ModuleType("pset4_pickle")
_pickle_module.Unpickler = _Unpickler  # type: ignore[attr-defined]
_pickle_module.load = lambda file, **_: _Unpickler(file).load()  # type: ignore[attr-defined]
_pickle_module.loads = lambda data, **_: _Unpickler(io.BytesIO(data)).load()  # type: ignore[attr-defined]


def _load_old_checkpoints(channel: Channel) -> None:
    """`torch.load(path)` reads checkpoints that hold objects of classes which are not installed."""
    report = _Report(channel, "load-old-checkpoints")
    plain_load = torch.load

    def load(f: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return plain_load(f, *args, **kwargs)
        except (pickle.UnpicklingError, ModuleNotFoundError, AttributeError):
            if "pickle_module" in kwargs or kwargs.get("weights_only"):
                raise
            report()
            kwargs["weights_only"] = False
            kwargs["pickle_module"] = _pickle_module
            if hasattr(f, "seek"):
                f.seek(0)
            return plain_load(f, *args, **kwargs)

    torch.load = load


# -- what the machine lacks -----------------------------------------------------------------------


def _cuda_to_cpu(channel: Channel) -> None:
    """No GPU: all stays on the CPU."""
    no_gpu.install(_Report(channel, "cuda-to-cpu"))


def _colab(channel: Channel) -> None:
    """A `google.colab` that does nothing."""
    colab.install(_Report(channel, "colab"))


def _paths(channel: Channel) -> None:
    """Files are found by their names where the notebook names a folder of another machine."""
    paths.install(_Report(channel, "paths"), os.getcwd())  # noqa: PTH109


def _weights(channel: Channel) -> None:
    """Torch hub and torchvision's weights are answered from the bundle."""
    hub.install(_Report(channel, "weights"))


def _old_names(channel: Channel) -> None:
    """Names that libraries had in 2021."""
    old_names.install(_Report(channel, "old-names"))


# -- narrow-resnet --------------------------------------------------------------------------------


def _narrow_resnet(channel: Channel) -> None:
    """`torchvision.models.resnet50` builds the narrow network that the preview bundle is for."""
    import torchvision
    from torchvision.models import resnet

    # Copied in beside this file where the bundle is a narrow one.
    narrow = importlib.import_module(".narrow", __package__)
    report = _Report(channel, "narrow-resnet")
    plain = resnet.ResNet

    class ResNet(narrow.NarrowResNet):  # type: ignore[misc,name-defined]  # copied in for the run
        """torchvision's, and the narrow one where its layers are those of ResNet-50.

        A class, and of the same name: notebooks derive networks of their own from it.
        """

        def __init__(
            self, block: Any, layers: Any, num_classes: int = 1000, *args: Any, **kwargs: Any
        ) -> None:
            is_ours = block is resnet.Bottleneck and tuple(layers) == narrow.LAYERS
            if is_ours and not args and not kwargs:
                report()
                super().__init__(num_classes=num_classes)
            else:
                plain.__init__(self, block, layers, num_classes, *args, **kwargs)

    ResNet.__module__, ResNet.__qualname__ = plain.__module__, plain.__qualname__
    resnet.ResNet = torchvision.models.ResNet = ResNet


def _no_compiler(channel: Channel) -> None:
    """`torch.compile` gives back what it got.

    It would take a C++ compiler and a minute, and hide the network from what is recorded.
    """
    report = _Report(channel, "no-compiler")

    def as_it_is(model: Any = None, **_: Any) -> Any:
        report()
        return as_it_is if model is None else model

    torch.compile = functools.wraps(torch.compile)(as_it_is)


def _few_steps(channel: Channel) -> None:
    few_steps.install(_Report(channel, "few-steps"))


# -- fast-resnet ----------------------------------------------------------------------------------


def _fast_resnet(channel: Channel) -> None:
    """The blocks of torchvision's ResNets are computed in less time."""
    from . import fast_resnet

    fast_resnet.install(_Report(channel, FAST_RESNET))


KEPT = "kept-files"
"""Belongs to a shell altogether."""
SHIMS: dict[str, Callable[[Channel], None]] = {
    "cuda-to-cpu": _cuda_to_cpu,
    "load-old-checkpoints": _load_old_checkpoints,
    "colab": _colab,
    "paths": _paths,
    "weights": _weights,
    "old-names": _old_names,
    "narrow-resnet": _narrow_resnet,
    FAST_RESNET: _fast_resnet,
    "no-compiler": _no_compiler,
    "few-steps": _few_steps,
}


def install(channel: Channel, names: list[str]) -> None:
    """Install the shims named in the plan, but for what belongs to a shell."""
    for name in names:
        if name != KEPT:
            SHIMS[name](channel)


def install_in_shell(channel: Channel, names: list[str], shell: Any, originals: str) -> None:
    """Install what the shims named in the plan change of a shell: magics, imports, ends of cells.

    Args:
        channel: To the host.
        names: Of the shims.
        shell: The kernel's.
        originals: Folder of the course's files as the bundle has them.
    """
    if KEPT in names:
        kept.install(shell, os.getcwd(), originals, _Report(channel, KEPT))  # noqa: PTH109
    if "colab" in names:
        colab.install_magics(_Report(channel, "colab"), shell)
        absent.install(shell)
    if FAST_RESNET in names:
        from . import fast_resnet

        shell.events.register("pre_run_cell", fast_resnet.new_cell)


def installed_all(names: list[str]) -> None:
    """Tell shims that look at torch's hooks and modes that all of ours are there now."""
    if FAST_RESNET in names:
        from . import fast_resnet

        fast_resnet.installed_all()


def full_precision() -> None:
    """Have a GPU's convolutions computed in float32, unless the notebook asks for less.

    By default they are rounded to TF32, of 10 bits. On a real network the cosine of a right step
    then falls to 0.959, where that of the nearest wrong one is 0.934 (`measured_real.toml`).
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def seed_generators(seed: int) -> None:
    """Seed Python's, numpy's and torch's global generators."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 -- the generator that notebooks use
    torch.manual_seed(seed)
