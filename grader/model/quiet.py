"""What libraries warn of is not for whoever sits at the terminal."""

from __future__ import annotations

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Let no library of this process, or of those that it starts, write warnings or logs.

    Not by a filter of warnings: libraries put filters of their own before it.
    """
    warnings.showwarning = _nowhere
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    logging.getLogger().addHandler(logging.NullHandler())


def _nowhere(*_: object, **__: object) -> None:
    """Stands in for `warnings.showwarning`."""
