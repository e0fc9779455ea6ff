"""The wheel, installed where there is no checkout: it grades, reports, scores and serves Dask."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pypdf import PdfReader

from authoring.samples import build_zip
from grader.batch.run.keys import todays_keys
from grader.model.assignment import load_assignment
from grader.model.records import Evidence, GradeSheet, Outcome
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.sandbox.tiers import Tier, host_support
from tests import factories
from tests.dask_cluster import dask_workers
from tests.grader.conftest import LAYERS
from tests.packaging.building import ROOT, grader_wheel, uv

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1200)]

OURS = ("_pset4_grader.pth", "pset4_grader*")
"""What the editable install of this checkout left among the packages."""
LOOKS_FOR_US = """
import importlib
for name in ('grader.pipeline', 'reference.conv'):
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    raise RuntimeError(f'{name} can be imported')
"""
ATTACKED = ("0", "1a", "2", "2a", "2b", "2c", "4a")
"""Parts whose cells the attacker's notebook has."""
SHOWS = "p4ab-show"
"""What shows the pictures of the first attack stands among the cells of the second."""


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel and the packages that it needs, and nothing else."""

    python: str
    packages: Path

    def grader(self, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the grader in a folder."""
        return self.run(folder, str(Path(self.python).with_name("grader")), *arguments)

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        left_out = {"PYTHONPATH", "VIRTUAL_ENV"}
        environment = {k: v for k, v in os.environ.items() if k not in left_out}
        return subprocess.run(
            command,
            cwd=folder,
            env={**environment, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grader_wheel(tmp_path_factory)


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Installed]:
    yield from environment_of(wheel)


def environment_of(wheel: Path) -> Iterator[Installed]:
    """Packages are linked, not copied: torch alone has gigabytes, and links stay on one disk.

    A `.pth` to ours would not do: a box sees the environment's own packages only.
    """
    build = Path(sys.prefix).with_name("build")
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="installed-", dir=build) as folder:
        home = Path(folder) / "env"
        uv("venv", "--python", sys.executable, home)
        packages = next(home.glob("lib/python3*/site-packages"))
        shutil.copytree(
            sysconfig.get_path("purelib"),
            packages,
            symlinks=True,
            ignore=shutil.ignore_patterns(*OURS),
            copy_function=os.link,
            dirs_exist_ok=True,
        )
        uv("pip", "install", "--no-deps", "--python", home / "bin" / "python", wheel)
        # Once: none of the processes below keeps the bytecode that it makes.
        ours = [packages / name for name in ("grader", "reference") if (packages / name).is_dir()]
        subprocess.run([sys.executable, "-m", "compileall", "-q", *ours], check=True)
        yield Installed(python=str(home / "bin" / "python"), packages=packages)


