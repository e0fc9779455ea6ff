"""`make fuzz`: damage zips, notebooks and reports, and see that nothing breaks."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.campaign import campaign


def main() -> int:
    """Run a campaign; exit status 1 where something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=10_000, help="files")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other damage")
    options = parser.parse_args()
    console = Console()
    columns = (TextColumn("Damaged files"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=options.count)
        tally = campaign(options.seed, options.count, lambda: progress.advance(task))
    for line in tally.lines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
