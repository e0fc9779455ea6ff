"""`make fuzz`: damaged files, odd zips and odd messages; nothing may break, nor take too much."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.fuzz.campaign import ROOT, Tally, campaign, resumed
from tests.fuzz.subjects import SUBJECTS

SAVED = ROOT / "build" / "fuzz"
"""What an interrupted campaign has reached; the same command goes on from there."""


def main() -> int:
    """Run a campaign of each subject; exit status 1 where something broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("subjects", nargs="*", help=f"of {', '.join(SUBJECTS)}; all by default")
    parser.add_argument("--count", type=int, help="inputs of each subject")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other damage")
    parser.add_argument("--anew", action="store_true", help="begin at the first input")
    options = parser.parse_args()
    if unknown := set(options.subjects) - set(SUBJECTS):
        parser.error(f"expected some of {', '.join(SUBJECTS)}, found {', '.join(unknown)}")
    console = Console()
    tallies = [
        _run(name, options.count or SUBJECTS[name].count, options, console)
        for name in options.subjects or SUBJECTS
    ]
    for tally in tallies:
        for line in tally.lines():
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if any(tally.faults for tally in tallies) else 0


def _run(name: str, count: int, options: argparse.Namespace, console: Console) -> Tally:
    SAVED.mkdir(parents=True, exist_ok=True)
    saved = Path(SAVED, f"{name}-{options.seed}.json")
    fresh = Tally(subject=name, seed=options.seed)
    tally = fresh if options.anew else resumed(saved, name, options.seed)
    if tally.at >= count:
        tally = fresh  # that campaign is over
    columns = (TextColumn(SUBJECTS[name].title), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=count, completed=tally.at)
        return campaign(tally, count, lambda: progress.advance(task), saved)


if __name__ == "__main__":
    sys.exit(main())
