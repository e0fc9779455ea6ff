"""What lies in a bundle's folder: names of its files, and the record of their digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from reference.errors import AssetsMissing

CHECKPOINT = "torch/hub/checkpoints/resnet50-0676ba61.pth"
ROBUST_CHECKPOINT = "files/imagenet_l2_3_0.pt"
CORGI = "files/WelshCorgi.jpeg"
CLASSES = "files/imagenet_classes.txt"
BUNDLE_FILES = (CHECKPOINT, ROBUST_CHECKPOINT, CORGI, CLASSES)
"""Paths of a bundle's files, relative to its root."""

FULL_IN_FEATURES = 2048
"""Inputs of the last layer of a full-size ResNet-50."""


def write_record(root: Path, *, name: str, version: str, in_features: int) -> None:
    """Write `bundle.json` with the digests of the files that now lie in `root`."""
    files = {
        path: {"sha256": sha256_of(root / path), "size": (root / path).stat().st_size}
        for path in BUNDLE_FILES
    }
    record = {"name": name, "version": version, "in_features": in_features, "files": files}
    part = root / "bundle.json.part"
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(root / "bundle.json")


def read_record(root: Path) -> dict[str, Any]:
    """Return the bundle's record, its fields checked.

    Raises:
        AssetsMissing: there is none, or it is damaged.
    """
    path = root / "bundle.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssetsMissing(f"{path}: expected a bundle's record, found no file.") from None
    except ValueError as error:
        raise AssetsMissing(f"{path}: expected JSON, found a damaged file; delete it.") from error
    wanted = {"name": str, "version": str, "in_features": int, "files": dict}
    if not isinstance(record, dict) or any(
        not isinstance(record.get(key), kind) for key, kind in wanted.items()
    ):
        raise AssetsMissing(f"{path}: expected {', '.join(wanted)}; delete the folder {root}.")
    return record


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
