"""Classroom 50: checks a submission of Problem Set 4 and writes ./result.json.

Put this file, pset4-check.sh, requirements-ci.lock and the students' wheel (all of `make ci`) into
CLASSROOM/autograders/ASSIGNMENT/ of the classroom50 repository. Students can read what lies there.
The platform stops a job after 15 minutes, with everything: the narrow networks, and an image or a
runner with the packages (`runtime`), are what fits. Scores are whole numbers: points times SCALE.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCALE = 60
"""Makes the maximum of every part a whole number: 0.33 (a third), 0.8, 1."""
LIMIT_S = 13 * 60
"""Seconds for the check, so that a result is written before the platform stops the job."""
HERE = Path(__file__).resolve().parent


def result_of(sheet: dict[str, Any], facts: dict[str, str], now: str) -> dict[str, Any]:
    """Return what Classroom 50 reads, from our results.json and what the platform told.

    What waits for a person has no points yet: it is no test that failed, and not in the maximum.
    """
    tests = []
    for part in sheet["parts"]:
        most = _scaled(part["max_points"])
        waits = part["pending_points"] > 0
        if (not part["required"] and not part["bonus"]) or waits:
            continue
        score = _scaled(part["points"])
        name = f"{part['id']} {part['title']}"
        tests.append(
            {
                "test-name": name + (" (bonus)" if part["bonus"] else ""),
                "passed": score >= most,
                "score": score,
                "max-score": 0 if part["bonus"] else most,
                "message": part["message"],
            }
        )
    return {
        "schema": "classroom50/result/v1",
        **{key: facts.get(variable, "") for key, variable in _FACTS.items()},
        "datetime": now,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


_FACTS = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}


def _scaled(points: float) -> int:
    return round(points * SCALE)


def main() -> int:
    """Check the repository of the current folder."""
    home = Path.home()
    settings = {
        "ENVIRONMENT": str(home / ".pset4-check"),
        "WORK": str(home / "pset4-work"),
        "KERBEROS": os.environ.get("USERNAME", ""),
        "BUNDLE": "studio-narrow",
        "ISOLATION": "require",
        # The platform's own names for other things.
        "ASSIGNMENT": os.environ.get("PSET4_ASSIGNMENT", ""),
    }
    settings |= {
        key: os.environ[f"PSET4_{key}"] for key in _CHOICES if f"PSET4_{key}" in os.environ
    }
    for step in ("packages", "system", "grader", "pack", "check", "feedback"):
        command = ["bash", str(HERE / "pset4-check.sh"), step]
        done = subprocess.run(command, env={**os.environ, **settings}, timeout=LIMIT_S, check=False)
        status = done.returncode
        if status not in ((0, 1) if step == "check" else (0,)):
            return status
    work = Path(settings["WORK"])
    (found,) = (work / "results").glob("*/results.json")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    result = result_of(json.loads(found.read_text(encoding="utf-8")), dict(os.environ), now)
    Path("result.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    summary = (work / "feedback" / "summary.md").read_text(encoding="utf-8")
    Path("release-body.md").write_text(summary, encoding="utf-8")
    return 0


_CHOICES = ("BUNDLE", "ISOLATION", "COURSE", "SUBMITTED", "KERBEROS", "WORK", "ENVIRONMENT")
"""Settings of pset4-check.sh that PSET4_… in the runtime's environment changes."""

if __name__ == "__main__":
    sys.exit(main())
