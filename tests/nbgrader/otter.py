"""A course with Otter: `otter assign` makes the notebook, the grader grades what students do."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.nbgrader.hub import GRADER, Hub, same_cells
from tests.solved_answers import RELEASE_NOTEBOOK, fill_in, read


def try_otter(hub: Hub) -> Iterator[str]:
    """Make the notebook and grade an answered one; yield what was seen.

    Raises:
        AssertionError: something is not as it must be.
    """
    (hub.folder / "home").mkdir()
    hub.run(hub.folder, GRADER, "offering", "otter", "--into", hub.folder)
    hub.run(hub.folder, "otter", "assign", "pset4.ipynb", "dist")
    made = hub.folder / "dist/student/pset4.ipynb"
    same_cells(made)
    for cell in read(made).cells:
        locked = cell.metadata.get("editable") is False
        assert locked == (cell.metadata.pset4.kind == "question"), cell.id
    yield "otter assign makes our release notebook, cell by cell, with locked questions"

    staff = "\n".join(
        cell.source for cell in read(hub.folder / "dist/autograder/pset4.ipynb").cells
    )
    assert "return np.array([np.dot(w, padded[i:i + k]) for i in range(n)])" in staff
    assert "allowed changes of very different size" in staff
    yield "its staff version has the model answers"

    points = []
    for name, source in (("otter", made), ("ours", RELEASE_NOTEBOOK)):
        folder = hub.folder / name
        fill_in(source, folder / "pset4.ipynb", "13")
        hub.run(folder, GRADER, "pack", "pset4.ipynb", "--kerberos", name)
        options = ("--bundle", "studio-narrow", "--out", "results")
        hub.run(folder, GRADER, "grade", f"{name}.zip", *options)
        (sheet,) = folder.glob("results/**/results.json")
        points.append({one["id"]: one["points"] for one in json.loads(sheet.read_text())["parts"]})
    assert points[0] == points[1], points
    assert points[0]["3a"] > 0, points
    yield "an answered one gets the points of the same answers in our notebook"
