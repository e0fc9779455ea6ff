"""The CI workflow's very steps, run in order in a clean clone of a student's repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests import factories
from tests.grader.conftest import LAYERS

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "templates/ci/github-actions.yml"

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text())["jobs"]["check"]["steps"]
    return found


@pytest.fixture
def grader_repository(tmp_path: Path) -> Path:
    """A clean copy of what is committed here, under a branch of its own."""
    path = tmp_path / "grader.git"
    run("git", "clone", "--quiet", "--bare", str(ROOT), str(path), cwd=tmp_path)
    head = run("git", "rev-parse", "HEAD", cwd=ROOT).strip()
    run("git", "update-ref", "refs/heads/under-test", head, cwd=path)
    return path


@pytest.fixture
def student_repository(tmp_path: Path) -> Path:
    path = tmp_path / "pset4-jdoe"
    path.mkdir()
    (path / "pset4.ipynb").write_bytes(factories.notebook_bytes([factories.code_cell(LAYERS)]))
    (path / "report.pdf").write_bytes(factories.pdf_bytes())
    identity = ("-c", "user.name=J Doe", "-c", "user.email=jdoe@example.edu")
    run("git", "init", "--quiet", cwd=path)
    run("git", "add", ".", cwd=path)
    run("git", *identity, "commit", "--quiet", "-m", "hand in", cwd=path)
    return path


def test_every_step_runs_in_a_clean_clone(
    grader_repository: Path, student_repository: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    env = {
        "BYTECODE": "",
        **{k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTEST"))},
        "GRADER_REPO": grader_repository.as_uri(),
        "GRADER_REF": "under-test",
        "KERBEROS": "pset4-jdoe",
        "REQUIRE": "structure",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    scripts = [step["run"] for step in steps() if "run" in step]
    assert len(scripts) == 6
    for script in scripts:
        run("bash", "-c", script, cwd=student_repository, env=env)
    feedback = student_repository / ".pset4/feedback"
    assert ET.parse(feedback / "junit.xml").getroot().tag == "testsuites"  # noqa: S314 -- our own
    assert (feedback / "jdoe/feedback.pdf").read_bytes().startswith(b"%PDF")
    assert "jdoe" in summary.read_text()
    assert "Convolution layer" in summary.read_text()
