"""Which gradients of the convolution would be right, given the student's own forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np

from grader.checks.credit import Share
from grader.checks.functions.conv_forward import Forward
from grader.checks.functions.rounding import tells_too_little
from grader.planning.probes import ConvCase
from reference import conv
from reference.conv import CONVENTIONS, Convention
from reference.signals import Floats

FUNCTION = "conv1d_backward"

Which: TypeAlias = Literal["input", "kernel"]
Gradients: TypeAlias = dict[str, Floats]

CHECK_OF: Mapping[Which, str] = {"input": "conv_grad_input", "kernel": "conv_grad_kernel"}
"""Name of the check."""
PLACE_OF: Mapping[Which, int] = {"input": 0, "kernel": 1}
"""Place among the results of the function."""
OTHER: Mapping[Which, Which] = {"input": "kernel", "kernel": "input"}
"""The other of the two."""
NAME_OF: Mapping[Which, str] = {
    "input": "gradient with respect to the input",
    "kernel": "gradient with respect to the kernel",
}
"""In words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """Gradients of one forward pass, both of them."""

    words: str
    """Whose gradients they are."""
    to_input: Gradients
    """By case; cases for which there is nothing to compare with stay out."""
    to_kernel: Gradients
    """Likewise."""
    own: bool = False
    """Whether it is a forward of the student's that follows no convention."""

    def of(self, which: Which) -> Gradients:
        """Return one of the two."""
        return self.to_input if which == "input" else self.to_kernel


@dataclass(frozen=True, kw_only=True, eq=False)
class GradientCheck:
    """One of the two gradients and what it is compared with."""

    which: Which
    """Which of the two."""
    cases: tuple[ConvCase, ...]
    """The hidden cases, and the public ones."""
    targets: tuple[Target, ...]
    """Forward passes whose gradients would be right; the likeliest first."""
    forward: Forward | None
    """The student's own forward; None where there is none."""
    share: Share
    """What is left for an answer that is partly right."""

    @property
    def place(self) -> int:
        """Place within the function's results."""
        return PLACE_OF[self.which]

    @property
    def name(self) -> str:
        """In words."""
        return NAME_OF[self.which]

    def turned(self) -> GradientCheck:
        """Return the same for the other gradient."""
        return replace(self, which=OTHER[self.which])


def targets_of(forward: Forward | None, cases: tuple[ConvCase, ...]) -> tuple[Target, ...]:
    """Return the forwards whose gradients would be right: the own one, where it is right."""
    if forward is not None and forward.convention is not None:
        words = f"your own forward pass ({forward.convention.describe(2)})"
        return (_by_convention(forward.convention, cases, words),)
    conventions = tuple(_by_convention(c, cases, f"the {c.describe(2)}") for c in CONVENTIONS)
    if forward is None or not forward.is_layer:
        return conventions
    own = Target(
        words="your own forward pass",
        to_input=_adjoint(forward.to_input, cases),
        to_kernel=_adjoint(forward.to_kernel, cases),
        own=True,
    )
    telling = [c.key for c in cases if len(c.w) > 1 and c.key in own.to_input]
    tables = (own.to_input, own.to_kernel)
    faint = any(tells_too_little([table[key] for key in telling]) for table in tables)
    return (own, *conventions) if telling and not faint else conventions


def _adjoint(matrices: Mapping[str, Floats], cases: tuple[ConvCase, ...]) -> Gradients:
    return {
        c.key: matrices[c.key].T @ np.array(c.grad_out)
        for c in cases
        if c.key in matrices and len(matrices[c.key]) == len(c.grad_out)
    }


def _by_convention(convention: Convention, cases: tuple[ConvCase, ...], words: str) -> Target:
    return Target(
        words=words,
        to_input={c.key: gradient_of(c, convention, "input") for c in cases},
        to_kernel={c.key: gradient_of(c, convention, "kernel") for c in cases},
    )


@lru_cache(maxsize=4096)
def gradient_of(case: ConvCase, convention: Convention, which: Which) -> Floats:
    """Return a case's gradient by a convention, read-only (the same is asked for often)."""
    if which == "input":
        gradient = conv.grad_input(case.grad_out, case.w, convention)
    else:
        gradient = conv.grad_kernel(case.x, case.grad_out, len(case.w), convention)
    gradient.flags.writeable = False
    return gradient
