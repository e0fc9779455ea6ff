"""Runs every experiment of the problem set with the notebook's settings: `make reference`.

`specs` says what is run; `run_experiments` runs it on one bundle and writes the folder that
`expected.load_expected` reads; `add_group` puts one group of experiments into such a folder.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from reference.bundles import bundle_version
from reference.device import repeatable
from reference.errors import AssetsMissing, ConfigError
from reference.expected import Expected, load_expected
from reference.laboratory import Laboratory
from reference.specs import SPECS, experiment_ids, group_names, group_of

if TYPE_CHECKING:
    from reference.bundles import Bundle
    from reference.laboratory import Listener, RunSettings
    from reference.specs import Spec


def run_experiments(
    bundle: Bundle, folder: Path, settings: RunSettings, listen: Listener | None = None
) -> Expected:
    """Run the experiments and write the folder of expected outputs, all of it or nothing.

    Args:
        bundle: Weights and pictures.
        folder: Where to write; an earlier result there is replaced.
        settings: Device, seed, number of steps.
        listen: Called with an experiment's id, steps done and steps in all.

    Raises:
        ConfigError: `folder` holds something else, or an id is unknown.
    """
    unknown = set(settings.only) - set(experiment_ids())
    if unknown:
        raise ConfigError(
            f"experiment: expected one of {', '.join(experiment_ids())}, found {min(unknown)!r}."
        )
    _check_target(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
        fresh = Path(work) / "new"
        with repeatable():
            Laboratory(bundle, settings, fresh, listen).run()
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    return load_expected(bundle.name, folder)


def add_group(
    bundle: Bundle, folder: Path, group: str, settings: RunSettings, listen: Listener | None = None
) -> Expected:
    """Run one group's experiments and put them into a folder of expected outputs, untouched else.

    Args:
        bundle: Weights and pictures, those of the folder's other experiments.
        folder: What `run_experiments` wrote; an earlier result of the group is replaced.
        group: A name of `specs.group_names`.
        settings: Device, seed, number of steps; `only` says nothing here.
        listen: As in `run_experiments`.

    Raises:
        ConfigError, AssetsMissing: As `check_group` does.
    """
    check_group(bundle, folder, group)
    specs = tuple(spec for spec in SPECS if group_of(spec.id) == group)
    add_experiments(bundle, folder / group, specs, settings, listen)
    return load_expected(bundle.name, folder)


def add_experiments(
    bundle: Bundle,
    target: Path,
    specs: tuple[Spec, ...],
    settings: RunSettings,
    listen: Listener | None = None,
) -> None:
    """Run some experiments of one group and write them, with a manifest, into a folder.

    Args:
        bundle: Weights and pictures.
        target: Folder of the group; an earlier result there is replaced.
        specs: At least one; all of one group.
        settings: Device, seed, number of steps; `only` says nothing here.
        listen: As in `run_experiments`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as work:
        fresh = Path(work) / "new"
        with repeatable():
            Laboratory(bundle, settings, fresh, listen).run_group(specs)
        if target.exists():
            shutil.rmtree(target)
        (fresh / group_of(specs[0].id)).rename(target)


def check_group(bundle: Bundle, folder: Path, group: str) -> None:
    """Make sure that `add_group` can begin.

    Raises:
        ConfigError: There is no such group.
        AssetsMissing: `folder` does not hold expected outputs of this bundle.
    """
    if group not in group_names():
        raise ConfigError(f"group: expected one of {', '.join(group_names())}, found {group!r}.")
    found = load_expected(bundle.name, folder).manifest.bundle_version
    if found != bundle_version(bundle):
        raise AssetsMissing(
            f"{folder}: expected outputs of version {bundle_version(bundle)} of the bundle, "
            f"found {found}; run `make reference BUNDLE={bundle.name}` first."
        )


def _check_target(folder: Path) -> None:
    is_ours = (folder / "manifest.json").is_file()
    if folder.exists() and not is_ours and (folder.is_file() or any(folder.iterdir())):
        raise ConfigError(
            f"{folder}: expected an empty place or earlier expected outputs, found other files; "
            f"choose another folder."
        )
