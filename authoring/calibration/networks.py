"""Rounding of the trusted networks: logits, probabilities and the gradient to the image.

The truth is the same network in float64. On a GPU, convolutions may round their inputs to TF32 (ten
bits of mantissa); that is emulated here on any machine, so that the table does not depend on one.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from grader.checks.calibration import SCALES, Errors
from reference.run_records import Space

LOWEST_BITS = 13
"""Bits of float32's mantissa (23) that TF32 (10) does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to run a float32 network."""

    name: str
    """For the table."""
    threads: int = 1
    """CPU threads."""
    channels_last: bool = False
    """Memory format of images and weights."""
    onednn: bool = True
    """Whether convolutions may use oneDNN; without it they are matrix products."""
    emulated_tf32: bool = False
    """Whether convolutions round their inputs as TF32 does."""
    device: str = "cpu"
    """`cpu` or `cuda`."""
    tf32: bool = False
    """Whether the device may use TF32."""


CPU = (
    Setting(name="1 thread"),
    Setting(name="2 threads", threads=2),
    Setting(name="channels last", channels_last=True),
    Setting(name="without oneDNN", onednn=False),
    Setting(name="TF32, emulated", emulated_tf32=True),
)
"""Measured everywhere."""

GPU = (
    Setting(name="GPU", device="cuda"),
    Setting(name="GPU, channels last", device="cuda", channels_last=True),
    Setting(name="GPU, TF32", device="cuda", tf32=True),
)
"""Measured where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outputs:
    """What a network makes of some images, as float64 on the CPU."""

    logits: Tensor
    """(B, 1000)."""
    log_probabilities: Tensor
    """(B,), of the target, in nats."""
    top: Tensor
    """(B,), probability of the class that is likeliest in the truth's eyes."""
    gradients: Tensor
    """(B, 3 H W), of the target's log-probability to the image."""


def settings() -> tuple[Setting, ...]:
    """Return the settings that this machine can run."""
    return (*CPU, *GPU) if torch.cuda.is_available() else CPU


def truth_of(network: nn.Module, images: Tensor, target: int) -> Outputs:
    """Run a network in float64."""
    exact = copy.deepcopy(network).double()
    logits, gradients = _run(exact, images.double(), target)
    return _outputs(logits, gradients, target, logits.argmax(dim=1))


def outputs_of(
    network: nn.Module, images: Tensor, target: int, setting: Setting, truth: Outputs
) -> Outputs:
    """Run a network in float32 in some setting; `truth` says which class's probability is `top`."""
    likeliest = truth.logits.argmax(dim=1)
    with _as_set(setting):
        moved = prepared(network, setting)
        shown = images.float().to(setting.device)
        if setting.channels_last:
            shown = shown.contiguous(memory_format=torch.channels_last)
        logits, gradients = _run(moved, shown, target)
    return _outputs(logits, gradients, target, likeliest)


def errors_of(found: Outputs, truth: Outputs) -> dict[str, float]:
    """Return the greatest error of each quantity, in its scale."""
    pairs = {
        "logits": (found.logits, truth.logits),
        "log_probability": (found.log_probabilities, truth.log_probabilities),
        "probability_top": (found.top, truth.top),
        "gradient_direction": (cosines(found.gradients, truth.gradients), torch.ones(1)),
    }
    return {
        quantity: SCALES[quantity].error(a.numpy(), b.expand_as(a).numpy())
        for quantity, (a, b) in pairs.items()
    }


def network_errors(
    network: nn.Module, images: Tensor, target: int, tried: tuple[Setting, ...]
) -> dict[str, Errors]:
    """Return, for each quantity, the greatest error of each setting."""
    truth = truth_of(network, images, target)
    found: dict[str, Errors] = {}
    for setting in tried:
        outputs = outputs_of(network, images, target, setting, truth)
        for quantity, error in errors_of(outputs, truth).items():
            found.setdefault(quantity, {})[setting.name] = error
    return found


