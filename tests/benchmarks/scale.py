"""Ten thousand submissions on a real Dask scheduler: what coordinator, store and zips take.

    python -m tests.benchmarks.scale [--tasks 10000] [--large 300] [--workers 2]

Coordinator, store, scheduler and workers are the real ones, all on loopback. Only what a worker
does with a zip is a stub (`stub_worker`): it gives back the results of a submission that was graded
once, under another name, at once. A second class, smaller, has zips and results of the size of a
complete submission. Both tell where the rest saturates, however many workers there are.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from grader.batch.run.task import GradeTask, TaskResult
from grader.batch.run.worker import grade_task
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment
from tests.benchmarks.batch import copies
from tests.benchmarks.record import Row, save
from tests.benchmarks.stub_worker import RESULT, SENT, sent_by
from tests.dask_cluster import dask_workers

MIB, GIB = 2**20, 2**30
BESIDE = 128 * 1024
"""Bytes that a submission takes beside its results: its zip, its sheet in the store, blocks."""
COMPLETE_ZIP_MIB, COMPLETE_RESULTS_MIB = 0.5, 8.0
"""Of the sample `complete`, about: its zip, and all its results as a tar."""
BUNDLE = "studio-narrow"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        graded = graded_once(Path(name))
        refuse_without_room(Path(name), options.tasks * (len(graded.archive) + BESIDE))
        small = simulate(Path(name) / "small", options.tasks, graded, options.workers)
        large = simulate(
            Path(name) / "large",
            options.large,
            replace(graded, archive=padded(graded.archive, int(COMPLETE_RESULTS_MIB * MIB))),
            options.workers,
            padding=int(COMPLETE_ZIP_MIB * MIB),
        )
    numbers = {
        "rate": small["rate"],
        "coordinator seconds": small["cpu"] / small["number"],
        "large rate": large["rate"],
        "large MiB": (large["zip"] + large["results"]) / MIB,
    }
    rows = [*_rows(small), *_rows_of_large(large)]
    save("scale", rows, details=_details(small, large), numbers=numbers)


def refuse_without_room(folder: Path, needed: int) -> None:
    """End, with a sentence, where results of all tasks have no room."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        sys.exit(
            f"{folder}: expected {needed / GIB:.0f} GiB free for the results of all tasks, found "
            f"{free / GIB:.0f} GiB; name another place by TMPDIR, or ask for fewer --tasks."
        )


def graded_once(folder: Path) -> TaskResult:
    """Grade a layer notebook as a worker of a cluster does, PDF included."""
    path = copies(folder, 1) / "s0000.zip"
    task = GradeTask(
        content=path.read_bytes(),
        hand_in=HandIn(path=path, kerberos="s0000", course="6.869"),
        run_key="",
        assignment=load_assignment(),
        settings=RunSettings(bundle=BUNDLE),
        out=None,
        pdf=True,
    )
    result = grade_task(task)
    if result.sheet is None:
        sys.exit(f"the submission was not graded: {result.sentence}")
    return result


def padded(archive: bytes, size: int) -> bytes:
    """Return a tar with one more file, of so many bytes."""
    whole = io.BytesIO(archive)
    with tarfile.open(fileobj=whole, mode="a") as tar:
        member = tarfile.TarInfo("padding.bin")
        member.size = size
        tar.addfile(member, io.BytesIO(os.urandom(size)))
    return whole.getvalue()


def simulate(
    folder: Path, number: int, graded: TaskResult, workers: int, padding: int = 0
) -> dict[str, float]:
    """Grade a class by stubs; return what `tests.benchmarks.coordinator` found."""
    hand_ins = folder / "in"
    hand_ins.mkdir(parents=True)
    source = (copies(folder.parent, 1) / "s0000.zip").read_bytes()
    for index in range(number):
        path = hand_ins / f"s{index:05d}.zip"
        path.write_bytes(source)
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = path.stem.encode()  # else all are one blob
            if padding:
                archive.writestr("padding.bin", os.urandom(padding))
    (folder / RESULT).write_bytes(pickle.dumps(graded))
    os.environ[SENT] = str(folder)
    try:
        preload = str(Path(__file__).with_name("stub_worker.py"))
        with dask_workers(folder, count=workers, preload=preload) as (address, _):
            command = [sys.executable, "-m", "tests.benchmarks.coordinator", address]
            done = subprocess.run(
                [*command, str(hand_ins), str(folder / "results")],
                check=False,
                stdout=subprocess.PIPE,
                text=True,
            )
            if done.returncode:
                sys.exit(f"the simulation failed: {done.stdout[-2000:]}")
            found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
            sent = {who: sent_by(folder, who) for who in ("coordinator", "scheduler", "worker")}
    finally:
        del os.environ[SENT]
    zips = sum(path.stat().st_size for path in hand_ins.iterdir())
    sizes = {"zip": zips / number, "results": len(graded.archive) + len(graded.sheet_json)}
    return found | {f"sent by {who}": amount / number for who, amount in sent.items()} | sizes


def _rows(found: dict[str, float]) -> list[Row]:
    number = int(found["number"])
    early, late = found["early rate"], found["late rate"]
    return [
        Row(
            what=f"{number} stub tasks on a Dask scheduler: tasks per second",
            bar="as many in the last quarter as in the first",
            found=f"{found['rate']:.0f} ({early:.0f} in the first quarter, {late:.0f} in the last)",
            reached=late >= 0.8 * early,
            why=f"the coordinator took {1e3 * found['cpu'] / number:.1f} ms of CPU each, of which "
            f"{1e3 * found['store seconds'] / number:.1f} ms wall clock were in the store",
        ),
        Row(
            what=f"memory of the coordinator, {number} stub tasks",
            bar="flat",
            found=f"{found['early MiB']:.0f} MiB after a quarter, {found['late MiB']:.0f} MiB at "
            f"the last task",
            reached=found["late MiB"] <= 1.1 * found["early MiB"] + 64,
            why=f"with the tables of the class at the end {found['end MiB']:.0f} MiB",
        ),
    ]


def _rows_of_large(found: dict[str, float]) -> list[Row]:
    return [
        Row(
            what="zips and results of the size of complete submissions through scheduler and "
            "coordinator",
            bar="",
            found=f"{found['rate']:.1f} per second, "
            f"{found['rate'] * (found['zip'] + found['results']) / MIB:.0f} MiB/s",
            reached=None,
        )
    ]


def _details(*classes: dict[str, float]) -> str:
    lines = []
    for found in classes:
        number = int(found["number"])
        lines += [
            f"{number} submissions",
            f"  {found['zip'] / 1024:8.0f} KiB  a zip",
            f"  {found['results'] / 1024:8.0f} KiB  of results each",
            f"  {found['before']:8.1f} s    until the first is sent",
            f"  {found['seconds']:8.1f} s    until the last result",
            f"  {found['rate']:8.1f}      tasks per second",
            f"  {1e3 * found['cpu'] / number:8.1f} ms   CPU of the coordinator per task",
            f"  {1e3 * found['store seconds'] / number:8.1f} ms   in the store per task",
            f"  {1e3 * found['files seconds'] / number:8.1f} ms   unpacking results per task",
            f"  {found['late MiB']:8.0f} MiB  of the coordinator at the last task",
            *(
                f"  {found[f'sent by {who}'] / 1024:8.0f} KiB  sent by the {who} per task"
                for who in ("coordinator", "scheduler", "worker")
            ),
            f"  {found['exports']:8.1f} s    gradebook and page of the class, once",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
