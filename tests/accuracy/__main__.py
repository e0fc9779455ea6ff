"""Grade the corpus of answers and their other forms; both tables go to `README.md` beside this."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.accuracy.forms.catalog import composed
from tests.accuracy.forms.comparing import Compared, open_grader
from tests.accuracy.forms.comparing import show as show_form
from tests.accuracy.forms.table import HEADING
from tests.accuracy.forms.table import as_markdown as forms_as_markdown
from tests.accuracy.grading import grade_all
from tests.accuracy.selection import all_cases
from tests.accuracy.table import as_markdown

README = Path(__file__).parent / "README.md"
INTRODUCTION = """# How right the grades are

`make accuracy` grades a corpus of wrong answers (mutants) and of right ones that look different
(variants), and writes this page. A mutant must lose points at the part where it is wrong and at no
other, with a message that names the fault; a variant must keep all its points. `make test` grades a
slice that still holds each kind of case at each part, right and wrong answers in each cell, and
each fault of the layers that must be named ([`slice.py`](slice.py)).

Made by hand: the files in [`cases/`](cases), one header line and the code of each. By rule: all
conventions of the convolution layer ([`conventions.py`](conventions.py)), and changes of one
operator, constant or bound of the solved functions ([`mutator.py`](mutator.py)), which a comparison
of their values, without the grader, has found to be wrong. They run through the real plan, probes,
recorders and checks, in one process for many cases; attacks with 20 steps on the narrow networks.

"""


def main() -> int:
    """Grade everything, or one half if named; exit status 1 where there is a miss."""
    parser = argparse.ArgumentParser(prog="make accuracy", description=__doc__)
    parser.add_argument("half", nargs="?", choices=("answers", "forms"), help="both if none")
    half = parser.parse_args().half
    console = Console()
    first, _, second = README.read_text(encoding="utf-8").partition(HEADING)
    second, missed = f"\n{HEADING}{second}" if second else "", False
    if half != "forms":
        results = _graded_answers(console)
        first, missed = INTRODUCTION + as_markdown(results), any(r["misses"] for r in results)
    if half != "answers":
        forms = _graded_forms(console)
        second = forms_as_markdown(forms)
        missed = missed or any(form.fate != "kept" for form in forms)
    text = first.rstrip("\n") + "\n" + second
    console.print(text, markup=False)
    README.write_text(text, encoding="utf-8")
    return 1 if missed else 0


def _graded_answers(console: Console) -> list[dict[str, Any]]:
    with _progress("Grading the corpus", len(all_cases()), console) as (progress, advance):

        def show(result: dict[str, Any]) -> None:
            advance()
            for miss in result["misses"]:
                progress.console.print(f"{result['id']}: {miss}", markup=False)

        return grade_all(show)


def _graded_forms(console: Console) -> list[Compared]:
    variations = composed()
    with (
        _progress("Changing forms", len(variations), console) as (progress, advance),
        open_grader() as grader,
    ):

        def show(result: Compared) -> None:
            advance()
            if result.fate != "kept":
                progress.console.print(show_form(result), markup=False)

        return grader.compare_all(variations, show)


@contextmanager
def _progress(
    title: str, total: int, console: Console
) -> Iterator[tuple[Progress, Callable[[], None]]]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total)
        yield progress, lambda: progress.advance(task)


if __name__ == "__main__":
    sys.exit(main())
