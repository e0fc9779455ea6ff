"""Read a report in a process with bounds of its own: see `grader.sandbox.limited`.

    python -m grader.reading.report_process

reads a line of JSON (`_Request`) and a `.npz` of known pictures from standard input, and answers
with a `ReportReading` as JSON.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from grader.model.records import ReportReading
from grader.model.records.codec import from_json, to_json
from grader.reading.notes import trouble
from grader.reading.report import read_report, unread
from grader.reading.report_families import KnownPicture
from grader.reading.report_limits import ReportLimits
from grader.sandbox.limited import TookTooLong, limit_this_process, run_limited
from reference.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the child is asked."""

    path: str
    """The PDF."""
    limits: ReportLimits
    """Bounds of the reading."""
    part_ids: tuple[str, ...]
    """Parts of the assignment."""
    names: tuple[str, ...]
    """Names of the known pictures, in the order of the arrays of the `.npz`."""


def read_report_apart(
    path: Path,
    limits: ReportLimits,
    part_ids: Iterable[str],
    pictures: Sequence[KnownPicture],
) -> ReportReading:
    """Do what `read_report` does in a process of its own; whatever the file does, this returns."""
    known = pictures[: limits.known_pictures]
    path = path.resolve()
    request = _Request(
        path=str(path),
        limits=limits,
        part_ids=tuple(part_ids),
        names=tuple(picture.name for picture in known),
    )
    sink = io.BytesIO()
    sink.write(TypeAdapter(_Request).dump_json(request) + b"\n")
    np.savez(sink, *(picture.rgb for picture in known))
    try:
        answer = run_limited(
            __name__, files=(path,), stdin=sink.getvalue(), timeout_s=limits.wall_s
        )
    except TookTooLong:
        return unread(trouble("report-limits.time", limit_s=limits.wall_s))
    try:
        return from_json(ReportReading, answer.decode("utf-8", "replace"), where=path.name)
    except ConfigError:  # no answer, or none that fits: the child was stopped
        return unread(trouble("report-limits.memory", limit_mib=limits.memory_mib))


def main() -> None:
    """Answer one request."""
    request = TypeAdapter(_Request).validate_json(sys.stdin.buffer.readline())
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as arrays:
        pictures = [
            KnownPicture(name=name, rgb=arrays[f"arr_{place}"])
            for place, name in enumerate(request.names)
        ]
    limits = request.limits
    limit_this_process(memory_mib=limits.memory_mib, cpu_s=int(2 * limits.wall_s) + 1)
    reading = read_report(Path(request.path), limits, request.part_ids, pictures)
    sys.stdout.write(to_json(reading))


if __name__ == "__main__":
    main()
