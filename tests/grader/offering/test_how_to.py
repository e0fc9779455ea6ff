"""docs/offering.md: a third offering is made by the page's own commands, and graded."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from grader.model.assignment import load_assignment
from grader.sandbox.apart import end_server
from reference.bundles import get_bundle
from tests.docs.pages import ROOT, blocks_of
from tests.docs.typed import in_process

BUNDLE = "studio-narrow"
STEPS = 5
"""In place of 200: one more fact that this year's staff set."""


def commands_of_page() -> list[str]:
    """The commands whose blocks name the test below, in the page's order."""
    name = test_a_third_offering_is_made_by_its_how_to_alone.__name__
    page = blocks_of(ROOT / "docs" / "offering.md")
    return [command for one in page if one.mark.endswith(f"::{name}") for command in one.commands]


def set_facts(folder: Path) -> None:
    """Do what the comments say: new addresses, and a zebra in place of the first tiger cat."""
    path = folder / "assignment.toml"
    text = re.sub(r" # TODO.*", "", path.read_text())
    text = text.replace("target = 282", "target = 340", 1)
    text = text.replace("6.869.csail.mit.edu/fa19/psets19/pset6", "course.mit.edu/fall30/pset4")
    path.write_text(text.replace("n_steps = 200", f"n_steps = {STEPS}"))


@pytest.mark.whole
@pytest.mark.kernel
@pytest.mark.timeout(900)
def test_a_third_offering_is_made_by_its_how_to_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    root = get_bundle(BUNDLE).root
    shutil.copytree(root, tmp_path / "cache" / "bundles" / BUNDLE)
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path / "cache"))
    end_server()  # checks are forked from a process that keeps the environment of its start
    request.addfinalizer(end_server)
    monkeypatch.chdir(tmp_path)
    new, check, notebooks, run = commands_of_page()
    folder = tmp_path / "pset4_fall30"

    assert in_process(new) == 0
    assert in_process(check) == 2
    told = capsys.readouterr().out
    assert re.search(r"pset4_fall30/assignment\.toml:\d+: TODO: the class; 76 is tarantula", told)

    set_facts(folder)
    assert in_process(check) == 2
    told = capsys.readouterr().out
    faults = [line for line in told.splitlines() if line.startswith("- ")]
    assert len(faults) == 3
    assert sum("grader offering notebooks" in line for line in faults) == 2
    assert sum("offering check pset4_fall30 --run" in line for line in faults) == 1

    assert in_process(notebooks) == 0
    release = (folder / "release.ipynb").read_text()
    for wanted in (
        "# 6.8300 / 6.8301 Advances in Computer Vision",
        "**Due Sunday, March 31, 2030, 23:59 (America/New_York).**",
        "COURSE_FILES = 'http://course.mit.edu/fall30/pset4/'",
        "### 4(b) Attack 2: zebra",
        "generate_adversarial_example(model, batch_tensor, 340)",
        f"def generate_adversarial_example(model_fn, x, class_id, n_iter={STEPS})",
        '"assignment": "pset4_fall30"',
    ):
        assert wanted in release, wanted
    question = load_assignment(str(folder)).part("4b").question
    assert question.strip().startswith("Do the same for *zebra* (class 340).")

    status, told = in_process(run), capsys.readouterr().out
    assert status == 0, told
    assert "all fits, and the solved notebook gets all points." in told
