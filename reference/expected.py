"""The expected outputs of every experiment: their records, and where they lie.

Those of `studio` are committed beside this module; those of `imagenet` are written into the cache
by `make reference BUNDLE=imagenet`. A folder holds

    manifest.json       versions, device, seeds, digests of the bundle and of all files below
    predictions.json    Problem 2: in_features, top classes
    <id>.json           one experiment: settings, results, trace
    <id>.png            its last image, 8 bits
    <id>-logits.npy     float32, shape (1, 1000): 2(c), and after each attack
    corgi.png           the start of the attacks, as prepared
    4d-side-by-side.jpeg plain images of 4(d) above, Distill's way below
    <group>/            what another offering adds: experiments, with a manifest of their own

What an offering of one's own adds lies in the cache (`added_folder`), with the offering's name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from reference.bundle_files import sha256_of
from reference.bundles import BUNDLE_NAMES, cache_folder
from reference.errors import AssetsMissing, ConfigError
from reference.run_records import StepConfig, TopClass, TraceStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

FORMAT_VERSION = 1
"""Of the folder's layout; a reader takes no other."""

COMMITTED = Path(__file__).parent / "expected_data"
"""Expected outputs that are part of the repository."""

NARROW_IN_FEATURES = 256
"""Inputs of the last layer of the `studio-narrow` bundle."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Where the expected outputs come from."""

    format_version: int
    """`FORMAT_VERSION` of the writer."""
    bundle_name: str
    """Name of the bundle."""
    bundle_version: str
    """Its version: other weights, other version."""
    bundle_files: dict[str, str]
    """sha256 of the bundle's files, by path."""
    versions: dict[str, str]
    """Versions of Python and of the libraries that decide the numbers."""
    device: str
    """What it ran on."""
    seeds: dict[str, int]
    """Every seed, by purpose."""
    width: str
    """`full`: the bundle's own networks; `narrow`: the studio's, with the same logits."""
    n_steps: int
    """Steps of each experiment of Problem 4."""
    files: dict[str, str]
    """sha256 of the other files of the folder, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsResult:
    """Problem 2."""

    in_features: int
    """2(a)."""
    random_seed: int
    """Seed of the random network of 2(b)."""
    random_top5: tuple[TopClass, ...]
    """2(b): likeliest first."""
    pretrained_top5: tuple[TopClass, ...]
    """2(c): likeliest first."""
    robust_top5: tuple[TopClass, ...]
    """The robust network on the same picture, before 4(e)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackResult:
    """One targeted attack: 4(a), 4(b), 4(e), 4(f)."""

    id: str
    """`4a`, `4b`, `4e`, `4f-145`, ..."""
    network: str
    """`pretrained` or `robust`."""
    target: int
    """Class id."""
    target_name: str
    """Short class name."""
    step: StepConfig
    """Space, step size, ball and scaling."""
    n_steps: int
    """Number of steps."""
    log_p_before: float
    """Natural logarithm of the target's probability at the start."""
    log_p_after: float
    """The same at the last image."""
    log_p_picture: float
    """The same at the 8-bit picture `image`, which rounding has moved a little."""
    distance_l2: float
    """l2 distance from the start to the last image, in the space of `step`."""
    top5_before: tuple[TopClass, ...]
    """Likeliest classes of the start."""
    top5_after: tuple[TopClass, ...]
    """Likeliest classes of the last image."""
    image: str
    """File name of the last image."""
    logits: str
    """File name of the logits of the last image."""
    trace: tuple[TraceStep, ...]
    """n_steps + 1 entries, the start first."""

    @property
    def p_before(self) -> float:
        """Probability of the target at the start."""
        return math.exp(self.log_p_before)

    @property
    def p_after(self) -> float:
        """Probability of the target at the last image."""
        return math.exp(self.log_p_after)

    @property
    def log_gain(self) -> float:
        """Rise of the target's log-probability, in nats: what a submission is compared with."""
        return self.log_p_after - self.log_p_before


