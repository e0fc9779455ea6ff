"""`python -m tests.nbgrader`: nbgrader and Otter for real, from the master to the feedback.

    make nbgrader                       makes their environment, then this

Students submit our solved answers through nbgrader's exchange; the grader grades them; points,
comments and feedback go back. What nbgrader's own `export` then says must be our gradebook. Without
their environment, as where no package index can be reached, it says so and tries nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.nbgrader.course import try_nbgrader
from tests.nbgrader.hub import ENVIRONMENT, Hub
from tests.nbgrader.otter import try_otter


def main() -> int:
    """Try both; return 1 where something is not as it must be."""
    if not (ENVIRONMENT / ".ready").is_file():
        print(
            f"Skipped: expected the environment of nbgrader and Otter in {ENVIRONMENT}, found none;"
            " `make nbgrader` makes it where a package index can be reached."
        )
        return 0
    failed = 0
    for name, attempt in (("nbgrader", try_nbgrader), ("Otter", try_otter)):
        with tempfile.TemporaryDirectory(prefix="pset4-nbgrader-") as place:
            try:
                for step in attempt(Hub(folder=Path(place).resolve())):
                    print(f"{name}: {step}", flush=True)
            except AssertionError as error:
                print(f"{name}: FAILED: {error}", flush=True)
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
