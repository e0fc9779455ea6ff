"""Run `pset4-check` as on a system without Unix's modules: ours cannot import them.

Libraries keep theirs: on such a system they have others in their place.
"""

from __future__ import annotations

import os
import sys
from typing import Any

HIDDEN = {"fcntl", "resource", "pwd", "grp", "termios"}


class Hider:
    """Refuses these modules to our packages."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name not in HIDDEN:
            return
        frame = sys._getframe(1)
        while frame.f_back is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if "/grader/" in frame.f_code.co_filename or "/reference/" in frame.f_code.co_filename:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def main() -> int:
    import asyncio
    import subprocess
    import tempfile

    import psutil

    assert all((asyncio, subprocess, tempfile, psutil))
    for name in HIDDEN:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Hider())
    del os.sched_getaffinity
    from grader.sandbox import apart

    apart.LINUX = False
    from grader.app.student_main import main as check

    return check(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
