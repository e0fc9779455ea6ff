"""A class whose grading is killed at random moments; then one more call, and all grades are full.

    python -m tests.kills [KILLS]       100 of them, about 40 minutes on 2 cores

Every fifth kill is in the first 50 ms of a new results folder. Killed are the command, a worker, a
driver, or all processes at once. Exit 1 where grades differ, or something is left behind.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from authoring.class_samples import build_class, expected_gradebook, read_class
from grader.model.assignment import load_assignment
from tests.classroom.comparing import differences, read_gradebook
from tests.classroom.running import run
from tests.command_line import counts
from tests.kills.killing import VICTIMS, kill_early, kill_later

SOME = ("sbroken", "pbroken", "mscope", "omissing")
OPTIONS = ("--workers", "2", "--bundle", "studio-narrow")
KILLS = 100
IN_A_ROW = 5
"""Kills before the call that ends well."""


def main(kills: int) -> int:
    """Kill, call once more, compare; print what came of it."""
    chance = random.Random(11)  # noqa: S311 -- moments, not secrets
    expected = [
        one for one in expected_gradebook(read_class(), load_assignment()) if one.kerberos in SOME
    ]
    wrong, done, whole_s = 0, 0, 30.0
    with tempfile.TemporaryDirectory(prefix="kills-") as place:
        folder = build_class(Path(place) / "class", only=SOME)
        while done < kills:
            results = Path(place) / f"results-{done}"
            row = min(IN_A_ROW, kills - done)
            killed = [kill_early(folder, results, chance, *OPTIONS)]
            for _ in range(row - 1):
                victim = chance.choice(list(VICTIMS))
                killed.append(
                    kill_later(folder, results, victim, chance.uniform(0, whole_s), *OPTIONS)
                )
            done += row
            started = time.monotonic()
            ended = run(folder, results, *OPTIONS)
            whole_s = time.monotonic() - started
            said = [f"exit status {ended.status}: {ended.output[-2000:]}"] if ended.status else []
            said = said or differences(expected, read_gradebook(results / "gradebook.csv"))
            left = [path.name for path in results.glob(".*") if path.name != ".store"]
            said += [f"left behind: {name}" for name in left]
            wrong += bool(said)
            sys.stdout.write(
                f"{done:>4} kills ({', '.join(killed)}): {said or 'all grades full'}\n"
            )
            sys.stdout.flush()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*counts(__doc__, kills=KILLS)))
