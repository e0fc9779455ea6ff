"""A student from the release notebook to the hand-in, as typed in a shell.

    python -m tests.journey

Hands out the release, answers half, asks `check` what to do next, answers all, runs it, packs,
checks, and looks at `report.pdf`. Exit status 1 where a step does not say or do what it must.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.journey.student import travel


def main() -> int:
    """Go all the way; print each step."""
    with tempfile.TemporaryDirectory(prefix="pset4-journey-") as place:
        try:
            for step in travel(Path(place)):
                print(step, flush=True)
        except AssertionError as error:
            print(f"FAILED: {error}", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
