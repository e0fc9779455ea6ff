"""The committed files of the studio: two narrow state dicts and the drawn corgi.

The weights are kept at half precision, with which they were rated, so that each file is about
1.3 MB; the running statistics of batch normalisation stay at single precision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from reference.errors import GraderFault

DATA = Path(__file__).parent / "data"
"""Folder of the committed files."""

NETWORKS = ("standard", "robust")
"""The two networks, each `<name>.pt` in `DATA`."""

CORGI_JPEG = DATA / "WelshCorgi.jpeg"
"""The drawing that every experiment starts from."""


def weights_path(name: str, folder: Path = DATA) -> Path:
    """Return where a network's narrow state dict lies."""
    return folder / f"{name}.pt"


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


def version() -> str:
    """Return a digest of the committed files: it changes whenever one of them does."""
    digest = hashlib.sha256()
    for path in (*(weights_path(name) for name in NETWORKS), CORGI_JPEG):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
