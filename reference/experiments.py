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
from reference.specs import experiment_ids, group_names

if TYPE_CHECKING:
    from reference.bundles import Bundle
    from reference.laboratory import Listener, RunSettings


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
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as work:
        fresh = Path(work) / "new"
        with repeatable():
            Laboratory(bundle, settings, fresh, listen).run_group(group)
        if (folder / group).exists():
            shutil.rmtree(folder / group)
        (fresh / group).rename(folder / group)
    return load_expected(bundle.name, folder)


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
