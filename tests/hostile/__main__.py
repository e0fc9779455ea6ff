"""`make hostile`: run the corpus of hostile submissions, and print case by case what came of it.

    python -m tests.hostile [--stage intake|grade] [--warm] [ID ...]

An honest submission is graded first and, once more, after all others: it must get its full grade.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import nullcontext

from rich.console import Console
from rich.text import Text

from authoring.hostile_samples import HONEST, hostile_names, read_hostile
from grader.sandbox.warm import WarmServer
from tests.hostile.judge import summary
from tests.hostile.suite import Verdict, judged, lacking, warm_server

WIDTH = 150
"""Characters of what came of a case that are shown."""


def main() -> int:
    """Run the cases; exit status 1 where one is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile")
    parser.add_argument("ids", nargs="*", help="cases; all of them if none")
    parser.add_argument("--stage", choices=("intake", "grade"), help="only those of this stage")
    parser.add_argument("--warm", action="store_true", help="with warm kernels")
    options = parser.parse_args()
    with warm_server() if options.warm else nullcontext() as warm:
        return _run(options, warm)


def _run(options: argparse.Namespace, warm: WarmServer | None) -> int:
    names = options.ids or list(hostile_names())
    if options.stage:
        names = [name for name in names if read_hostile(name).stage == options.stage]
    if len(names) > 1 and HONEST in names:
        names = [*names, HONEST]  # the grader is as well afterwards as before
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    wrong, skipped = 0, 0
    for number, name in enumerate(names, start=1):
        lack = lacking(read_hostile(name))
        if lack:
            skipped += 1
            console.print(f"[{number}/{len(names)}] {name}: skipped, {lack}", markup=False)
            continue
        verdict = judged(name, warm)
        wrong += bool(verdict.wrong)
        _show(console, f"[{number}/{len(names)}]", verdict)
    right = len(names) - wrong - skipped
    console.print(
        f"{right} of {len(names)} as expected, {wrong} not, {skipped} skipped; "
        f"{time.monotonic() - began:.0f} s"
    )
    return 1 if wrong else 0


def _show(console: Console, count: str, verdict: Verdict) -> None:
    expected = verdict.expected
    mark = Text(" differs ", "bold white on red") if verdict.wrong else Text("ok", "green")
    parts = "; ".join(f"{name} {part.outcome.value}" for name, part in expected.parts.items())
    wanted = [f"exit {expected.exit}", parts, *expected.notes, *map(repr, expected.sentences)]
    # Words of a submission: no markup, and no escape codes, which `repr` spells out.
    got = repr(summary(verdict.got))[1:-1]
    console.print(Text(f"{count} {verdict.name} "), mark, f"{verdict.got.seconds:.1f} s")
    console.print(Text(f"    expected  {'; '.join(filter(None, wanted))[:WIDTH]}", "dim"))
    console.print(Text(f"    got       {got[:WIDTH]}", "dim"))
    for line in verdict.wrong:
        console.print(Text(f"    ! {repr(line)[1:-1]}", "red"))


if __name__ == "__main__":
    sys.exit(main())
