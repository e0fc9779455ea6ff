"""The conventions of a convolution layer that are right."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from authoring.reference_pages.markdown import code, page, table
from reference.conv import forward
from reference.convention import CONVENTIONS, Convention

SIGNAL = (1.0, 2.0, 3.0, 4.0, 5.0)
ODD = (1.0, 0.0, -1.0)
EVEN = (1.0, 2.0)


def conventions_page() -> str:
    """Return the page: each convention with what it makes of two small examples."""
    pieces: list[str] = []
    for operation, group in groupby(CONVENTIONS, key=lambda one: one.operation):
        pieces.append(f"## {operation.capitalize()}")
        pieces.append(
            table(
                ("outside of the signal", "center of an even kernel", "odd kernel", "even kernel"),
                (
                    (
                        one.padded,
                        code("(k - 1) // 2" if one.anchor == "left" else "k // 2"),
                        code(_shown(ODD, one)),
                        code(_shown(EVEN, one)),
                    )
                    for one in group
                ),
            )
        )
    return page(
        "Accepted conventions",
        "`reference/convention.py`",
        f"Any of these {len(CONVENTIONS)} conventions of a convolution layer is right, and the "
        "handout asks students to say which is theirs. The forward pass must be one of them, for "
        "odd kernels at the least. The backward pass must be the exact adjoint of the student's "
        "own forward pass. For an odd kernel the two centers are the same. A consistent one whose "
        "kernel lies on one side of the output's position waits for a person.",
        f"The outputs are those for the signal {code(_numbers(SIGNAL))} and the kernels "
        f"{code(_numbers(ODD))} and {code(_numbers(EVEN))}.",
        *pieces,
    )


def _shown(kernel: tuple[float, ...], convention: Convention) -> str:
    return _numbers(forward(np.array(SIGNAL), np.array(kernel), convention))


def _numbers(values: tuple[float, ...] | np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in values)
