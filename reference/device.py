"""The device of a run and what makes it repeatable."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import torch

from reference.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

DEVICE_NAMES = ("auto", "cpu", "cuda")
"""What a person may ask for."""


def choose_device(name: str = "auto") -> torch.device:
    """Turn a wish into a device: `auto` takes the GPU where there is one.

    Raises:
        ConfigError: Unknown name, or `cuda` on a machine without a usable GPU.
    """
    if name not in DEVICE_NAMES:
        raise ConfigError(f"device: expected one of {', '.join(DEVICE_NAMES)}, found {name!r}.")
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise ConfigError(
            "device: cuda was asked for, but torch finds no usable GPU; take cpu or auto."
        )
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def describe_device(device: torch.device) -> str:
    """Name the device for a manifest, for example `cpu (2 threads)`."""
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({torch.get_num_threads()} threads)"


@contextlib.contextmanager
def repeatable() -> Iterator[None]:
    """Ask cuDNN for the same algorithm each time, and for full float32, within the block.

    Two runs on one machine then give equal numbers; different machines still differ by rounding.
    """
    cudnn = torch.backends.cudnn
    before = (cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32)
    cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = True, False, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark, cudnn.allow_tf32 = before
