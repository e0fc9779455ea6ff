"""What one input takes: seconds of processor time, and memory above what there was before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Worst:
    """The greatest of many inputs."""

    seconds: float = 0.0
    """Processor time of one."""
    mib: float = 0.0
    """Memory that one took, above what there was when it came."""

    @contextmanager
    def of(self) -> Iterator[None]:
        """Measure one input."""
        _CLEAR.write_text("5", encoding="ascii")  # forget the greatest so far
        before, began = _mib("VmRSS"), time.process_time()
        yield
        self.seconds = max(self.seconds, time.process_time() - began)
        self.mib = max(self.mib, _mib("VmHWM") - before)

    def take(self, seconds: float, mib: float) -> None:
        """Count what was measured elsewhere."""
        self.seconds, self.mib = max(self.seconds, seconds), max(self.mib, mib)


def _mib(name: str) -> float:
    line = next(one for one in _STATUS.read_text("ascii").splitlines() if one.startswith(name))
    return int(line.split()[1]) / 1024
