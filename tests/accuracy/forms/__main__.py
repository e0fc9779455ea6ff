"""Try changes of form by hand: `python -m tests.accuracy.forms PATTERN [--base B] [--depth D]`.

Grades the changes whose ids match the pattern, several at once, and prints what is not kept.
"""

from __future__ import annotations

import argparse
import sys

from tests.accuracy.forms.catalog import alone, composed
from tests.accuracy.forms.comparing import Compared, open_grader, show


def main() -> int:
    """Grade them; exit status 1 where one is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--base", default="", help="solved, course or sp22; all of them if none")
    parser.add_argument("--depth", default="", help="short or attacks; both if none")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--alone", action="store_true", help="one change at a time")
    asked = parser.parse_args()
    chosen = [
        variation
        for variation in composed(asked.pattern)
        if asked.base in {"", variation.base} and asked.depth in {"", variation.depth}
    ]
    if asked.alone:
        chosen = [one for variation in chosen for one in alone(variation)]

    def tell(result: Compared) -> None:
        print(f"{result.seconds:.1f} s {show(result)}", flush=True)

    with open_grader(asked.workers) as grader:
        results = grader.compare_all(chosen, tell)
    print("\nOne by one:")
    missed = [result for result in results if result.fate != "kept"]
    print("\n".join(map(show, missed)) or "all kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
