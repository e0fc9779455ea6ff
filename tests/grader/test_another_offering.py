"""Next year's offering in a folder of its own: graded with no change in `grader/` or `reference/`.

Another course number, a part less, one layer function more with a check of the offering's own, and
another target.
"""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat import v4

from grader.batch.class_records import ClassRequest
from grader.batch.class_run import grade_class
from grader.checks import validate_offering
from grader.execution.settings import RunSettings
from grader.model.assignment import load_assignment, parse_course
from grader.model.offering_files import OFFERINGS
from grader.model.records import GradeSheet, Outcome
from grader.model.records.codec import load
from grader.offering.master import give_ids
from grader.offering.notebooks import make_solved, read_master, to_text, write_notebooks
from grader.outputs.pages.required_report import build_report
from grader.outputs.pages.student_report import from_results
from grader.planning.reference_runs import reference_runs
from grader.sandbox.tiers import Wish
from reference.bundles import cache_folder, get_bundle
from reference.errors import ConfigError
from reference.expected import load_expected
from reference.laboratory import RunSettings as ReferenceSettings
from reference.offerings import add_offering
from tests import factories

BUNDLE = "studio-narrow"
STEPS = 12
KEPT = ("p0-", "p1", "p2", "p3", "p4a-generate", "p4a-step", "p4b-attack")
"""Beginnings of the ids of the cells that the student hands in."""

NEW_PART = """[[parts]]
id = "1c"
title = "Average-pooling layer: forward"
question = "Average-pooling with stride 1: what are its equations?"
problem = 1
required_for = ["6.8300", "6.8301"]
kind = "auto"
anchors = ["avgpool1d_forward"]
checks = [{ id = "avgpool_forward", weight = 1.0 }]

"""

CHECKS = """
import numpy as np

from grader.checks.functions.function_check import function_check

CHECKS = (
    function_check(
        id="avgpool_forward",
        function="avgpool1d_forward",
        demos=(([1.0, 3.0], 2), ([1.0, 3.0, -2.0, 4.0], 3)),
        draw=lambda rng: [(rng.standard_normal(n), k) for n, k in ((8, 3), (9, 2), (5, 5))],
        expected=lambda x, k: np.convolve(x, np.ones(k) / k, "valid"),
    ),
)
"""

SOLUTION = """def avgpool1d_forward(x, k):
    ### BEGIN SOLUTION
    return np.array([np.mean(x[i:i + k]) for i in range(len(x) - k + 1)])
    ### END SOLUTION"""