def full_size_errors(
    full: nn.Module, narrow: nn.Module, images: Tensor, target: int
) -> dict[str, Errors]:
    """Compare the full-size network that a notebook runs with the narrow one that judges it."""
    truth = truth_of(narrow, images, target)
    found = outputs_of(full, images, target, CPU[0], truth)
    return {quantity: {"full size": error} for quantity, error in errors_of(found, truth).items()}


def random_images(seed: int, count: int, side_px: int, space: Space) -> Tensor:
    """Draw images as the hidden probe image (normalised space) or 4(d)'s start (pixels) are drawn.

    Returns:
        float32, shape (count, 3, side_px, side_px).
    """
    generator = torch.Generator().manual_seed(seed)
    shape = (count, 3, side_px, side_px)
    if space is Space.PIXELS:
        return torch.rand(shape, generator=generator)
    return torch.randn(shape, generator=generator)


def cosines(a: Tensor, b: Tensor) -> Tensor:
    """Return the cosines of the rows of two matrices, in float64."""
    a, b = a.double(), b.double()
    products: Tensor = (a * b).sum(dim=1) / (a.norm(dim=1) * b.norm(dim=1))
    return products


def prepared(network: nn.Module, setting: Setting) -> nn.Module:
    """Return a copy of a network for a setting."""
    moved = copy.deepcopy(network).to(setting.device)
    if setting.channels_last:
        moved = moved.to(memory_format=torch.channels_last)
    if setting.emulated_tf32:
        for module in moved.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.data = rounded_to_tf32(module.weight.data)
                module.register_forward_pre_hook(_round_inputs)
                module.register_forward_hook(_round_gradients)
    return moved


def rounded_to_tf32(x: Tensor) -> Tensor:
    """Round float32 to TF32's ten bits of mantissa, to the nearest."""
    half = 1 << (LOWEST_BITS - 1)
    bits = x.contiguous().view(torch.int32)
    return ((bits + half) >> LOWEST_BITS << LOWEST_BITS).view(torch.float32)


def _round_inputs(_: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Forward rounds; backward lets the gradient pass."""
    (x,) = arguments
    return (x + (rounded_to_tf32(x.detach()) - x.detach()),)


def _round_gradients(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
    if output.requires_grad:
        output.register_hook(rounded_to_tf32)  # type: ignore[no-untyped-call]


def _run(network: nn.Module, images: Tensor, target: int) -> tuple[Tensor, Tensor]:
    leaf = images.detach().requires_grad_(True)
    logits = network(leaf)
    objective = torch.log_softmax(logits, dim=1)[:, target].sum()
    (gradient,) = torch.autograd.grad(objective, leaf)
    return logits.detach().cpu(), gradient.cpu()


def _outputs(logits: Tensor, gradients: Tensor, target: int, likeliest: Tensor) -> Outputs:
    """Take logits apart in their own arithmetic."""
    probabilities = torch.softmax(logits, dim=1)
    return Outputs(
        logits=logits.double(),
        log_probabilities=torch.log_softmax(logits, dim=1)[:, target].double(),
        top=probabilities.gather(1, likeliest.view(-1, 1))[:, 0].double(),
        gradients=gradients.flatten(1).double(),
    )


@contextlib.contextmanager
def _as_set(setting: Setting) -> Iterator[None]:
    """Hold the library's global settings for the block."""
    cudnn, threads = torch.backends.cudnn, torch.get_num_threads()
    onednn: Any = torch.backends.mkldnn  # its attributes are typed as what they read from
    before = (cudnn.allow_tf32, onednn.enabled)
    torch.set_num_threads(setting.threads)
    cudnn.allow_tf32, onednn.enabled = setting.tf32, setting.onednn
    try:
        yield
    finally:
        cudnn.allow_tf32, onednn.enabled = before
        torch.set_num_threads(threads)
