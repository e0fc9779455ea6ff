"""Gradescope's folders, and a container that allows no boxes: for tests of the autograder."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEMPORARY = "/tmp"  # noqa: S108 -- the container's own


@dataclass(frozen=True)
class Container:
    """What the platform's container has."""

    root: Path
    """Becomes `/autograder`."""
    environment: Path
    """Becomes `/opt/pset4`."""

    def run(self, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the autograder, as root of the container."""
        python = Path(sys.base_prefix)
        argv = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
        for folder in ("/usr", "/etc"):
            argv += ["--ro-bind", folder, folder]
        for name in ("bin", "lib", "lib64", "sbin"):
            if Path(f"/{name}").is_symlink():
                argv += ["--symlink", str(Path(f"/{name}").readlink()), f"/{name}"]
        argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", TEMPORARY, "--tmpfs", "/opt"]
        if not python.is_relative_to("/usr"):
            for above in reversed(python.parents[:-1]):
                argv += ["--perms", "0755", "--dir", str(above)]
            argv += ["--ro-bind", str(python), str(python)]
        # What an ordinary container lacks: a box is refused there.
        argv += ["--ro-bind", "/dev/null", "/usr/bin/bwrap"]
        argv += ["--bind", str(self.root), "/autograder"]
        argv += ["--bind", str(self.environment), "/opt/pset4", "--chdir", "/autograder"]
        paths = f"{python}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        for name, value in {"PATH": paths, "HOME": TEMPORARY, **environment}.items():
            argv += ["--setenv", name, value]
        argv += ["--cap-add", "ALL", program]
        return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=900)

    def submit(self, files: dict[str, bytes], **changes: Any) -> None:
        """Lay out a submission as the platform does, and forget the results of another one."""
        submission = self.root / "submission"
        subprocess.run(["rm", "-rf", str(submission), str(self.root / "results")], check=True)
        (self.root / "results").mkdir()
        for name, data in files.items():
            path = submission / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        metadata = self.root / "submission_metadata.json"
        metadata.write_text(json.dumps(metadata_of(**changes)))

    def results(self) -> dict[str, Any]:
        """What was written for the platform."""
        found: dict[str, Any] = json.loads((self.root / "results/results.json").read_text())
        return found


def metadata_of(**changes: Any) -> dict[str, Any]:
    """`submission_metadata.json`, as the platform's documentation shows it."""
    return {
        "id": 123456,
        "created_at": "2021-03-30T14:00:12.345678-07:00",
        "assignment": {
            "due_date": "2021-03-31T23:59:00.000000-04:00",
            "group_size": None,
            "group_submission": False,
            "id": 25828,
            "course_id": 25828,
            "late_due_date": None,
            "release_date": "2021-03-10T09:00:00.000000-05:00",
            "title": "Problem Set 4",
            "total_points": "11.0",
        },
        "submission_method": "upload",
        "users": [{"email": "jdoe@mit.edu", "id": 1234, "name": "Jane Doe"}],
        "previous_submissions": [],
        **changes,
    }
