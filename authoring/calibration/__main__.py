"""`python -m authoring.calibration`: measure and print; `--write` keeps the numbers."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from authoring.calibration.measure import Extent, calibrate, renewed_distances
from grader.checks.calibration import (
    FACTOR,
    FILE,
    Calibration,
    Separation,
    load_calibration,
    to_toml,
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_FULL = Extent()


@app.command()
def main(
    seeds: Annotated[int, typer.Option(min=1, help="of layers and softmax")] = _FULL.seeds,
    images: Annotated[int, typer.Option(min=1, help="random images per network")] = _FULL.images,
    steps: Annotated[int, typer.Option(min=1, help="of attacks")] = _FULL.n_steps,
    distances: Annotated[
        bool, typer.Option("--distances", help="measure only distances of images anew")
    ] = False,
    write: Annotated[bool, typer.Option(help=f"renew {FILE} beside the module")] = False,
) -> None:
    """Measure rounding errors, and what lies on both sides of the thresholds."""
    progress = Console(stderr=True)
    extent = Extent(seeds=seeds, images=images, n_steps=steps)
    if distances:
        found = renewed_distances(load_calibration(), extent)
    else:
        found = calibrate(extent, lambda stage: progress.print(f"{stage} ...", style="dim"))
    console = Console()
    console.print(_roundings(found))
    console.print(separations_table(found))
    if write:
        path = Path(str(resources.files("grader.checks"))) / FILE
        path.write_text(to_toml(found), encoding="utf-8")
        progress.print(f"written: {path}")


def _roundings(found: Calibration) -> Table:
    table = Table("quantity", "arithmetic", "greatest error", "seen", f"tolerance (x {FACTOR:g})")
    for rounding in found.roundings:
        way, greatest = rounding.ways[0]
        row = (f"{greatest:.2g}", way, f"{rounding.bound:g}")
        table.add_row(rounding.quantity, rounding.dtype, *row)
    return table


def separations_table(found: Calibration) -> Table:
    """Return both sides of every threshold that was measured."""
    table = Table("threshold", "right ones", "closest right one", "wrong ones", "closest wrong one")
    for separation in found.separations:
        table.add_row(separation.name, *_sides(separation))
    return table


def _sides(separation: Separation) -> tuple[str, str, str, str]:
    (near, right), (far, wrong) = separation.worst_right, separation.worst_wrong
    above, below = ("above", "below") if separation.right_is_greater else ("below", "above")
    return f"{above} {right:.4g}", near, f"{below} {wrong:.4g}", far


if __name__ == "__main__":
    app()
