"""All benchmarks, or those named, one after the other.

python -m tests.benchmarks [NAME ...]
"""

from __future__ import annotations

import importlib
import sys

NAMES = ("batch", "checks", "speed", "whole", "profile", "class300")

for benchmark in sys.argv[1:] or NAMES:
    importlib.import_module(f"tests.benchmarks.{benchmark}").main([])
