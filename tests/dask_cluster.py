"""A real Dask cluster on loopback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import Client


@contextmanager
def dask_workers(
    folder: Path, *, count: int = 2, python: str = "", preload: str = ""
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, and its workers, each a process with one thread.

    Args:
        folder: Logs and the workers' files.
        count: How many workers.
        python: Of the environment that they run in; empty for ours, with this checkout on its path.
        preload: A file of Python that scheduler and workers load first.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment |= {} if python else {"PYTHONPATH": str(Path.cwd())}
    loading = ["--preload", preload] if preload else []
    log = (folder / "scheduler.log").open("wb")
    scheduler = subprocess.Popen(
        [
            python or sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--no-dashboard",
            *loading,
        ],
        env=environment,
        cwd=folder if python else None,
        stdout=log,
        stderr=subprocess.PIPE,
    )
    address = ""
    assert scheduler.stderr is not None
    for line in scheduler.stderr:
        if found := re.search(rb"Scheduler at:\s+(tcp://\S+)", line):
            address = found[1].decode()
            break
    workers = [
        subprocess.Popen(
            [
                python or sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--local-directory",
                str(folder),
                *loading,
            ],
            env=environment,
            cwd=folder if python else None,
            stdout=log,
            stderr=log,
        )
        for _ in range(count)
    ]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)
    try:
        yield address, workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
        scheduler.stderr.close()
        log.close()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """See `dask_workers`."""
    with dask_workers(tmp_path) as cluster:
        yield cluster
