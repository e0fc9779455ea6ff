"""Pictures that a cheater could paste in: drawings that no network was trained on."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.studio.classes import draw

SEED = 987_654


def drawing_of(class_id: int) -> Tensor:
    """A drawing of a class, (1, 3, 224, 224), pixels in [0, 1]."""
    pixels = torch.from_numpy(draw(class_id, SEED).copy())
    return pixels.permute(2, 0, 1).unsqueeze(0).float() / 255
