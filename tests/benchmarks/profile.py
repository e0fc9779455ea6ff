"""Where each second of one whole `make grade` goes: stages; within the run, cells and probes.

    python -m tests.benchmarks.profile [--sample complete] [--bundle studio]

The command is run as a person would run it, in a process of its own; it tells when each stage
begins, and the times of cells and probes are those of its evidence.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from authoring.samples import build_zip
from grader.model.records import Alignment, Evidence
from grader.model.records.codec import load
from tests.benchmarks.record import Row, save

_CHILD = """
import json, os, sys, time
began = time.time()
from pathlib import Path
from grader.model.assignment import load_assignment
from grader.pipeline import GradeRequest, grade
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
stages = [("imports", began)]
request = GradeRequest(
    hand_in=HandIn(path=Path(sys.argv[1]), course="6.869"), out=Path(sys.argv[2]),
    assignment=load_assignment(), settings=RunSettings(bundle=sys.argv[3]),
)
grade(request, lambda name: stages.append((name, time.time())), lambda _: None)
print(json.dumps([*stages, ("end", time.time())]), flush=True)
os._exit(0)  # as `grader.app.main.run` leaves
"""
STAGES = {
    "imports": "imports (torch, torchvision and the rest)",
    "bundle": "open the bundle, find a box",
    "intake": "intake, alignment, plan",
    "report": "read report.pdf and the stored outputs",
    "checks": "checks, all recomputation",
    "reports": "feedback.html, feedback.pdf, staff.html",
}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", default="complete")
    parser.add_argument("--bundle", default="studio")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = build_zip(options.sample, Path(name) / f"{options.sample}.zip")
        command = [sys.executable, "-c", _CHILD, str(path), name, options.bundle]
        started = time.time()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        ended = time.time()
        stages = json.loads(done.stdout.splitlines()[-1])
        evidence = Path(name) / options.sample / "evidence"
        lines = [("start of Python", stages[0][1] - started)]
        for (stage, begin), (_, end) in pairwise(stages):
            lines += (
                _run(evidence, end - begin) if stage == "run" else [(STAGES[stage], end - begin)]
            )
        lines.append(("end of Python", ended - stages[-1][1]))
    whole = ended - started
    shares = "\n".join(f"{t:7.1f} s  {t / whole:5.1%}  {what}" for what, t in lines)
    own = whole - sum(t for what, t in lines if what.startswith("  cells"))
    save(
        "profile",
        [
            Row(
                what=f"`make grade` of `{options.sample}` ({options.bundle}), set-up aside",
                bar="",
                found=f"{whole:.0f} s, of which {own:.1f} s are not the notebook's own cells",
                reached=None,
            )
        ],
        numbers={"seconds": whole, "cells": whole - own, **stages_of(lines)},
        details=f"{shares}\n{whole:7.1f} s         all",
    )


def stages_of(lines: list[tuple[str, float]]) -> dict[str, float]:
    """Seconds of the stages behind the run, by name."""
    known = {what: stage for stage, what in STAGES.items()}
    return {known[what]: seconds for what, seconds in lines if what in known}


def _run(folder: Path, seconds: float) -> list[tuple[str, float]]:
    """The run's seconds: cells by part, probes, and the rest, which is the kernel's start."""
    evidence = load(Evidence, folder / "evidence.json")
    parts = {m.cell_index: m.part_id for m in load(Alignment, folder / "alignment.json").matches}
    cells: dict[str, float] = defaultdict(float)
    for cell in evidence.cells:
        cells[parts.get(cell.cell_index) or "no part"] += cell.seconds
    probes = sum(reply.seconds for reply in evidence.replies)
    rest = seconds - sum(cells.values()) - probes
    return [
        ("run: box, driver, kernel, fingerprints, executed notebook", rest),
        *((f"  cells of {part}", t) for part, t in sorted(cells.items())),
        ("  probes", probes),
    ]


if __name__ == "__main__":
    main()
