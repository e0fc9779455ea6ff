"""From logits to probabilities and named classes (Problem 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reference.errors import ConfigError
from reference.run_records import TopClass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor

N_CLASSES = 1000
"""Number of ImageNet classes."""


def probabilities(logits: Tensor) -> Tensor:
    r"""Return the softmax over the classes: $p_i = e^{z_i} / \sum_j e^{z_j}$.

    Args:
        logits: Shape (N, C).

    Returns:
        Shape (N, C); each row sums to one.
    """
    return torch.softmax(logits, dim=1)


def log_probability(logits: Tensor, class_id: int) -> Tensor:
    r"""Return $\log p_c = z_c - \log\sum_j e^{z_j}$ of one class (the handout's objective, 4(a)).

    Args:
        logits: Shape (1, C).
        class_id: The class c.

    Returns:
        A scalar tensor, differentiable, at most 0.
    """
    return torch.log_softmax(logits, dim=1)[0, class_id]


def top_k(logits: Tensor, class_names: Sequence[str], k: int = 5) -> tuple[TopClass, ...]:
    """Name the k likeliest classes, likeliest first.

    Args:
        logits: Shape (1, C).
        class_names: C names, by class id.
        k: How many classes.

    Raises:
        ConfigError: The names do not match the logits.
    """
    if logits.shape != (1, len(class_names)):
        raise ConfigError(
            f"top_k: expected logits of shape (1, {len(class_names)}), one per class name, "
            f"found shape {tuple(logits.shape)}."
        )
    row = logits.detach()
    shares = probabilities(row)[0]
    ids = [int(i) for i in torch.topk(row[0], k).indices]
    return tuple(
        TopClass(
            class_id=i, name=class_names[i], logit=float(row[0, i]), probability=float(shares[i])
        )
        for i in ids
    )


def load_class_names(path: Path) -> tuple[str, ...]:
    """Read `imagenet_classes.txt` and return each class's last synonym, as the notebook shows it.

    Args:
        path: A text file of 1,000 lines; each holds the synonyms of a class parted by commas.

    Raises:
        ConfigError: The file is missing or does not have 1,000 lines.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: expected the list of class names, found no file.")
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    if len(lines) != N_CLASSES:
        raise ConfigError(f"{path}: expected {N_CLASSES} lines, one per class, found {len(lines)}.")
    return tuple(line.split(",")[-1].strip() for line in lines)
