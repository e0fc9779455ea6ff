"""`python -m tests.gpu`: everything that waits for a GPU, as one table. Without one it says so.

    python -m tests.gpu [--only rounding,speed,box,hostile,complete] [--bundle studio]

Rounding in float32 and TF32 against the tolerances of the checks; a step eager, channels last and
as a CUDA graph; what a box shows of the GPU; the hostile cases that need one; the complete sample.
Exit status 1 where something is not as it must be; what one check raises stops no other.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial

import torch
from rich.console import Console
from rich.table import Table

from tests.gpu.rows import Check, Row, rows_of


def main(argv: list[str] | None = None) -> int:
    """Run the checks and print the table."""
    checks = ("rounding", "speed", "box", "hostile", "complete")
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.add_argument("--only", default=",".join(checks), help="some of the checks")
    parser.add_argument("--bundle", default="studio", help="of the networks")
    options = parser.parse_args(argv)
    asked = options.only.split(",")
    strangers = sorted(set(asked) - set(checks))
    if strangers:
        parser.error(f"--only: expected some of {', '.join(checks)}, found {strangers[0]!r}")
    console = Console()
    if not torch.cuda.is_available():
        console.print("No GPU: torch finds none on this machine. Nothing was run.")
        return 0
    console.print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", highlight=False)
    rows: list[Row] = []
    for name in asked:
        console.print(f"{name} …", highlight=False)
        for row in rows_of(name, _check(name, options.bundle)):
            rows.append(row)
            console.print(f"  {row.what}: {row.found}", markup=False, highlight=False)
    console.print(_table(rows))
    return 1 if any(row.ok is False for row in rows) else 0


def _check(name: str, bundle: str) -> Check:
    # Imported when asked for: a machine that lacks a library of one check runs the others.
    if name == "rounding":
        from tests.gpu.rounding import rounding

        return partial(rounding, bundle)
    if name == "speed":
        from tests.gpu.speed import speed

        return partial(speed, bundle)
    from tests.gpu import graded

    return partial(graded.complete, bundle) if name == "complete" else getattr(graded, name)


def _table(rows: list[Row]) -> Table:
    table = Table("what", "found", "expected", "")
    words = {True: "ok", False: "NO", None: ""}
    for row in rows:
        table.add_row(row.what, row.found, row.expected, words[row.ok])
    return table


if __name__ == "__main__":
    sys.exit(main())
