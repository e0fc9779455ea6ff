"""The steps of CI templates, run as written and in order, in clean clones of repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from authoring.ci_folder import build_folder
from authoring.gradescope_zip import build_autograder
from tests import factories
from tests.ci.gradescope_box import Container
from tests.grader.conftest import LAYERS
from tests.packaging.building import grader_wheel, student_wheel

pytestmark = [pytest.mark.kernel, pytest.mark.whole, pytest.mark.timeout(1500)]


@dataclass(frozen=True)
class Course:
    """What staff publish, and where a runner keeps what it installs."""

    folder: Path
    home: Path

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "PYTEST"))}
        return {**kept, "UV_OFFLINE": "0", "HOME": str(self.home), **_CACHES, **changes}


_CACHES = {
    name: os.environ.get(name) or str(Path.home() / place)
    for name, place in (
        ("UV_CACHE_DIR", ".cache/uv"),
        ("PIP_CACHE_DIR", ".cache/pip"),
        ("PSET4_CACHE", ".cache/pset4-grader"),
    )
}
"""Caches of this machine: packages are not fetched again for a home that is new."""


def run(command: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    # As GitHub's and GitLab's runners start bash.
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    return subprocess.run(argv, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def repository(path: Path, files: dict[str, bytes], tag: str = "") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (path / name).write_bytes(data)
    identity = "-c user.name=J -c user.email=jdoe@example.edu"
    script = f"git init -q && git add . && git {identity} commit -qm 'hand in'"
    done = run(script + (f" && git tag {tag}" if tag else ""), path, dict(os.environ))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    folder = tmp_path_factory.mktemp("course")
    (folder / "w").mkdir()
    for wheel in (grader_wheel(tmp_path_factory), student_wheel(tmp_path_factory)):
        shutil.copy(wheel, folder / "w")
    wheel = build_folder(folder / "pset4-check", folder / "w", "mit/pset4-check@v1")
    assert wheel.name.startswith("pset4_check-")  # without solutions
    repository(folder / "pset4-check", {}, tag="1.0")
    (folder / "home").mkdir()
    return Course(folder=folder / "pset4-check", home=folder / "home")


class Runner:
    """As much of GitHub's runner as a composite action needs."""

    def __init__(self, course: Course, workspace: Path, inputs: dict[str, str]) -> None:
        self.workspace = workspace
        self.temp = course.home.parent / "temp"
        self.temp.mkdir(exist_ok=True)
        self.summary = self.temp / "summary.md"
        self.output = self.temp / "output"
        action = yaml.safe_load((course.folder / "action.yml").read_text())
        defaults = {name: one["default"] for name, one in action["inputs"].items()}
        self.values = {f"inputs.{k}": v for k, v in (defaults | inputs).items()}
        self.values |= {
            "github.action_path": str(course.folder),
            "github.repository": "mit/pset4-jdoe",
        }
        self.env = course.environment(
            RUNNER_TEMP=str(self.temp),
            GITHUB_STEP_SUMMARY=str(self.summary),
            GITHUB_OUTPUT=str(self.output),
            GITHUB_ACTIONS="true",
        )
        self.steps: list[dict[str, Any]] = action["runs"]["steps"]
        self.log = ""

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ *([^ ]+) *\}\}", lambda match: self.values[match[1]], text)

    def go(self) -> int:
        """Run the steps; after one that fails only those that always run. Return its status."""
        failed = 0
        for step in self.steps:
            if "run" not in step or (failed and "always()" not in step.get("if", "")):
                continue
            self.output.write_text("")
            own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
            done = run(step["run"], self.workspace, self.env | own)
            self.log += done.stdout + done.stderr
            failed = failed or done.returncode
            for line in self.output.read_text().splitlines():
                name, _, value = line.partition("=")
                self.values[f"steps.{step['id']}.outputs.{name}"] = value
        return failed

    def uploaded(self) -> Path:
        (step,) = (one for one in self.steps if "upload-artifact" in one.get("uses", ""))
        return Path(self.filled(step["with"]["path"]))


def notebook() -> bytes:
    return factories.notebook_bytes([factories.code_cell(LAYERS), factories.code_cell("1/0")])


def test_every_step_of_the_action_runs_in_a_clean_clone(course: Course, tmp_path: Path) -> None:
    files = {"pset4.ipynb": notebook(), "report.pdf": factories.pdf_bytes()}
    student = repository(tmp_path / "pset4-jdoe", files)
    runner = Runner(course, student, {"bundle": "studio-narrow", "require": "run"})

    assert runner.go() == 1, runner.log

    assert "::warning file=pset4.ipynb,line=" in runner.log
    names = {path.name for path in runner.uploaded().iterdir()}
    pages = {"feedback.html", "feedback.pdf"}
    assert names == {*pages, "junit.xml", "summary.md", "gl-code-quality.json"}
    assert "ZeroDivisionError" in runner.summary.read_text()
    size = sum(path.stat().st_size for path in runner.uploaded().iterdir())
    assert size < 5_000_000
    assert not list(student.glob(".pset4*"))
    # The environment is the small one, and another push finds it as it is.
    environment = Path(runner.values["steps.folders.outputs.environment"])
    assert not list(environment.glob("lib/*/site-packages/triton"))
    assert not list(environment.glob("lib/*/site-packages/nvidia/**/libcudnn_*"))
    packages = run(
        '"$ACTION/pset4-check.sh" packages',
        student,
        course.environment(ACTION=str(course.folder), ENVIRONMENT=str(environment)),
    )
    assert packages.returncode == 0, packages.stderr


