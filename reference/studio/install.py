"""Writes the studio's networks in the files and forms that the course's notebook loads."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torchvision.models import ResNet50_Weights

from reference.bundle_files import CHECKPOINT, CLASSES, CORGI, ROBUST_CHECKPOINT, write_record
from reference.studio.files import CORGI_JPEG, installed_version, version
from reference.studio.narrow import widen
from reference.studio.train import MEAN, STD
from reference.studio.weights import load_weights

Width = Literal["full", "narrow"]


def install(root: Path, *, width: Width = "full") -> None:
    """Write the studio bundle into the folder `root`, all of it or nothing.

    A folder that already holds this version is left alone; one with another version is replaced.

    Args:
        root: the bundle's folder; its parent is made where it lacks.
        width: "full" pads to ResNet-50's shapes (2 x 100 MB), "narrow" keeps 1/8 of the widths.

    Raises:
        ConfigError: `root` is a file, or a folder that holds something else.
        GraderFault: the committed weights are missing.
    """
    wanted = version()
    if installed_version(root) == wanted:
        return
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{root.name}-", dir=root.parent) as work:
        fresh = Path(work) / "new"
        _write(fresh, width)
        write_record(
            fresh,
            name="studio" if width == "full" else "studio-narrow",
            version=wanted,
            in_features=2048 if width == "full" else 256,
        )
        if installed_version(root) is not None:
            root.rename(Path(work) / "old")
        try:
            # Succeeds over nothing and over an empty folder, never over files.
            fresh.rename(root)
        except OSError:
            # Another process may have been faster.
            if installed_version(root) != wanted:
                raise


def _write(root: Path, width: Width) -> None:
    for path in (CHECKPOINT, ROBUST_CHECKPOINT, CORGI, CLASSES):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    torch.save(_sized(load_weights("standard"), width), root / CHECKPOINT)
    torch.save(madry_form(_sized(load_weights("robust"), width)), root / ROBUST_CHECKPOINT)
    shutil.copyfile(CORGI_JPEG, root / CORGI)
    names = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    (root / CLASSES).write_text("\n".join(names) + "\n", encoding="utf-8")
    for path in (CHECKPOINT, ROBUST_CHECKPOINT):
        _flush(root / path)


def _sized(state_dict: dict[str, Tensor], width: Width) -> dict[str, Tensor]:
    return widen(state_dict) if width == "full" else state_dict


def _flush(path: Path) -> None:
    """Have the file on disk before the rename that makes it visible."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def madry_form(state_dict: Mapping[str, Tensor]) -> dict[str, object]:
    """Arrange a state dict as Madry's lab's robustness library saves a training run.

    The network appears twice, as the model and inside the attacker, over the same storage. There
    are only tensors and plain containers, so that `torch.load` reads it with its safe default.

    Args:
        state_dict: of a ResNet-50.

    Returns:
        `{"model": {"module.model.…", "module.attacker.model.…", normalisers}, "optimizer", …}`.
    """
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    model: dict[str, Tensor] = {
        "module.normalizer.new_mean": mean,
        "module.normalizer.new_std": std,
    }
    model.update({f"module.model.{name}": value for name, value in state_dict.items()})
    model["module.attacker.normalize.new_mean"] = mean
    model["module.attacker.normalize.new_std"] = std
    model.update({f"module.attacker.model.{name}": value for name, value in state_dict.items()})
    group = {"lr": 0.0, "momentum": 0.9, "dampening": 0, "weight_decay": 1e-4, "nesterov": False}
    return {
        "model": model,
        "optimizer": {"state": {}, "param_groups": [{**group, "params": []}]},
        "schedule": {"last_epoch": 0},
        "epoch": 0,
        "amp": None,
    }
