"""Damaged files in a process with bounds: `python -m tests.fuzz.worker SEED FIRST LAST`.

One JSON object per file on standard output. A file that takes all memory or all time, or crashes a
reader, ends the process; see `tests.fuzz.campaign`.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import traceback
import warnings

from grader.sandbox.limited import limit_this_process
from tests.fuzz.target import case, go_through

MEMORY_MIB = 3072.0
"""Private memory; PyTorch's modules alone take a third of it."""
ALARM_S = 60
"""Seconds after which a file ends the process."""


def main(seed: int, first: int, last: int) -> None:
    """Send files `first` to `last - 1` through."""
    limit_this_process(memory_mib=MEMORY_MIB, cpu_s=36_000)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for number in range(first, last):
        signal.alarm(ALARM_S)
        print(json.dumps({"number": number, "begins": True}), flush=True)  # noqa: T201
        try:
            found = {"number": number, "result": go_through(case(seed, number))}
        except Exception as error:  # noqa: BLE001 -- this is what we look for
            trace = traceback.format_exc()[-1500:]
            found = {"number": number, "result": "fault", "why": repr(error)[:300], "trace": trace}
        print(json.dumps(found), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
