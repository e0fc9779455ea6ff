"""Shim `cuda-to-cpu`: where there is no GPU, tensors and networks for one stay on the CPU."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from . import gpu_names

_CPU = torch.device("cpu")
_ELSEWHERE = frozenset({"cuda", "mps"})
"""Devices of other machines: Colab's, and a Mac's."""

_KINDS = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
"""Of the tensors of old, such as `torch.cuda.FloatTensor`."""


def install(report: Callable[[], None]) -> None:
    """Read `cuda` and `mps` as `cpu`, and answer what a notebook may ask of a GPU.

    Args:
        report: Called whenever that takes effect.
    """
    _CudaToCpu(report).__enter__()  # type: ignore[no-untyped-call]  # stays for the whole kernel
    _networks(report)
    _tensor_types(report)
    _generators(report)
    _loading(report)
    gpu_names.install(report)


def _is_cuda(value: Any) -> bool:
    if isinstance(value, torch.device):
        return value.type in _ELSEWHERE
    return isinstance(value, str) and value.partition(":")[0] in _ELSEWHERE


def _is_gpu(value: Any) -> bool:
    """The same where a device is asked for: a number there is one of a GPU."""
    return value.__class__ is int or _is_cuda(value)


class _CudaToCpu(TorchFunctionMode):
    """Reads `cuda` and `mps` as `cpu` in every torch call, and makes `Tensor.cuda()` a no-op."""

    def __init__(self, report: Callable[[], None]) -> None:
        super().__init__()
        self._report = report

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _OF_THE_GPU:
            self._report()
            return args[0]
        if func is torch.Tensor.type:
            args = tuple(_of_cpu(value) for value in args)
        kwargs = kwargs or {}
        if func is torch.device and _is_gpu(args[0] if args else kwargs.get("type")):
            self._report()
            return _CPU  # whatever its index
        if func is torch.Tensor.to and args[1:] and args[1].__class__ is int:
            args = (args[0], torch.device("cuda", args[1]), *args[2:])
        for value in args:
            if (value.__class__ is str or value.__class__ is torch.device) and _is_cuda(value):
                self._report()
                args = tuple(_CPU if _is_cuda(v) else v for v in args)
                break
        if kwargs and _is_gpu(kwargs.get("device")):
            self._report()
            kwargs = {**kwargs, "device": _CPU}
        if kwargs.get("pin_memory"):
            self._report()
            kwargs = {**kwargs, "pin_memory": False}
        return func(*args, **kwargs)


_OF_THE_GPU = frozenset({torch.Tensor.cuda, torch.Tensor.pin_memory})
"""Methods of a tensor that return it as it is where there is no GPU."""


def _networks(report: Callable[[], None]) -> None:
    """Networks stay where they are."""

    def module_cuda(self: torch.nn.Module, *_: Any, **__: Any) -> torch.nn.Module:
        report()
        return self

    plain_to = torch.nn.Module.to

    def module_to(self: torch.nn.Module, *args: Any, **kwargs: Any) -> torch.nn.Module:
        if (args and _is_gpu(args[0])) or _is_gpu(kwargs.get("device")):
            report()
            if len(args) + len(kwargs) == 1:  # as `module_cuda`: it is there
                return self
            args = (_CPU, *args[1:]) if args else args
            kwargs = {**kwargs, "device": _CPU} if "device" in kwargs else kwargs
        return plain_to(self, *args, **kwargs)

    torch.nn.Module.cuda = module_cuda  # type: ignore[assignment,method-assign]
    torch.nn.Module.to = module_to  # type: ignore[assignment,method-assign]


def _of_cpu(kind: Any) -> Any:
    """`torch.FloatTensor` for the name `torch.cuda.FloatTensor`."""
    return kind.replace("torch.cuda.", "torch.") if isinstance(kind, str) else kind


def _tensor_types(report: Callable[[], None]) -> None:
    """Types of tensors on the GPU are those of the CPU, as the default type too."""
    for kind in _KINDS:
        setattr(torch.cuda, f"{kind}Tensor", getattr(torch, f"{kind}Tensor"))
    set_plainly = torch.set_default_tensor_type

    def set_default_tensor_type(t: Any) -> None:
        if _of_cpu(t) != t:
            report()
        set_plainly(_of_cpu(t))

    torch.set_default_tensor_type = set_default_tensor_type


def _generators(report: Callable[[], None]) -> None:
    """A generator of random numbers for the GPU is one of the CPU."""
    plain = torch.Generator

    class _Kind(type):
        def __call__(cls, device: Any = _CPU) -> torch.Generator:
            if _is_gpu(device):
                report()
                device = _CPU
            return plain(device)

        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, plain)

    class Generator(metaclass=_Kind):
        __doc__ = plain.__doc__

    torch.Generator = Generator  # type: ignore[assignment,misc]


def _loading(report: Callable[[], None]) -> None:
    """Files that were saved on a GPU, or are asked for there, are loaded on the CPU."""
    plain_load = torch.load

    @functools.wraps(plain_load)
    def load(f: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.update(zip(("map_location", "pickle_module"), args, strict=False))
        where = kwargs.get("map_location")
        if _is_cuda(where) or (isinstance(where, dict) and any(map(_is_cuda, where.values()))):
            report()
            where = None
        kwargs["map_location"] = _CPU if where is None else where
        return plain_load(f, **kwargs)

    torch.load = load
