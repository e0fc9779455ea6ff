"""The committed weights of the studio: two narrow state dicts.

The weights are kept at half precision, with which they were rated, so that each file is about
1.3 MB; the running statistics of batch normalisation stay at single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from reference.errors import GraderFault
from reference.studio.files import DATA, weights_path


def rounded(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Round filters and matrices to what half precision holds; the result is contiguous float32."""
    return {
        name: (value.half().float() if value.dim() > 1 else value.detach().clone()).contiguous()
        for name, value in state_dict.items()
    }


def save_weights(name: str, state_dict: Mapping[str, Tensor], folder: Path = DATA) -> Path:
    """Write a rounded state dict and return its path."""
    path = weights_path(name, folder)
    compact = {k: v.half() if v.dim() > 1 else v for k, v in state_dict.items()}
    torch.save(compact, path)
    return path


def load_weights(name: str, folder: Path = DATA) -> dict[str, Tensor]:
    """Read a narrow state dict, float32.

    Raises:
        GraderFault: the file is missing: the checkout is not complete.
    """
    path = weights_path(name, folder)
    if not path.is_file():
        raise GraderFault(
            f"{path.name}: expected the studio's weights, found no file: run `make zoo`."
        )
    stored = torch.load(path, weights_only=True)
    return {k: v.float() if v.dtype == torch.float16 else v for k, v in stored.items()}
