"""`python -m tests.grader.reading.corpus`: the share of pages whose parts are found."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from reference.terminal import spell_out
from tests.command_line import names
from tests.grader.reading.corpus.building import reports
from tests.grader.reading.corpus.measuring import measured

ENOUGH = 0.98
"""Share of pages that must be right; it was 99.2 % (368 of 371, 85 of 86 reports)."""


def main(names: list[str]) -> int:
    """Read every report, or those named; exit status 1 where too few pages are right."""
    spell_out()
    console = Console()
    table = Table("report", "page", "answered there", "found")
    right = pages = whole = count = 0
    for report, found in measured([one for one in reports() if not names or one.name in names]):
        wrong = [page for page in found if not page.right]
        right, pages = right + len(found) - len(wrong), pages + len(found)
        whole, count = whole + (not wrong), count + 1
        for page in wrong:
            table.add_row(report.name, str(page.number), *map(_words, (page.answered, page.found)))
    if table.row_count:
        console.print(table)
    console.print(
        f"{right} of {pages} pages right ({right / max(pages, 1):.1%}); "
        f"{whole} of {count} reports without a fault."
    )
    return 0 if right >= ENOUGH * pages else 1


def _words(parts: frozenset[str]) -> str:
    return ", ".join(sorted(parts)) or "nothing"


if __name__ == "__main__":
    sys.exit(main(names(__doc__, "REPORT")))