def test_every_line_of_gitlabs_job_runs_in_a_clean_clone(course: Course, tmp_path: Path) -> None:
    student = repository(tmp_path / "pset4-jdoe", {"notes.txt": b"later"})
    spec, job = yaml.safe_load_all((course.folder / "templates/pset4-check.yml").read_text())
    inputs = {name: str(one["default"]) for name, one in spec["spec"]["inputs"].items()}
    inputs |= {"source": course.folder.as_uri(), "bundle": "studio-narrow"}
    job = job["pset4-check"]

    def filled(text: str) -> str:
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda match: inputs[match[1]], text)

    predefined = {"CI_PROJECT_DIR": str(student), "CI_PROJECT_PATH": "mit/pset4-jdoe"}
    env = course.environment(**predefined)
    for name, value in job["variables"].items():
        env[name] = re.sub(r"\$(CI_\w+)", lambda match: env[match[1]], filled(value))
    # What the cache of an earlier job left.
    (student / ".pset4-check").mkdir()
    (student / ".pset4-check/environment").symlink_to(course.home / ".pset4-check")

    statuses = [run(filled(line), student, env).returncode for line in job["script"]]
    after = [run(filled(line), student, env).returncode for line in job["after_script"]]

    assert statuses == [0] * (len(statuses) - 1) + [2]
    assert after == [0]
    reports = job["artifacts"]["reports"]
    assert ET.parse(student / reports["junit"]).getroot().tag == "testsuites"  # noqa: S314 -- our own
    assert json.loads((student / reports["codequality"]).read_text())[0]["severity"] == "major"


NOSY = """
import os, subprocess, sys
HIDDEN = ["/autograder/source", "/autograder/source/code", "/autograder/source/settings.toml",
          "/autograder/results", "/autograder/submission_metadata.json"]
if os.getuid() == 0 or any(os.access(path, os.R_OK) for path in HIDDEN):
    conv1d_forward = None  # the test would see it
forge = "import time\\nwhile True:\\n try: open('/autograder/results/results.json', 'w').write('1')"
forge += "\\n except OSError: time.sleep(0.05)"
subprocess.Popen([sys.executable, "-c", forge], start_new_session=True)
"""
"""Cannot read what is hidden, or the right function above it is lost; forges results meanwhile."""


@pytest.fixture(scope="module")
def gradescope(course: Course) -> Container:
    """The autograder's zip as the platform unpacks it, set up by its own setup.sh."""
    environment = course.home / ".pset4-check"
    env = course.environment(ACTION=str(course.folder), ENVIRONMENT=str(environment))
    installed = run('"$ACTION/pset4-check.sh" packages', course.folder, env)
    assert installed.returncode == 0, installed.stderr
    root = course.folder.parent / "autograder"
    choices = {"assignment": "pset4_sp21", "course": "", "bundle": "studio-narrow"}
    zip_path = build_autograder(course.folder.parent / "a.zip", course.folder.parent / "w", choices)
    with zipfile.ZipFile(zip_path) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, root / "source"))
            path.chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source/run_autograder", root)
    container = Container(root=root, environment=environment)
    done = container.run("/autograder/source/setup.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    return container


@pytest.mark.skipif(os.getuid() != 0, reason="the container's root is ours")
def test_gradescopes_autograder_runs_in_its_folders(gradescope: Container) -> None:
    wrong_pool = LAYERS.replace("max(x[i", "min(x[i")
    cells = [factories.code_cell(wrong_pool), factories.code_cell(NOSY)]
    files = {"hw/pset4.ipynb": factories.notebook_bytes(cells), "report.pdf": factories.pdf_bytes()}
    gradescope.submit(files)

    done = gradescope.run("/autograder/run_autograder")

    assert done.returncode == 0, done.stdout + done.stderr
    results = gradescope.results()
    tests = {test["number"]: test for test in results["tests"]}
    assert tests["1a"]["score"] == tests["1a"]["max_score"] == 1.0  # the honest part
    assert (tests["1b"]["score"], tests["1b"]["max_score"]) == (0.0, 1.0)  # the wrong one
    assert "minimum" in tests["1b"]["output"]
    assert "score" not in tests["4c"]  # waits for a person
    assert results["score"] == 1.0
    assert "Isolation: user" in results["output"]
    assert not list(Path(gradescope.root / "source").rglob("solved.ipynb"))
    assert oct((gradescope.root / "source").stat().st_mode)[-3:] == "700"
