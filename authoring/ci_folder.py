"""The repository that students' workflows use: an action, a reusable workflow, and the wheel.

`make ci` runs `python -m authoring.ci_folder`. The wheel is the students' own (`make student`)
where it was built, else the whole grader, which no student should be able to read.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

from reference.errors import ConfigError

ROOT = Path(__file__).parents[1]
CI = ROOT / "templates" / "ci"
PLACEHOLDER = "ORG/pset4-check@v1"
"""Stands in the templates for the course's own repository."""
PROJECT = PLACEHOLDER.partition("@")[0]
FILES = {
    "github/action.yml": "action.yml",
    "github/check.yml": ".github/workflows/check.yml",
    "github/pset4.yml": "for-students/pset4.yml",
    "gitlab/pset4-check.yml": "templates/pset4-check.yml",
    "classroom50/autograder.py": "autograder.py",
    "pset4-check.sh": "pset4-check.sh",
    "requirements-ci.lock": "requirements-ci.lock",
}
"""Files of `templates/ci`, and where each lies in the folder."""
STUDENTS, WHOLE = "pset4_check-*.whl", "pset4_grader-*.whl"
"""The wheel without solutions, and the one with all."""
ACTION = re.compile(r"[\w.-]+/[\w.-]+@[\w./-]+")
"""How a workflow names a repository: owner, name, and tag or commit."""


def build_folder(target: Path, built: Path, action: str = PLACEHOLDER) -> Path:
    """Make the folder anew, and return the wheel that is in it.

    Args:
        target: The folder.
        built: Where wheels lie.
        action: Owner, name and tag that the repository will have, such as `mit/pset4-check@v1`.

    Raises:
        ConfigError: there is no wheel, or no repository has such a name.
    """
    if not ACTION.fullmatch(action):
        raise ConfigError(
            f"ACTION: expected OWNER/REPOSITORY@TAG, such as {PLACEHOLDER}, found {action!r}"
        )
    wheels = [*sorted(built.glob(STUDENTS)), *sorted(built.glob(WHOLE))]
    if not wheels:
        raise ConfigError(f"{built}: expected a wheel, found none; run `make student` first")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, place in FILES.items():
        path = target / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CI / name, path)  # with its mode
        text = path.read_text(encoding="utf-8")
        project = action.partition("@")[0]
        path.write_text(text.replace(PLACEHOLDER, action).replace(PROJECT, project), "utf-8")
    shutil.copy(wheels[0], target)
    return wheels[0]


def main() -> int:
    """Build the folder; say what the wheel in it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--action", default=PLACEHOLDER)
    options = parser.parse_args()
    target = ROOT / "build" / "pset4-check"
    try:
        wheel = build_folder(target, ROOT / "build", options.action)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{target.relative_to(ROOT)} with {wheel.name}\n")
    if wheel.match(WHOLE):
        sys.stdout.write(
            "This wheel holds the reference and the solved notebook: whoever may use the action "
            "can read them.\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
