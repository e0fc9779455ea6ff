"""Which gradients of the convolution would be right, given the student's own forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from grader.checks.credit import Share
from grader.checks.functions.conv_forward import Forward
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
NAME_OF: Mapping[Which, str] = {
    "input": "gradient with respect to the input",
    "kernel": "gradient with respect to the kernel",
}
"""In words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """Gradients that would be right."""

    words: str
    """Whose gradients they are."""
    gradients: Gradients
    """By case; cases for which there is nothing to compare with stay out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GradientCheck:
    """One of the two gradients and what it is compared with."""

    which: Which
    """Which of the two."""
    cases: tuple[ConvCase, ...]
    """The hidden cases."""
    targets: tuple[Target, ...]
    """Gradients that would be right."""
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


def targets_of(
    forward: Forward | None, cases: tuple[ConvCase, ...], which: Which
) -> tuple[Target, ...]:
    """Return the gradients that would be right: those of the own forward, where it is right."""
    if forward is not None and forward.convention is not None:
        words = f"your own forward pass ({forward.convention.describe(2)})"
        return (_by_convention(forward.convention, cases, which, words),)
    by_convention = tuple(
        _by_convention(c, cases, which, f"the {c.describe(2)}") for c in CONVENTIONS
    )
    if forward is None:
        return by_convention
    table = forward.to_input if which == "input" else forward.to_kernel
    own = {
        c.key: table[c.key].T @ np.array(c.grad_out)
        for c in cases
        if c.key in table and len(table[c.key]) == len(c.grad_out)
    }
    return (Target(words="your own forward pass", gradients=own), *by_convention)


def _by_convention(
    convention: Convention, cases: tuple[ConvCase, ...], which: Which, words: str
) -> Target:
    return Target(words=words, gradients={c.key: gradient_of(c, convention, which) for c in cases})


def gradient_of(case: ConvCase, convention: Convention, which: Which) -> Floats:
    """Return a case's gradient by a convention."""
    if which == "input":
        return conv.grad_input(case.grad_out, case.w, convention)
    return conv.grad_kernel(case.x, case.grad_out, len(case.w), convention)
