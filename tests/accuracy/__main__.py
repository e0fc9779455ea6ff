"""`make accuracy`: grade the corpus, print the table, write it to `tests/accuracy/README.md`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.accuracy.grading import grade_all
from tests.accuracy.selection import all_cases
from tests.accuracy.table import as_markdown

README = Path(__file__).parent / "README.md"
INTRODUCTION = """# How right the grades are

`make accuracy` grades a corpus of wrong answers (mutants) and of right ones that look different
(variants), and writes this page; every `make test` grades it too and fails on a miss. A mutant must
lose points at the part where it is wrong and at no other, with a message that names the fault; a
variant must keep all its points.

Made by hand: the files in [`cases/`](cases), one header line and the code of each. By rule: all
conventions of the convolution layer ([`conventions.py`](conventions.py)), and changes of one
operator, constant or bound of the solved functions ([`mutator.py`](mutator.py)), which a comparison
of their values, without the grader, has found to be wrong. They run through the real plan, probes,
recorders and checks, in one process for many cases; attacks with 20 steps on the narrow networks.

"""


def main() -> int:
    """Grade everything; exit status 1 where there is a miss."""
    console = Console()
    columns = (TextColumn("Grading the corpus"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("", total=len(all_cases()))

        def show(result: dict[str, Any]) -> None:
            progress.advance(task)
            for miss in result["misses"]:
                progress.console.print(f"{result['id']}: {miss}", markup=False)

        results = grade_all(show)
    table = as_markdown(results)
    console.print(table, markup=False)
    README.write_text(INTRODUCTION + table, encoding="utf-8")
    return 1 if any(result["misses"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
