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

from reference.studio.classes import CLASS_IDS, SIDE_PX, draw

HELD_OUT_SEED = 1_000_000
"""First seed of the drawings that no training sees (training counts from 0)."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """Pictures with their classes."""

    pixels: Tensor
    """(N, 224, 224, 3) uint8, RGB."""
    labels: Tensor
    """(N,) int64, ImageNet ids."""

    def inputs(self, index: Tensor | slice) -> Tensor:
        """Return some pictures as (n, 3, 224, 224) float32, pixels in [0, 1]."""
        return self.pixels[index].float().div(255).permute(0, 3, 1, 2)

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
    pixels = np.empty((len(CLASS_IDS) * per_class, SIDE_PX, SIDE_PX, 3), np.uint8)
    at = 0

    def keep(pictures: npt.NDArray[np.uint8]) -> None:
        nonlocal at
        pixels[at : at + len(pictures)] = pictures
        at += len(pictures)
        on_done(len(pictures))

    if workers == 0:
        for task in tasks:
            keep(_draw_few(task))
    else:
        # Forking a process that runs torch threads can hang; a fresh one has none.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            for pictures in pool.map(_draw_few, tasks):
                keep(pictures)
    labels = torch.tensor(CLASS_IDS).repeat_interleave(per_class)
    return Drawings(torch.from_numpy(pixels), labels)


def augment(pixels: Tensor, side_px: int, rng: np.random.Generator) -> Tensor:
    """Mirror, crop, stretch, turn and relight a batch at random.

    OpenCV warps 8-bit pictures several times faster than torch samples float grids on a CPU, where
    this would otherwise take as long as the network.

    Args:
        pixels: (N, 224, 224, 3) uint8.
        side_px: width and height of the result.
        rng: the source of all randomness.

    Returns:
        (N, 3, side_px, side_px) float32 in channels-last order, pixels in [0, 1].
    """
    batch = np.empty((len(pixels), side_px, side_px, 3), np.float32)
    # One tile of noise, read from a random place for each picture.
    noise = rng.standard_normal((2 * side_px, 2 * side_px, 3), np.float32)
    for k, picture in enumerate(pixels.numpy()):
        warped = cv2.warpAffine(
            picture,
            _camera(rng, side_px),
            (side_px, side_px),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        y, x = rng.integers(side_px, size=2)
        grain = noise[y : y + side_px, x : x + side_px] * np.float32(rng.uniform(0, 0.03))
        batch[k] = cv2.transform(warped.astype(np.float32), _relighting(rng)) + grain
    np.clip(batch, 0, 1, out=batch)
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


def _camera(rng: np.random.Generator, side_px: int) -> npt.NDArray[np.float64]:
    """Return a random affine map from the stored picture to one of `side_px`: (2, 3)."""
    turn, stretch = rng.uniform(-0.2, 0.2), rng.uniform(0.87, 1.15)
    # Small pictures are also cut from larger ones, so that textures come at their full-size scale.
    zoom = rng.uniform(0.88, 1.2 + 0.6 * (1 - side_px / SIDE_PX)) * side_px / SIDE_PX
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    c, s = np.cos(turn) * zoom, np.sin(turn) * zoom
    linear = np.array([[c * stretch * mirror, -s / stretch], [s * stretch * mirror, c / stretch]])
    to = side_px * (0.5 + rng.uniform(-0.1, 0.1, 2))
    middle = np.array([SIDE_PX / 2, SIDE_PX / 2])
    return np.column_stack([linear, to - linear @ middle])


def _relighting(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return a random change of contrast, saturation, brightness and tint: (3, 4), to [0, 1]."""
    grey = np.full((3, 3), 1 / 3)
    saturation, contrast = rng.uniform(0.65, 1.25), rng.uniform(0.75, 1.15)
    gain = rng.uniform(0.7, 1.25) * rng.uniform(0.92, 1.08, (3, 1))
    linear = gain * contrast * (grey + saturation * (np.eye(3) - grey))
    offset = gain * (1 - contrast) / 2
    return np.hstack([linear / 255, offset]).astype(np.float32)
