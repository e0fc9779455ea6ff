"""How much longer the grader takes for a notebook's cells than plain nbclient.

Both run the same cells of the course's notebook form in one process, in turns: plain nbclient with
nothing but `.cuda()` made a no-op (without that it fails at once on a machine with no GPU), and the
grader's execution stage with its box, driver, recorders, probes and shims.

    python -m tests.benchmarks.overhead [--bundle studio] [--rounds 1] [--steps 200]
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from authoring.samples import build_zip
from grader.checks import probes_of
from grader.execution import Job, execute
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import Submission
from grader.planning.alignment import align
from grader.planning.plan import RunOptions, plan_run
from grader.sandbox.tiers import host_support
from reference.bundles import Bundle, get_bundle

NO_CUDA = """
import sys, types, torch
torch.Tensor.cuda = torch.nn.Module.cuda = lambda self, *a, **k: self
to = torch.Tensor.to
def to_cpu(self, *a, **k):
    return self if a and str(a[0]).startswith('cuda') else to(self, *a, **k)
torch.Tensor.to = to_cpu
parts = ('', '.drive', '.files', '.patches')
for name in ('google', *('google.colab' + part for part in parts)):
    sys.modules[name] = types.ModuleType(name)
sys.modules['google.colab'].drive = sys.modules['google.colab.drive']
sys.modules['google.colab'].files = sys.modules['google.colab.files']
sys.modules['google.colab.patches'].cv2_imshow = lambda image: None
sys.modules['google.colab'].drive.mount = lambda *a, **k: None
class _Local:
    def __init__(self, url): self.content = open(url.split('/')[-1], 'rb').read()
    text = property(lambda self: self.content.decode())
    ok, status_code, raise_for_status = True, 200, lambda self: None
import requests
requests.get = lambda url, *a, **k: _Local(url)
"""
NARROW = """
from torchvision.models import resnet
from reference.studio.narrow import narrow_resnet50
resnet.ResNet = lambda block, layers, **kwargs: narrow_resnet50()
"""


def read(steps: int) -> tuple[Submission, Path]:
    """The course-form sample, its attacks cut to `steps` steps, and where its files lie."""
    folder = Path(tempfile.mkdtemp())
    submission = read_submission(
        build_zip("course_form", folder / "course_form.zip"), folder / "files"
    )
    cells = tuple(
        replace(c, source=c.source.replace("=200)", f"={steps})").replace("(200)", f"({steps})"))
        for c in submission.cells
    )
    return replace(submission, cells=cells), folder / "files"


def plain(submission: Submission, bundle: Bundle) -> float:
    """Seconds of plain nbclient for the cells."""
    sources = [c.source for c in submission.cells if c.kind == "code"]
    narrow = NARROW if bundle.width_divisor > 1 else ""
    make: Any = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=[make(NO_CUDA + narrow), *map(make, sources)]
    )
    with tempfile.TemporaryDirectory() as work:
        shutil.copytree(bundle.root / "files", work, dirs_exist_ok=True)
        os.environ["TORCH_HOME"] = str(bundle.torch_home)
        started = time.perf_counter()
        NotebookClient(
            notebook, timeout=None, kernel_name="python3", resources={"metadata": {"path": work}}
        ).execute()
        return time.perf_counter() - started


def ours(submission: Submission, files: Path, bundle: Bundle) -> float:
    """Seconds of the grader's execution stage for the same cells, probes and all."""
    assignment = load_assignment()
    alignment = align(submission, assignment)
    options = RunOptions(device="cpu", seed=1, nonce="bench")
    plan = plan_run(submission, alignment, probes_of(assignment, 1), bundle, options)
    with tempfile.TemporaryDirectory() as out:
        job = Job(
            submission=submission,
            submission_folder=files,
            bundle=bundle,
            course_files=assignment.course_files,
            evidence_folder=Path(out) / "evidence",
            executed_notebook=Path(out) / "executed.ipynb",
            threads=len(os.sched_getaffinity(0)),
            tier=host_support().tier,
            on_progress=lambda _: None,
        )
        started = time.perf_counter()
        evidence = execute(plan, job)
        seconds = time.perf_counter() - started
    failed = [run for run in evidence.cells if run.error_name]
    if failed:
        raise SystemExit(f"the notebook failed: {failed[0]}")
    return seconds


def main() -> None:
    """Print a line per round and the ratio of the minima."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="studio")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    bundle = get_bundle(options.bundle)
    submission, files = read(options.steps)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {bundle.name}")
    rows = []
    for number in range(options.rounds):
        rows.append((plain(submission, bundle), ours(submission, files, bundle)))
        print(f"round {number + 1}: plain nbclient {rows[-1][0]:.1f} s, grader {rows[-1][1]:.1f} s")
    ratio = min(row[1] for row in rows) / min(row[0] for row in rows)
    print(f"grader / plain nbclient: {ratio:.2f}")


if __name__ == "__main__":
    main()
