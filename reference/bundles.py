"""Bundles of weights and pictures, each a folder of one layout.

    root/torch/hub/checkpoints/resnet50-0676ba61.pth    pretrained ResNet-50 (TORCH_HOME=root/torch)
    root/files/imagenet_l2_3_0.pt                       robust ResNet-50, in Madry's lab's form
    root/files/WelshCorgi.jpeg                          the picture of every experiment
    root/files/imagenet_classes.txt                     1,000 class names
    root/bundle.json                                    name, version, in_features, digests

`studio` is drawn and trained by this project and needs no network; `studio-narrow` is the same at
an eighth of the width, for tests and previews; `imagenet` holds the real files (`assets` fetches
them).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from reference.bundle_files import (
    BUNDLE_FILES,
    CHECKPOINT,
    CLASSES,
    CORGI,
    FULL_IN_FEATURES,
    ROBUST_CHECKPOINT,
    read_record,
    sha256_of,
)
from reference.errors import AssetsMissing, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BUNDLE_NAMES = ("studio", "studio-narrow", "imagenet")
"""The bundles there are; the first is the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle that lies complete on disk."""

    name: str
    """One of `BUNDLE_NAMES`."""
    root: Path
    """Its folder."""
    in_features: int
    """Inputs of the network's last layer: 2048, or 256 for the narrow one."""
    width_divisor: int
    """By what the widths of ResNet-50 are divided: 1, or 8 for the narrow one."""

    @property
    def torch_home(self) -> Path:
        """What TORCH_HOME must be for `pretrained=True` to find the checkpoint."""
        return self.root / "torch"

    @property
    def checkpoint(self) -> Path:
        """The pretrained ResNet-50, as torchvision publishes it."""
        return self.root / CHECKPOINT

    @property
    def robust_checkpoint(self) -> Path:
        """The robust ResNet-50, as Madry's lab publishes it."""
        return self.root / ROBUST_CHECKPOINT

    @property
    def corgi(self) -> Path:
        """The picture that the experiments start from."""
        return self.root / CORGI

    @property
    def classes(self) -> Path:
        """The 1,000 class names."""
        return self.root / CLASSES


def cache_folder() -> Path:
    """Return the folder for bundles and results: PSET4_CACHE, or the user's cache folder."""
    override = os.environ.get("PSET4_CACHE")
    return Path(override) if override else platformdirs.user_cache_path("pset4-grader")


@contextmanager
def writing_to_cache() -> Iterator[None]:
    """Say which folder it was where the cache cannot be written to.

    Raises:
        ConfigError: what is done within raised an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{cache_folder()}: expected a folder that can be written to (the cache), found: "
            f"{error.strerror or error}; name another by the environment variable PSET4_CACHE"
        ) from error


def bundle_root(name: str) -> Path:
    """Return where a bundle lies, there or not.

    Raises:
        ConfigError: No bundle of this name.
    """
    if name not in BUNDLE_NAMES:
        raise ConfigError(f"bundle: expected one of {', '.join(BUNDLE_NAMES)}, found {name!r}.")
    return cache_folder() / "bundles" / name


def get_bundle(name: str = "studio") -> Bundle:
    """Return a bundle, ready for use; `studio` is installed on its first use.

    Raises:
        ConfigError: No bundle of this name, or the cache cannot be written to.
        AssetsMissing: The imagenet bundle has not been fetched, or files are missing or changed.
    """
    root = bundle_root(name)
    if name != "imagenet":
        from reference.studio.files import installed_version, version

        if installed_version(root) != version():
            from reference.studio.install import install  # torch, which takes seconds

            with writing_to_cache():
                install(root, width="narrow" if name == "studio-narrow" else "full")
    elif not (root / "bundle.json").is_file():
        raise AssetsMissing(
            f"The imagenet bundle is not in {root}: run `make assets` once with a network "
            f"connection, or take the built-in bundle (BUNDLE=studio)."
        )
    return open_bundle(root)


def open_bundle(root: Path) -> Bundle:
    """Open the bundle in a folder and compare every file with its recorded digest.

    Raises:
        AssetsMissing: A file is missing, or differs from what was recorded.
    """
    record = read_record(root)
    for path, entry in record["files"].items():
        _check_file(root / path, int(entry["size"]), str(entry["sha256"]))
    lacking = [path for path in BUNDLE_FILES if path not in record["files"]]
    if lacking:
        raise AssetsMissing(f"{root}/bundle.json: expected an entry for {lacking[0]}, found none.")
    in_features = int(record["in_features"])
    return Bundle(
        name=str(record["name"]),
        root=root,
        in_features=in_features,
        width_divisor=FULL_IN_FEATURES // in_features,
    )


def bundle_digests(bundle: Bundle) -> Mapping[str, str]:
    """Return the recorded sha256 of each file, by its path relative to the root."""
    files = read_record(bundle.root)["files"]
    return {path: str(entry["sha256"]) for path, entry in sorted(files.items())}


def bundle_version(bundle: Bundle) -> str:
    """Return the bundle's recorded version; another one means other weights or pictures."""
    return str(read_record(bundle.root)["version"])


def _check_file(path: Path, size: int, sha256: str) -> None:
    if not path.is_file():
        raise AssetsMissing(f"{path}: the bundle's file is missing; delete the bundle's folder.")
    found = path.stat().st_size
    if found != size:
        raise AssetsMissing(
            f"{path}: expected {size} bytes, found {found}; delete the bundle's folder, it is then "
            f"installed or fetched again."
        )
    if sha256_of(path) != sha256:
        raise AssetsMissing(
            f"{path}: the content no longer matches the digest that was recorded when it was "
            f"installed; delete the bundle's folder, it is then installed or fetched again."
        )
