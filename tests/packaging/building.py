"""Wheels of this checkout, built once for all workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from authoring.student_package import build_student_wheel
from tests.shared import made_once

ROOT = Path(__file__).resolve().parents[2]


def uv(*arguments: str | Path) -> None:
    """Run uv in the checkout, without a network."""
    command = [Path(sys.prefix, "bin", "uv"), *arguments, "--offline", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def grader_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Staff's wheel."""

    def build(folder: Path) -> None:
        options = ("--wheel", "--no-build-isolation", "--python", sys.executable)
        uv("build", *options, "--out-dir", folder)

    (wheel,) = made_once(tmp_path_factory, "wheel-of-staff", build).glob("*.whl")
    return wheel


def student_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' package."""
    (wheel,) = made_once(tmp_path_factory, "wheel-of-students", build_student_wheel).glob("*.whl")
    return wheel
