"""The reference on the command line: `python -m reference run`, `add` and `assets`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from reference.assets import fetch_bundle
from reference.bundles import bundle_root, get_bundle
from reference.device import choose_device
from reference.errors import ConfigError, PsetError
from reference.expected import Expected, added_folder, expected_folder, load_expected
from reference.experiments import add_group, check_group, run_experiments
from reference.laboratory import RunSettings
from reference.offerings import add_offering, lacking, specs_of
from reference.specs import experiment_ids, group_of
from reference.terminal import spell_out

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

_console = Console(stderr=True)


class _Bars:
    """One bar per name, made when the name is first heard of."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, done: int, total: int, /) -> None:
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total or None)
        self.progress.update(self.tasks[name], completed=done)


def _progress(*columns: ProgressColumn) -> Progress:
    name = TextColumn("{task.description}")
    return Progress(name, BarColumn(), *columns, TimeRemainingColumn(), console=_console)


_BundleName = Annotated[str, typer.Option("--bundle", help="studio, studio-narrow or imagenet")]
_Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda")]
_Folder = Annotated[
    Path | None, typer.Option("--out", help="folder to write; default: where the grader looks")
]
_Seed = Annotated[int, typer.Option("--seed", help="of the random network and starts")]
_Fast = Annotated[
    bool, typer.Option("--fast", help="studio: the narrow networks, same logits within 1e-4")
]


@app.command()
def run(
    bundle: _BundleName = "studio",
    device: _Device = "auto",
    out: _Folder = None,
    seed: _Seed = 0,
    only: Annotated[list[str] | None, typer.Option(help="id of an experiment; repeatable")] = None,
    fast: _Fast = False,
) -> None:
    """Run every experiment and write arrays, images, traces and a manifest."""
    folder = expected_folder(bundle) if out is None else out
    if out is None and (only or bundle == "studio-narrow"):
        raise ConfigError("run: a trial (--only, studio-narrow) needs a folder of its own: --out.")
    settings = _settings(bundle, device, seed, fast, tuple(only or ()))
    source = get_bundle(bundle)
    with _progress(MofNCompleteColumn()) as progress:
        listen = _listener(progress, len(only or experiment_ids()))
        found = run_experiments(source, folder, settings, listen)
    typer.echo(_summary(found))


@app.command()
def add(
    group: Annotated[str, typer.Argument(help="such as sp22")],
    bundle: _BundleName = "studio",
    device: _Device = "auto",
    out: _Folder = None,
    seed: _Seed = 0,
    fast: _Fast = False,
) -> None:
    """Run what one other offering adds, and put it beside what `run` has written, untouched."""
    settings = _settings(bundle, device, seed, fast, ())
    folder = expected_folder(bundle) if out is None else out
    source = get_bundle(bundle)
    check_group(source, folder, group)
    ids = [i for i in experiment_ids() if group_of(i) == group]
    with _progress(MofNCompleteColumn()) as progress:
        found = add_group(source, folder, group, settings, _listener(progress, len(ids)))
    typer.echo(_summary(found))


@app.command("add-offering")
def add_offering_command(
    path: Annotated[Path, typer.Argument(help="folder or .toml of an offering")],
    bundle: _BundleName = "studio",
    device: _Device = "auto",
    seed: _Seed = 0,
    fast: _Fast = False,
) -> None:
    """Run the experiments of an offering that have no expected outputs yet, into the cache."""
    settings = _settings(bundle, device, seed, fast, ())
    source = get_bundle(bundle)
    wanted = lacking(specs_of(path), load_expected(source.name))
    with _progress(MofNCompleteColumn()) as progress:
        ids = add_offering(source, path, settings, _listener(progress, len(wanted)))
    where = f"Written to {added_folder(source.name)}" if ids else "Every experiment has been run."
    typer.echo("\n".join([*ids, where]))


def _settings(
    bundle: str, device: str, seed: int, fast: bool, only: tuple[str, ...]
) -> RunSettings:
    if fast and bundle != "studio":
        raise ConfigError(f"run: --fast is for the studio bundle, not for {bundle}.")
    return RunSettings(
        device=choose_device(device), seed=seed, width="narrow" if fast else "full", only=only
    )


def _listener(progress: Progress, experiments: int) -> Callable[[str, int, int], None]:
    whole = progress.add_task("all experiments", total=experiments)
    bars = _Bars(progress)

    def listen(name: str, done: int, total: int) -> None:
        bars(name, done, total)
        progress.update(whole, advance=done == total)

    return listen


@app.command()
def assets(
    from_folder: Annotated[
        Path | None, typer.Option("--from", help="folder with files fetched by other means")
    ] = None,
) -> None:
    """Fetch the real weights and pictures into the cache, verified and resumable."""
    with _progress(DownloadColumn(), TransferSpeedColumn()) as progress:
        bundle = fetch_bundle(
            bundle_root("imagenet"), from_folder=from_folder, on_progress=_Bars(progress)
        )
    typer.echo(f"The imagenet bundle is complete and verified: {bundle.root}")


def _summary(found: Expected) -> str:
    best = found.predictions.pretrained_top5[0]
    lines = [f"2c  {best.name} {best.probability:.3f}"]
    lines += [
        f"{a.id}  {a.target_name} {a.p_before:.2g} -> {a.p_after:.3g}, moved {a.distance_l2:.3g}"
        for a in found.attacks
    ]
    lines += [f"{d.id}  {d.value_before:.3g} -> {d.value_after:.3g}" for d in found.dreams]
    lines += [f"{i.id}  {i.distances[0]:.3g} -> {i.distances[-1]:.3g}" for i in found.inversions]
    return "\n".join([*lines, f"Written to {found.folder}"])


def main(argv: list[str] | None = None) -> int:
    """Run a command and return the exit status: 0, 2 (usage, settings, assets) or 3 (our fault)."""
    spell_out()
    try:
        app(args=argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    except PsetError as error:
        typer.echo(str(error), err=True)
        return 2 if isinstance(error, ConfigError) else 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
