"""Names that libraries had when the course's notebook was written, and have no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_NUMPY: dict[str, Any] = {
    "int": int, "float": float, "complex": complex, "object": object, "str": str, "unicode": str,
    "float_": np.float64, "complex_": np.complex128, "unicode_": np.str_, "string_": np.bytes_,
    "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf,
    "NaN": np.nan, "NAN": np.nan, "product": np.prod, "cumproduct": np.cumprod, "alltrue": np.all,
    "sometrue": np.any, "row_stack": np.vstack, "round_": np.round, "msort": np.sort,
}  # fmt: skip
"""numpy's names before 1.24 and 2.0."""


def install(told: Callable[[], None]) -> None:
    """Give the libraries' modules their old names back.

    Args:
        told: Called when one of them is used.
    """
    _fall_back(np, _NUMPY, told)
    from PIL import Image

    old = {"ANTIALIAS": Image.Resampling.LANCZOS, "LINEAR": Image.Resampling.BILINEAR}
    _fall_back(Image, old | {"CUBIC": Image.Resampling.BICUBIC}, told)


def _fall_back(module: Any, old: dict[str, Any], told: Callable[[], None]) -> None:
    """Look names up among the old ones where the module itself does not have them."""
    plain = getattr(module, "__getattr__", None)

    def look_up(name: str) -> Any:
        if name in old:
            told()
            return old[name]
        if plain is not None:
            return plain(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = look_up
