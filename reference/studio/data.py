"""Data sets of drawings, and the random changes that training pictures go through."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from reference.studio.classes import CLASS_IDS, SIDE_PX, draw

HELD_OUT_SEED = 1_000_000
"""First seed of the drawings that no training sees (training counts from 0)."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """Pictures with their classes."""

    pixels: Tensor
    """(N, 3, 224, 224) uint8, RGB."""
    labels: Tensor
    """(N,) int64, ImageNet ids."""

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self.labels)


def _draw_few(task: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    cv2.setNumThreads(1)
    class_id, first_seed, count = task
    return np.stack([draw(class_id, first_seed + k) for k in range(count)])


def make_drawings(
    per_class: int,
    first_seed: int,
    *,
    workers: int = 2,
    on_done: Callable[[int], None] = lambda _count: None,
) -> Drawings:
    """Draw `per_class` pictures of every class with the seeds from `first_seed` on.

    Args:
        per_class: pictures of each class.
        first_seed: seed of the first; the next ones count up.
        workers: processes; 0 draws in this one.
        on_done: called with the number of pictures that have just been finished.
    """
    chunk = 25
    tasks = [
        (class_id, first_seed + k, min(chunk, per_class - k))
        for class_id in CLASS_IDS
        for k in range(0, per_class, chunk)
    ]
    pixels = np.empty((len(CLASS_IDS) * per_class, 3, SIDE_PX, SIDE_PX), np.uint8)
    at = 0

    def keep(pictures: npt.NDArray[np.uint8]) -> None:
        nonlocal at
        pixels[at : at + len(pictures)] = pictures.transpose(0, 3, 1, 2)
        at += len(pictures)
        on_done(len(pictures))

    if workers == 0:
        for task in tasks:
            keep(_draw_few(task))
    else:
        # Forking a process that runs torch threads can hang; a fresh one imports only NumPy and OpenCV.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            for pictures in pool.map(_draw_few, tasks):
                keep(pictures)
    labels = torch.tensor(CLASS_IDS).repeat_interleave(per_class)
    return Drawings(torch.from_numpy(pixels), labels)


def augment(pixels: Tensor, side_px: int, rng: torch.Generator) -> Tensor:
    """Mirror, crop, stretch, turn and relight a batch at random.

    Args:
        pixels: (N, 3, 224, 224) uint8.
        side_px: width and height of the result.
        rng: the source of all randomness.

    Returns:
        (N, 3, side_px, side_px) float32, pixels in [0, 1].
    """
    x = pixels.float() / 255
    if side_px < SIDE_PX:
        x = F.interpolate(x, (side_px, side_px), mode="area")
    n = len(x)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=rng)

    turn, zoom = uniform(-0.2, 0.2), uniform(0.8, 1.12)
    stretch = uniform(0.87, 1.15)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = turn.cos() * zoom * stretch * mirror, turn.sin() * zoom
    theta[:, 1, 0], theta[:, 1, 1] = -turn.sin() * zoom * mirror, turn.cos() * zoom / stretch
    theta[:, :, 2] = uniform(-0.12, 0.12, 2)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    gain = uniform(0.7, 1.25, 1, 1, 1) * uniform(0.92, 1.08, 3, 1, 1)
    x = x.sub_(0.5).mul_(uniform(0.75, 1.15, 1, 1, 1)).add_(0.5).mul_(gain)
    grey = x.mean(dim=1, keepdim=True)
    x = grey + (x - grey) * uniform(0.65, 1.25, 1, 1, 1)
    noise = torch.randn(x.shape, generator=rng) * uniform(0, 0.03, 1, 1, 1)
    return (x + noise).clamp_(0, 1).contiguous(memory_format=torch.channels_last)