@pytest.fixture(scope="module")
def batch(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> ResultFolder:
    """One student's results, made by a Dask worker of that environment and sent back."""
    folder = tmp_path_factory.mktemp("batch")
    (folder / "in").mkdir()
    attacking_zip(folder / "in" / "ada.zip")
    with dask_workers(folder, count=1, python=installed.python) as (address, _):
        options = ("--bundle", "studio-narrow", "--out", "results", "--scheduler", address)
        done = installed.grader(folder, "batch", "in", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return ResultFolder(root=folder / "results" / "ada")


def attacking_zip(path: Path) -> None:
    """The solved notebook down to its first attack, of two steps."""
    build_zip("complete", path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    notebook = json.loads(files["pset4.ipynb"])
    notebook["cells"] = [
        cell
        for cell in notebook["cells"]
        if cell["metadata"]["pset4"].get("part") in ATTACKED or cell["id"].startswith(SHOWS)
    ]
    text = json.dumps(notebook)
    assert "n_iter=200" in text
    files["pset4.ipynb"] = text.replace("n_iter=200", "n_iter=2").encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def files_of(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_what_grading_reads_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        f"{name}/{path}" for name in ("grader", "reference") for path in files_of(ROOT / name)
    }
    expected |= {f"grader/templates/{path}" for path in files_of(ROOT / "templates")}
    assert held == expected


def test_nothing_of_the_checkout_is_on_the_path(installed: Installed, tmp_path: Path) -> None:
    code = (
        "import importlib.util as u, grader, reference; print(grader.__file__, reference.__file__, "
        "[u.find_spec(name) for name in ('authoring', 'tests')])"
    )
    done = installed.run(tmp_path, installed.python, "-c", code)
    places = [installed.packages / name / "__init__.py" for name in ("grader", "reference")]
    assert done.stdout.split(maxsplit=2) == [*map(str, places), "[None, None]\n"]


@pytest.mark.whole
def test_its_keys_are_the_checkouts(installed: Installed, tmp_path: Path) -> None:
    # Workers with the wheel serve a command from a checkout: both must count as the same grader.
    code = (
        "from grader.batch.run.keys import todays_keys\n"
        "from grader.model.assignment import load_assignment\n"
        "print(todays_keys(load_assignment(), 'studio-narrow'))"
    )
    done = installed.run(tmp_path, installed.python, "-c", code)
    assert done.stdout.strip() == str(todays_keys(load_assignment(), "studio-narrow")), done.stderr


def test_it_grades_and_writes_nothing_beside_its_code(installed: Installed, tmp_path: Path) -> None:
    cells = [factories.code_cell(LAYERS), factories.code_cell(LOOKS_FOR_US)]
    files = {"pset4.ipynb": factories.notebook_bytes(cells), "report.pdf": factories.pdf_bytes()}
    factories.write_zip(tmp_path / "jdoe.zip", files)
    before = files_of(installed.packages / "grader"), files_of(installed.packages / "reference")
    done = installed.grader(tmp_path, "grade", "jdoe.zip", "--bundle", "studio-narrow")
    assert done.returncode == 0, done.stdout + done.stderr
    sheet = load(GradeSheet, tmp_path / "results" / "jdoe" / "results.json")
    outcomes = {part.id: part.outcome for part in sheet.parts}
    assert (outcomes["1a"], outcomes["1b"]) == (Outcome.PASS, Outcome.PASS)
    assert Outcome.GRADER_FAULT not in outcomes.values()
    tier = host_support().tier
    assert sheet.facts.host.isolation == tier.value
    results = ResultFolder(root=tmp_path / "results" / "jdoe")
    cells_run = load(Evidence, results.record("evidence")).cells
    assert tier is Tier.PROCESS or [run.error_message for run in cells_run] == ["", ""]
    assert PdfReader(results.feedback_pdf).pages
    after = files_of(installed.packages / "grader"), files_of(installed.packages / "reference")
    assert before == after


def test_it_renders_the_required_report(installed: Installed, tmp_path: Path) -> None:
    done = installed.grader(tmp_path, "report", "--bundle", "studio-narrow")
    assert done.returncode == 0, done.stdout + done.stderr
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages)
    assert "Problem 4" in text


def test_a_dask_worker_of_it_grades(batch: ResultFolder) -> None:
    sheet = load(GradeSheet, batch.results)
    outcomes = {part.id: part.outcome for part in sheet.parts}
    assert (outcomes["1a"], outcomes["2a"]) == (Outcome.PASS, Outcome.PASS)
    assert outcomes["4a"] in {Outcome.PASS, Outcome.PARTIAL}
    assert Outcome.GRADER_FAULT not in outcomes.values()


def alone(page: Path) -> bytes:
    """A page without its links to the class, from which the folder is taken."""
    return re.sub(rb"<!--neighbors-->.*<!--/neighbors-->", b"", page.read_bytes(), flags=re.DOTALL)


def test_results_move_and_need_no_expected_outputs(
    installed: Installed, batch: ResultFolder, tmp_path: Path
) -> None:
    pages = ("feedback.html", "feedback.pdf", "staff.html", "results.json")
    before = {name: alone(batch.root / name) for name in pages}
    moved = tmp_path / "elsewhere" / "ada"
    shutil.copytree(batch.root, moved)
    for name in pages[:3]:
        (moved / name).unlink()
    expected, aside = installed.packages / "reference" / "expected_data", tmp_path / "aside"
    hidden = batch.root.with_name("hidden")
    shutil.move(expected, aside)
    batch.root.rename(hidden)
    try:
        done = installed.grader(tmp_path, "score", str(moved))
    finally:
        shutil.move(aside, expected)
        hidden.rename(batch.root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"reference/4a.png" in before["results.json"]
    assert b"No picture" not in before["feedback.html"]
    assert {name: alone(moved / name) for name in pages} == before


def test_no_record_names_a_folder_of_the_machine(batch: ResultFolder) -> None:
    here = str(batch.root.parents[1]).encode()
    for path in [*batch.root.glob("*.json"), *batch.evidence.glob("*.json")]:
        text = path.read_bytes()
        assert here not in text, path
        assert b'"/' not in text, path
