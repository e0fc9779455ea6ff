"""Two graders for 200 rounds beside commands and a head who publishes, then 50 kills of the desk.

    python -m tests.desk [ROUNDS] [KILLS] [STORE]      about 10 minutes on 2 cores

Exit 1 where a decision is lost, counted twice, or told as saved without being there.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from grader.batch.store.store import open_store
from tests.desk.killing import kill_while_it_answers
from tests.desk.rounds import two_graders
from tests.grader.review.desk.synthetic import write_class

ROUNDS, KILLS = 200, 50
STUDENTS = 10


def main(rounds: int, kills: int, store: str | None) -> int:
    """Do both; print what came of it."""
    with tempfile.TemporaryDirectory(prefix="desk-") as place:
        results = Path(place) / "results"
        results.mkdir()
        with open_store(results, store) as opened:
            write_class(results, opened, STUDENTS)
        graded = two_graders(results, rounds, store=store)
        _say(
            f"{graded.rounds} rounds of two graders in {graded.seconds:.0f} s, "
            f"{graded.scored} runs of `grader score` beside them, applied or published "
            f"{graded.applied} times: {graded.wrong or 'nothing lost'}"
        )
        killed = kill_while_it_answers(
            results,
            kills,
            random.Random(11),  # noqa: S311
            store=store,
            part="3e",
        )
        _say(
            f"{killed.kills} kills in {killed.seconds:.0f} s: {killed.told} told as saved, "
            f"{killed.there} there: {killed.wrong or 'none told that is not there, none half'}"
        )
    return int(bool(graded.wrong or killed.wrong))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.desk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rounds", nargs="?", type=int, default=ROUNDS, help="of two graders")
    parser.add_argument("kills", nargs="?", type=int, default=KILLS, help="of the desk")
    parser.add_argument("store", nargs="?", help="URL of another database than SQLite's")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _asked()
    sys.exit(main(asked.rounds, asked.kills, asked.store))
