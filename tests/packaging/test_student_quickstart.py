"""docs/quickstart-student.md, typed as it stands, on a notebook that is half done.

The wheel is installed as a student installs it, so that the environment holds what it declares and
nothing else. This needs a package index, or this machine's caches of one; versions are those of
requirements.lock, so that what `make setup` has fetched is linked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.model.results_folder import ResultFolder
from grader.sandbox.tiers import host_support
from tests.docs.pages import ROOT, blocks_of
from tests.packaging.building import student_wheel
from tests.solved_answers import RELEASE_NOTEBOOK, fill_in

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(1800)]

ME = "jdoe"


@dataclass(frozen=True)
class Student:
    """A folder with the wheel and the notebook, and what the page says to type there."""

    folder: Path
    """Holds `my.ipynb`, half done."""

    def types(self, command: str) -> subprocess.CompletedProcess[str]:
        """Type a command of the page."""
        left_out = {"PYTHONPATH", "VIRTUAL_ENV"}
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        ours = {
            "PATH": f"{Path(sys.base_prefix, 'bin')}:{kept['PATH']}",
            "UV_CONSTRAINT": str(ROOT / "requirements.lock"),
        }
        return subprocess.run(
            ["bash", "-euc", command.replace("YOU", ME)],
            cwd=self.folder,
            env=kept | ours,
            capture_output=True,
            text=True,
            check=False,
        )


def commands() -> tuple[str, ...]:
    """Return all commands of the page, in order."""
    page = ROOT / "docs" / "quickstart-student.md"
    return tuple(command for block in blocks_of(page) for command in block.commands)


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Student]:
    build = ROOT / "build"  # on one disk with the caches, so that packages are linked
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="student-", dir=build) as folder:
        shutil.copy(student_wheel(tmp_path_factory), folder)
        fill_in(RELEASE_NOTEBOOK, Path(folder) / "my.ipynb", "13")
        one = Student(folder=Path(folder))
        for command in commands()[:2]:
            done = one.types(command)
            assert done.returncode == 0, done.stdout + done.stderr
        yield one


def outcomes(said: str) -> dict[str, str]:
    """Return what a table says of each part: the beginning of its line."""
    return dict(re.findall(r"^(\d\(\w\))\*? +(.*?) *$", said, re.MULTILINE))


def test_the_page_is_what_is_typed_here() -> None:
    assert [re.split(r" (?=my|YOU|pset4_check)", one)[0] for one in commands()] == [
        "python3 -m venv check && check/bin/pip install uv",
        "check/bin/uv pip install --python check/bin/python",
        "check/bin/pset4-check check",
        "check/bin/pset4-check check",
        "check/bin/pset4-check pack",
        "check/bin/pset4-check check",
    ]


def test_parts_are_tried(student: Student) -> None:
    done = student.types(commands()[2])
    assert done.returncode == 0, done.stdout + done.stderr
    found = outcomes(done.stdout)
    assert {part for part in found if part[0] not in "13"} == set()
    assert [found[part].split("  ")[0] for part in ("1(a)", "1(b)", "3(a)", "3(b)")] == [
        "Passed"
    ] * 4
    assert found["3(c)"].startswith("Needs grading")


def test_every_cell_is_tried_with_few_steps(student: Student) -> None:
    done = student.types(commands()[3])
    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes(done.stdout)["1(a)"].startswith("Passed")
    assert outcomes(done.stdout)["2(c)"].startswith("Not attempted")
    assert "Quick check: attacks made a few steps only" in done.stdout


def test_the_zip_is_made_and_checked(student: Student) -> None:
    done = student.types(commands()[4])
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(student.folder / f"{ME}.zip") as archive:
        assert sorted(archive.namelist()) == ["my.ipynb", "report.pdf"]
    assert "- 4(c) is not answered." in done.stdout

    done = student.types(commands()[5])
    assert done.returncode == 1, done.stdout + done.stderr
    found = outcomes(done.stdout)
    assert "Passed" in found["1(a)"]
    assert "Not attempted" in found["4(a)"]
    assert "Policy not met:" in done.stdout
    names = {path.name for path in (student.folder / "results" / ME).iterdir()}
    assert {"feedback.html", "feedback.pdf"} <= names
    assert "staff.html" not in names
    # What is faster for staff is faster here: kernels are forked from a process with PyTorch.
    notes = {note["code"] for note in _evidence(student)["notes"]}
    assert "kernel-cold" not in notes or not host_support().tier.boxed


def _evidence(student: Student) -> dict[str, Any]:
    folder = ResultFolder(root=student.folder / "results" / ME)
    found: dict[str, Any] = json.loads(folder.record("evidence").read_text())
    return found
