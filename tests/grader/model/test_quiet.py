"""Warnings and logs of libraries do not reach the terminal, whatever filters they set."""

from __future__ import annotations

import subprocess
import sys

NOISY = """
import logging, sys, warnings
if sys.argv[1] == "quiet":
    from grader.model.quiet import quiet_libraries
    quiet_libraries()
warnings.simplefilter("always")
warnings.warn("a warning")
logging.getLogger("library").warning("a log")
"""


def said(how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", NOISY, how], capture_output=True, text=True, check=True
    )
    return done.stdout + done.stderr


def test_a_quiet_process_says_nothing() -> None:
    assert "a warning" in said("as it is")
    assert said("quiet") == ""
