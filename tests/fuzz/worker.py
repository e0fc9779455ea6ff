"""Inputs in a process with bounds: `python -m tests.fuzz.worker SUBJECT SEED FIRST LAST`.

One JSON object per input on standard output. One that takes all memory or all time, or crashes a
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
from tests.fuzz.measure import Worst
from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.target import Fault

MEMORY_MIB = 3072.0
"""Private memory, a driver's; PyTorch's modules alone take a third of it."""
ALARM_S = 60
"""Seconds after which an input ends the process."""


def main(name: str, seed: int, first: int, last: int) -> None:
    """Send inputs `first` to `last - 1` through."""
    limit_this_process(memory_mib=MEMORY_MIB, cpu_s=36_000)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    subject = SUBJECTS[name]
    for number in range(first, last):
        signal.alarm(ALARM_S)
        print(json.dumps({"number": number, "begins": True}), flush=True)  # noqa: T201
        worst = Worst()
        found: dict[str, object] = {"number": number}
        try:
            found["result"] = subject.go_through(seed, number, worst)
            if worst.seconds > subject.slow_s or worst.mib > subject.most_mib:
                raise Fault(f"it took {worst.seconds:.1f} s and {worst.mib:.0f} MiB")
        except Exception as error:  # noqa: BLE001 -- this is what we look for
            trace = traceback.format_exc()[-1500:]
            found |= {"result": "fault", "why": repr(error)[:300], "trace": trace}
        print(json.dumps({**found, "seconds": worst.seconds, "mib": worst.mib}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
