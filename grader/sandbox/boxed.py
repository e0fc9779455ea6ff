"""Run one command in a box to its end, and return what it said."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.sandbox.box import Box
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.launch import Entry, launch
from grader.sandbox.warm import Streams, WarmServer, launch_warm

SAID_BYTES = 16 * 2**20
"""Bytes of each stream that are read; the rest is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxedResult:
    """How a command in a box ended."""

    status: int | None
    """Exit status, 128 + n for signal n; None where its time ran out and it was killed."""
    output: bytes
    """What it wrote to standard output, up to a bound."""
    errors: str
    """What it wrote to standard error, up to a bound, one line."""


def run_boxed(
    box: Box,
    entry: Entry,
    *,
    cgroup: Cgroup | None,
    timeout_s: float,
    stdin: bytes = b"",
    warm: WarmServer | None = None,
) -> BoxedResult:
    """Run the entry's command in the box; nothing of it is left when this returns.

    With `warm` that fork server makes the box.

    Raises:
        OSError: the box could not be made.
    """
    with (
        tempfile.TemporaryFile() as input_,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        input_.write(stdin)
        input_.seek(0)
        if warm is None:
            boxed = launch(box, entry, cgroup=cgroup, stdin=input_, stdout=output, stderr=errors)
        else:
            streams = Streams(input_.fileno(), output.fileno(), errors.fileno())
            boxed = launch_warm(warm, box, entry, cgroup=cgroup, streams=streams)
        with closing(boxed):
            try:
                status: int | None = boxed.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                status = None
        return BoxedResult(
            status=status,
            output=_beginning(output),
            errors=" ".join(_beginning(errors).decode(errors="replace").split()),
        )


def _beginning(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(SAID_BYTES)


def run_folder(box_folder: str) -> Path:
    """Return the run folder as a path that a box's own user may pass through."""
    folder = Path(box_folder)
    folder.chmod(0o711)
    return folder
