"""A course on a hub: commands of nbgrader and Otter, in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.solved_answers import RELEASE_NOTEBOOK, read

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "build/nbgrader"
"""Made by `make nbgrader`, of `tests/nbgrader/requirements.lock`."""
GRADER = ROOT / ".venv/bin/grader"
LIMIT_S = 1800
_STATE = """
import json, sys
from nbgrader.api import Gradebook
with Gradebook(sys.argv[1]) as book:
    told = {}
    for submission in book.assignment_submissions("pset4"):
        (notebook,) = submission.notebooks
        told[submission.student.id] = {
            "parts": {
                one.name: [one.auto_score, one.manual_score, one.needs_manual_grade]
                for one in notebook.grades
            },
            "comments": {c.name: c.comment for c in notebook.comments},
            "penalty": notebook.late_submission_penalty,
        }
    print(json.dumps(told))
"""
_GIVE = """
import sys
from nbgrader.api import Gradebook
with Gradebook(sys.argv[1]) as book:
    grade = book.find_grade(sys.argv[3], "pset4", "pset4", sys.argv[2])
    grade.manual_score, grade.needs_manual_grade = float(sys.argv[4]), False
    book.db.commit()
"""
"""As the formgrader does when a person types a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    status: int
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """Where commands run."""

    folder: Path
    """Of this try: course, exchange and home lie in it."""

    @property
    def course(self) -> Path:
        """The course's folder, which staff have."""
        return self.folder / "course"

    def run(self, where: Path, *command: str | Path, status: int = 0) -> str:
        """Run a command as on the hub; return what it said.

        Raises:
            AssertionError: it ended otherwise.
        """
        ended = run(where, command, self._variables())
        assert ended.status == status, (
            f"{' '.join(map(str, command))}: exit status {ended.status}\n{ended.output[-4000:]}"
        )
        return ended.output

    def python(self, where: Path, *arguments: str | Path, status: int = 0) -> str:
        """Run nbgrader's Python."""
        return self.run(where, ENVIRONMENT / "bin/python", *arguments, status=status)

    def gradebook(self) -> dict[str, Any]:
        """Return nbgrader's scores, comments and penalties, by student."""
        told = self.python(self.course, "-c", _STATE, self._url())
        read: dict[str, Any] = json.loads(told.splitlines()[-1])
        return read

    def give(self, student: str, part_id: str, points: float) -> None:
        """Give points as a person in the formgrader."""
        self.python(self.course, "-c", _GIVE, self._url(), student, part_id, str(points))

    def _url(self) -> str:
        return f"sqlite:///{self.course / 'gradebook.db'}"

    def _variables(self) -> Mapping[str, str]:
        home = self.folder / "home"
        return {
            **os.environ,
            "PATH": f"{ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
            "HOME": str(home),
            "JUPYTER_DATA_DIR": str(home / "jupyter"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
        }


def run(where: Path, command: tuple[str | Path, ...], variables: Mapping[str, str]) -> Ended:
    """Run a command to its end."""
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=where,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Ended(status=ended.returncode, output=ended.stdout)


def same_cells(made: Path) -> None:
    """Hold that a notebook is our release, cell by cell.

    Raises:
        AssertionError: it is not.
    """
    theirs, ours = read(made).cells, read(RELEASE_NOTEBOOK).cells
    assert [cell.id for cell in theirs] == [cell.id for cell in ours]
    for cell, own in zip(theirs, ours, strict=True):
        assert (cell.cell_type, cell.source) == (own.cell_type, own.source), cell.id
        assert cell.metadata.pset4 == own.metadata.pset4, cell.id
