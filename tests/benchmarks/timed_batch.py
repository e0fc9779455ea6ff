"""One call of `grader batch` or `grader rejudge`, and when its grades were on the screen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.classroom.running import start

OFFERING = "grader/model/offerings/pset4_sp21"
CHANGES = (("even_kernel = 0.5", "even_kernel = 0.4"), ('name = "pset4_sp21"', 'name = "stricter"'))
"""A share of credit, before and after: with it all evidence is judged again; and the name."""
_GRADE = re.compile(r"  \d+ of \d+  \S+: (graded,|[\d.]+ (points|→))")
"""Such as `  3 of 22  s0002: graded, 2.5 points (1.3 s)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Wall-clock seconds from the start of the command."""

    first: float
    """To the first grade."""
    last: float
    """To the last grade."""
    all: float
    """To its end, with gradebook, pages, and PDFs if they were asked for."""


def timed_batch(folder: Path, results: Path, *options: str) -> Timed:
    """Grade a folder of hand-ins into an empty folder.

    Raises:
        SystemExit: it failed, or not all were graded.
    """
    shutil.rmtree(results, ignore_errors=True)
    number = len(list(folder.glob("*.zip")))
    started = time.perf_counter()
    return heard(start(folder, results, *options), started, number)


def stricter(folder: Path) -> Path:
    """Write the offering with another share of credit, under another name."""
    shutil.copytree(OFFERING, folder, dirs_exist_ok=True)
    told = folder / "assignment.toml"
    text = told.read_text(encoding="utf-8")
    for before, after in CHANGES:
        text = text.replace(before, after)
    told.write_text(text, encoding="utf-8")
    return folder


def timed_rejudge(results: Path, *options: str) -> Timed:
    """Judge a class again, by an offering that gives another share of credit.

    Raises:
        SystemExit: it failed, or not all were judged.
    """
    offering = stricter(results.parent / "stricter")
    number = len(list(results.glob("*/results.json")))
    command = [sys.executable, "-m", "grader.app", "rejudge", str(results)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--assignment", str(offering), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    return heard(process, started, number)


def heard(process: subprocess.Popen[str], started: float, number: int) -> Timed:
    """Hear out a command that prints a line per grade, so many in all.

    Raises:
        SystemExit: it failed, or printed another number of them.
    """
    said, moments = [], []
    with process:
        for line in process.stdout or ():
            said.append(line)
            if _GRADE.match(line):
                moments.append(time.perf_counter() - started)
    seconds = time.perf_counter() - started
    if process.returncode or len(moments) != number:
        sys.exit(f"{len(moments)} of {number} grades:\n{''.join(said)[-3000:]}")
    return Timed(first=moments[0], last=moments[-1], all=seconds)
