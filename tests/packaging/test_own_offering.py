"""An offering of staff's own goes into what students and Gradescope get, without its solutions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from authoring.gradescope_zip import own_offering
from authoring.student_package import stage_student_package
from grader.model.assignment import load_assignment
from grader.model.offering_files import SEARCH_PATH
from grader.offering.new import NewOffering, make_offering
from reference.expected import added_folder

SAID = "from grader.model.assignment import load_assignment as a; print(a().name, a().due.year)"


@pytest.fixture(scope="module")
def fall30(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new offering, as it is once its facts are set."""
    folder = tmp_path_factory.mktemp("own") / "fall30"
    make_offering(NewOffering(name="fall30", source="pset4_sp22", folder=folder))
    path = folder / "assignment.toml"
    path.write_text(re.sub(r" # TODO.*", "", path.read_text()).replace("2022-03", "2030-03"))
    return folder


def test_the_student_package_means_the_offering_that_staff_name(
    fall30: Path, tmp_path: Path
) -> None:
    stage_student_package(tmp_path, str(fall30))

    own = tmp_path / "grader" / "model" / "offerings" / "fall30"
    assert {path.name for path in own.iterdir()} == {"assignment.toml", "release.ipynb"}
    assert "compare_with" not in (own / "assignment.toml").read_text()
    said = subprocess.run(
        [sys.executable, "-P", "-c", SAID],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout == "fall30 2030\n", said.stderr


def test_gradescopes_zip_holds_the_offering_and_its_outputs(
    fall30: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path / "cache"))
    ran = added_folder("studio-narrow") / "fall30"
    ran.mkdir(parents=True)
    (ran / "manifest.json").write_text("{}")

    files = own_offering(str(fall30), "fall30", "studio-narrow")
    assert own_offering("pset4_sp22", "pset4_sp22", "studio-narrow") == {}
    assert set(files) == {
        *(f"offerings/fall30/{n}" for n in ("assignment.toml", "release.ipynb", "rubrics.toml")),
        "state/cache/expected/studio/fall30/manifest.json",
    }
    for name, data in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    monkeypatch.setenv(SEARCH_PATH, str(tmp_path / "source" / "offerings"))
    assert load_assignment("fall30").due.year == 2030
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path / "source" / "state" / "cache"))
    assert (added_folder("studio-narrow") / "fall30" / "manifest.json").is_file()