def write_offering(folder: Path) -> None:
    """Copy 2021's folder and change what next year's staff would change."""
    shutil.copytree(OFFERINGS / "pset4_sp21", folder)
    text = (folder / "assignment.toml").read_text()
    for old, new in (
        ('name = "pset4_sp21"', 'name = "fall30"'),
        ('"6.819", "6.869"', '"6.8300", "6.8301"'),
        ('required_for = ["6.869"]', 'required_for = ["6.8301"]'),
        (
            'target = 282 # tiger cat\nnetwork = "pretrained"',
            'target = 340\nnetwork = "pretrained"',
        ),
        ("n_steps = 200", f"n_steps = {STEPS}"),
        ('[[parts]]\nid = "2a"', NEW_PART + '[[parts]]\nid = "2a"'),
    ):
        assert old in text, old
        text = text.replace(old, new)
    start = text.index('[[parts]]\nid = "3e"')
    text = text[:start] + text[text.index('[[parts]]\nid = "4a"') :]
    (folder / "assignment.toml").write_text(text)
    rubrics = (folder / "rubrics.toml").read_text()
    without = re.sub(r"(?ms)^\[3e\]$.*?(?=^\[(?!\[?3e)|\Z)", "", rubrics)
    (folder / "rubrics.toml").write_text(without)
    (folder / "checks.py").write_text(CHECKS)
    master = nbformat.read(folder / "master.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    give_ids(master)
    master.cells = [c for c in master.cells if c.metadata.pset4.part != "3e"]
    place = next(i for i, c in enumerate(master.cells) if c.id == "p1b-pool-fwd")
    pset4 = {"part": "1c", "kind": "todo"}
    cell = v4.new_code_cell(  # type: ignore[no-untyped-call]
        SOLUTION, id="p1c-avgpool-", metadata={"id": "p1c-avgpool-", "pset4": pset4}
    )
    master.cells.insert(place + 1, cell)
    nbformat.write(master, folder / "master.ipynb")  # type: ignore[no-untyped-call]
    write_notebooks(folder)


def write_submission(folder: Path, path: Path) -> None:
    """Hand in some cells of the offering's solved notebook."""
    solved = make_solved(read_master(folder))
    solved.cells = [cell for cell in solved.cells if cell.id.startswith(KEPT)]
    (attack,) = (cell for cell in solved.cells if cell.id.startswith("p4b-attack"))
    attack.source += "\nplt.imshow(obtain_image(batch_tensor))"  # as the figures left out do
    factories.write_zip(path, {"pset4.ipynb": to_text(solved).encode()})


class Quiet:
    """Watches without a word."""

    def __getattr__(self, name: str) -> object:
        return lambda *_args, **_more: None


@pytest.fixture
def offering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, and a cache of its own for what the reference adds."""
    bundle = get_bundle(BUNDLE)
    bundles = tmp_path / "cache" / "bundles"
    shutil.copytree(bundle.root, bundles / BUNDLE)
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache"
    folder = tmp_path / "fall30"
    write_offering(folder)
    return folder


def test_its_facts_are_read_from_its_folder(offering: Path) -> None:
    assignment = load_assignment(str(offering))

    validate_offering(assignment)
    assert assignment.courses == ("6.8300", "6.8301")
    with pytest.raises(
        ConfigError, match=r"expected 6\.8300 or 6\.8301 \(fall30\), found '6\.869'"
    ):
        parse_course("6.869", assignment)
    ids = [part.id for part in assignment.parts]
    assert "1c" in ids
    assert "3e" not in ids
    assert assignment.max_points("1a", "6.8301") == pytest.approx(2 / 3)
    given = {cell.cell_id: cell for cell in assignment.template}
    assert "raise NotImplementedError" in given["p1c-avgpool-"].source
    assert not any(cell.part_id == "3e" for cell in assignment.template)
    with pytest.raises(ConfigError, match=r"add-offering \S+ --bundle studio-narrow"):
        reference_runs(load_expected(BUNDLE), assignment)


@pytest.mark.kernel
@pytest.mark.timeout(900)
def test_a_class_of_it_is_graded_end_to_end(offering: Path, tmp_path: Path) -> None:
    assignment = load_assignment(str(offering))
    add_offering(get_bundle(BUNDLE), offering, ReferenceSettings(device=torch.device("cpu")))
    (tmp_path / "class").mkdir()
    write_submission(offering, tmp_path / "class" / "jdoe.zip")
    shutil.rmtree(offering)  # workers have nothing but the record

    results = tmp_path / "results"
    request = ClassRequest(
        folder=tmp_path / "class",
        manifest=None,
        results=results,
        assignment=assignment,
        course="6.8301",
        settings=RunSettings(
            bundle=BUNDLE, device="cpu", seed=5, threads=1, isolation=Wish.PROCESS, warm=False
        ),
        workers=1,
        scheduler=None,
        store=None,
    )
    outcome = grade_class(request, Quiet())  # type: ignore[arg-type]

    assert [(row.kerberos, row.sentence) for row in outcome.rows] == [("jdoe", "")]
    sheet = load(GradeSheet, results / "jdoe" / "results.json")
    found = {part.id: part for part in sheet.parts}
    assert sheet.course == "6.8301"
    for part_id in ("1a", "1b", "1c", "2a", "2b", "2c", "3a", "3b", "3d", "4b"):
        assert found[part_id].outcome is Outcome.PASS, (part_id, found[part_id].message)
    assert "3e" not in found
    assert any("zebra" in str(one) for one in found["4b"].findings[0].exhibits)
    with (results / "gradebook.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["course"], row["1c"]) == ("6.8301", "0.667")
    page = build_report(from_results(results / "jdoe", assignment))
    assert "Average-pooling with stride 1" in page
    added = tmp_path / "cache" / "expected" / "studio"
    assert [path.name for path in added.iterdir()] == ["fall30"]
