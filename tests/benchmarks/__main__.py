"""All benchmarks, or those named, one after the other.

python -m tests.benchmarks [NAME ...]
"""

from __future__ import annotations

import importlib
import sys
import time

from tests.benchmarks.record import minutes_of, note_minutes

NAMES = ("batch", "checks", "speed", "whole", "profile", "class300", "scale", "cost")

names = sys.argv[1:] or NAMES
known = {name: minutes for name in names if (minutes := minutes_of(name)) is not None}
if known:
    took = ", ".join(f"{name} {minutes:.0f}" for name, minutes in known.items())
    print(f"About {sum(known.values()):.0f} minutes, as at the last time ({took}).", flush=True)
for benchmark in names:
    started = time.perf_counter()
    importlib.import_module(f"tests.benchmarks.{benchmark}").main([])
    note_minutes(benchmark, (time.perf_counter() - started) / 60)
