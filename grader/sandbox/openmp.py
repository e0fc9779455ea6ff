"""How long OpenMP's threads spin while they wait for each other."""

from __future__ import annotations

import os

SPINNING = {"GOMP_SPINCOUNT": "20000"}
"""Threads that spin for long slow each other down ten-fold where the cores are shared; threads that
never spin are a third slower where they are not."""


def spin_briefly() -> None:
    """Set it for this process and its children unless it is set; call it before torch is there."""
    for name, value in SPINNING.items():
        os.environ.setdefault(name, value)
