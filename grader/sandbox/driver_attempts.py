"""What the doctor tries as a driver: root that has stepped down, outside of every box.

    python -m grader.sandbox.driver_attempts FOLDER

The folder is root's and holds a socket `s` that listens. Prints one line of JSON:
{"held": bool, "found": "what happened"}.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from grader.sandbox.stepping_down import KEPT, effective_capabilities, may_step_down, step_down


def main(folder: Path) -> tuple[bool, str]:
    """Step down, then try what root could; return whether nothing succeeded, and what did."""
    if not may_step_down():
        return os.getuid() != 0, f"was never root, is user {os.getuid()}"
    step_down()
    done = [name for name, attempt in _attempts(folder) if _succeeds(attempt)]
    held = not done and effective_capabilities() == sum(1 << one for one in KEPT)
    return held, f"is user {os.getuid()}, did {', '.join(done) or 'nothing'} of root's"


def _attempts(folder: Path) -> list[tuple[str, Callable[[], object]]]:
    return [
        ("connect to a socket", lambda: _connect(folder / "s")),
        ("write a file", lambda: (folder / "x").write_text("x")),
        ("lay a link", lambda: (folder / "l").symlink_to("/")),
        ("open a kernel setting", lambda: os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)),
        ("become root again", lambda: os.setuid(0)),
        ("open the memory of its parent", lambda: os.open(_memory_of_parent(), os.O_RDONLY)),
    ]


def _memory_of_parent() -> str:
    return f"/proc/{os.getppid()}/mem"


def _connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(path))


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    _held, _found = main(Path(sys.argv[1]))
    sys.stdout.write(json.dumps({"held": _held, "found": _found}) + "\n")