@dataclass(frozen=True, slots=True, kw_only=True)
class DreamResult:
    """One image that excites a layer or a channel, 4(d)."""

    id: str
    """`4d-layer1`, ..., `4d-layer3-channel`, with `-distill` for Distill's way."""
    style: str
    """`plain`: the handout's; `distill`: transformations and decorrelated parameters."""
    layer: str
    """torchvision's name of the layer."""
    channel: int | None
    """Index of the channel; None: the whole layer."""
    objective: str
    """What was climbed, in words."""
    start_seed: int
    """Seed of the random start (see `dream.random_start`, `visualise`)."""
    step: StepConfig | None
    """Settings of the plain way's steps; None: Distill's way, `VisualiseConfig`'s defaults."""
    n_steps: int
    """Number of steps."""
    value_before: float
    """Objective at the start."""
    value_after: float
    """Objective at the last image."""
    image: str
    """File name of the last image."""
    objectives: tuple[float, ...]
    """Objective after 0 ... n_steps steps."""
    trace: tuple[TraceStep, ...]
    """n_steps + 1 entries; empty for Distill's way."""

    @property
    def gain(self) -> float:
        """By what factor the objective rose."""
        return self.value_after / self.value_before


@dataclass(frozen=True, slots=True, kw_only=True)
class InversionResult:
    """One random image that was led to the corgi's features, 4(d) of 2022."""

    id: str
    """`sp22/inversion-pretrained-layer1`, ..."""
    network: str
    """`pretrained` or `robust`."""
    layer: str
    """torchvision's name of the layer."""
    start_seed: int
    """Seed of the random start (see `dream.random_start`)."""
    step: StepConfig
    """Settings of the steps; the corgi was fed in their space."""
    n_steps: int
    """Number of steps."""
    distances: tuple[float, ...]
    """l2 distance of the layer's output to that for the corgi after 0 ... n_steps steps."""
    image: str
    """File name of the last image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """All expected outputs of one bundle."""

    bundle_name: str
    """The bundle asked for."""
    in_features: int
    """2(a) for that bundle."""
    folder: Path
    """Where the files lie."""
    manifest: Manifest
    """Where they come from."""
    predictions: PredictionsResult
    """Problem 2."""
    attacks: tuple[AttackResult, ...]
    """4(a), 4(b), 4(e), 4(f), in this order, then those of the groups."""
    dreams: tuple[DreamResult, ...]
    """4(d)."""
    inversions: tuple[InversionResult, ...] = ()
    """4(d) of the groups that ask for it."""
    added: Path | None = None
    """Where the files of groups in the cache lie; None where there is no such place."""

    def attack(self, attack_id: str) -> AttackResult:
        """Return an attack by its id.

        Raises:
            ConfigError: There is none.
        """
        return _by_id(self.attacks, attack_id)

    def dream(self, dream_id: str) -> DreamResult:
        """Return a dream by its id.

        Raises:
            ConfigError: There is none.
        """
        return _by_id(self.dreams, dream_id)

    def path(self, name: str) -> Path:
        """Return where a file lies, by its name below the folder or below `added`."""
        path = self.folder / name
        return path if self.added is None or path.exists() else self.added / name

    def logits(self, name: str) -> NDArray[np.float32]:
        """Read logits, float32 of shape (1, 1000), by file name (`2c-logits.npy`)."""
        array: NDArray[np.float32] = np.load(self.path(name), allow_pickle=False)
        return array


def expected_folder(bundle_name: str) -> Path:
    """Return where the expected outputs of a bundle lie, there or not.

    Raises:
        ConfigError: No bundle of this name.
    """
    if bundle_name not in BUNDLE_NAMES:
        raise ConfigError(
            f"bundle: expected one of {', '.join(BUNDLE_NAMES)}, found {bundle_name!r}."
        )
    if bundle_name == "imagenet":
        return cache_folder() / "expected" / "imagenet"
    return COMMITTED / "studio"  # the narrow bundle has the same logits within 1e-4


def added_folder(bundle_name: str) -> Path:
    """Return where groups that offerings add lie, there or not: in the cache."""
    family = "imagenet" if bundle_name == "imagenet" else "studio"
    return cache_folder() / "expected" / family


def load_expected(bundle_name: str = "studio", folder: Path | None = None) -> Expected:
    """Read the expected outputs of a bundle and compare every file with its digest.

    Args:
        bundle_name: `studio`, `studio-narrow` (the same but for `in_features`) or `imagenet`.
        folder: Where to read; default `expected_folder(bundle_name)` and, for what offerings add,
            `added_folder(bundle_name)`.

    Raises:
        AssetsMissing: There are none, or files are missing, changed or of another format.
    """
    added = added_folder(bundle_name) if folder is None else None
    folder = expected_folder(bundle_name) if folder is None else folder
    manifest = _checked_manifest(folder, bundle_name)
    groups = {
        path.parent: _checked_manifest(path.parent, bundle_name)
        for path in sorted(folder.glob("*/manifest.json"))
    }
    for path, found in groups.items():
        if found.bundle_version != manifest.bundle_version:
            raise AssetsMissing(
                f"{path}: expected outputs of version {manifest.bundle_version} of the bundle, "
                f"found {found.bundle_version}; run `make reference BUNDLE={bundle_name}` again."
            )
    if added is not None and added != folder:
        groups |= _added_groups(added, bundle_name, manifest.bundle_version)
    predictions = _read(PredictionsResult, folder / "predictions.json")
    narrow = bundle_name == "studio-narrow"
    all_files = {folder: manifest, **groups}
    return Expected(
        bundle_name=bundle_name,
        in_features=NARROW_IN_FEATURES if narrow else predictions.in_features,
        folder=folder,
        manifest=manifest,
        predictions=predictions,
        attacks=_read_all(AttackResult, all_files, ("4a", "4b", "4e", "4f", "attack")),
        dreams=_read_all(DreamResult, all_files, ("4d",)),
        inversions=_read_all(InversionResult, all_files, ("inversion",)),
        added=added,
    )


def _added_groups(added: Path, bundle_name: str, version: str) -> dict[Path, Manifest]:
    """Read the manifests of what offerings added; what is of another version is not there."""
    found = {
        path.parent: _checked_manifest(path.parent, bundle_name, _add_again(path.parent))
        for path in sorted(added.glob("*/manifest.json"))
    }
    return {path: one for path, one in found.items() if one.bundle_version == version}


def _add_again(folder: Path) -> str:
    """What to do about outputs of an offering: running all experiments anew would not add them."""
    return (
        f"take the folder {folder} away, and run `.venv/bin/python -m reference "
        f"add-offering {folder.name}` again"
    )


def _checked_manifest(folder: Path, bundle_name: str, advice: str = "") -> Manifest:
    """Read a manifest and compare every file with its digest; `advice` says how to mend it."""
    again = advice or f"run `make reference BUNDLE={bundle_name}` again"
    if not (folder / "manifest.json").is_file():
        raise AssetsMissing(
            f"{folder}: no expected outputs of the {bundle_name} bundle; "
            f"run `make reference BUNDLE={bundle_name}` once."
        )
    manifest = _read(Manifest, folder / "manifest.json")
    if manifest.format_version != FORMAT_VERSION:
        raise AssetsMissing(
            f"{folder}: expected outputs of format {FORMAT_VERSION}, found "
            f"{manifest.format_version}; {again}."
        )
    for name, sha256 in manifest.files.items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != sha256:
            raise AssetsMissing(f"{path}: missing, or changed since it was written; {again}.")
    return manifest


def write_json(record: object, path: Path) -> None:
    """Write one of this module's records, in one line: the traces are long."""
    content = TypeAdapter(type(record)).dump_json(record)
    path.write_bytes(content + b"\n")


def _read(kind: type[T], path: Path) -> T:
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise AssetsMissing(
            f"{path}: {where}: {first['msg']}; run `make reference` again."
        ) from error


def _read_all(
    kind: type[T], manifests: Mapping[Path, Manifest], parts: tuple[str, ...]
) -> tuple[T, ...]:
    """Read the results whose file names begin with one of `parts`, folder by folder."""
    return tuple(
        _read(kind, folder / name)
        for folder, manifest in manifests.items()
        for name in sorted(manifest.files)
        if name.endswith(".json") and name.startswith(parts)
    )


def _by_id(results: tuple[T, ...], wanted: str) -> T:
    by_id = {str(getattr(result, "id", "")): result for result in results}
    if wanted not in by_id:
        raise ConfigError(f"experiment: expected one of {', '.join(by_id)}, found {wanted!r}.")
    return by_id[wanted]
