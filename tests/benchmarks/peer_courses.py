"""The layer notebooks as nbgrader and Otter take them: with one cell of tests, worth four points.

Each is set up as its own documentation says. Both run notebooks in the kernel that plain nbclient
and the grader use, of `.venv` with its compiled bytecode; Otter's package, which its tests import
there, is found behind all others.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from tests.benchmarks.overhead import NO_CUDA
from tests.nbgrader.hub import ENVIRONMENT, ROOT, Hub

KERNEL = "pset4"
"""Not `python3`, which is that of whoever asks."""
POINTS = 4
TESTS = """
x, w, g = np.array([1.0, 3.0, -2.0, 4.0, 0.5]), np.array([1.0, 2.0, 1.0]), np.arange(5.0)
out = conv1d_forward(x, w)
assert np.allclose(out, np.convolve(x, w, "same"))
assert np.allclose(maxpool1d_forward(x, 2), [3, 3, 4, 4])
grad_x, grad_w = conv1d_backward(x, w, g)
assert np.isclose(grad_x @ x, out @ g) and np.isclose(grad_w @ w, out @ g)
assert np.allclose(maxpool1d_backward(x, 2, np.ones(4)), [0, 2, 0, 2, 0])
""".strip()
"""Hold for every student of the layer notebooks."""
_START = "import sys; sys.path.append({!r}); from ipykernel import kernelapp as app; "
_ASSIGNMENT = """# ASSIGNMENT CONFIG
export_cell: false
check_all_cell: false
solutions_pdf: false
run_tests: false
generate:
  pdf: false
"""


def prepare(hub: Hub) -> None:
    """Give the hub a home, with the kernel that all of them use."""
    spec = hub.folder / f"home/jupyter/kernels/{KERNEL}/kernel.json"
    spec.parent.mkdir(parents=True)
    (site,) = ENVIRONMENT.glob("lib/python3*/site-packages")
    python = str(ROOT / ".venv/bin/python")
    start = _START.format(str(site)) + "app.launch_new_instance()"
    argv = [python, "-c", start, "-f", "{connection_file}"]
    told = {"argv": argv, "display_name": KERNEL, "language": "python"}
    spec.write_text(json.dumps(told), encoding="utf-8")


def notebooks(hand_ins: Path) -> Iterator[tuple[str, NotebookNode]]:
    """Yield student and notebook of a folder of zips."""
    for path in sorted(hand_ins.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            (name,) = (name for name in archive.namelist() if name.endswith(".ipynb"))
            yield path.stem, _read(archive.read(name).decode())


# -- nbgrader -------------------------------------------------------------------------------------


def nbgrader_course(hub: Hub, hand_ins: Path) -> None:
    """Make a course whose students have handed in."""
    hub.course.mkdir()
    lines = 'c = get_config()\nc.CourseDirectory.course_id = "vision"\n'
    (hub.course / "nbgrader_config.py").write_text(lines)
    given, tests = _nbgrader_cell(NO_CUDA, "given", 0), _nbgrader_cell(TESTS, "layers", POINTS)
    _write(hub.course / "source/pset4/pset4.ipynb", [given, tests])
    hub.run(hub.course, "nbgrader", "generate_assignment", "pset4")
    for student, notebook in notebooks(hand_ins):
        place = hub.course / f"submitted/{student}/pset4/pset4.ipynb"
        _write(place, [given, *notebook.cells, tests])


def nbgrader_autograde(hub: Hub, students: str) -> None:
    """Grade those whose names the pattern matches, whether they were graded or not.

    Raises:
        AssertionError: somebody has not got all points.
    """
    hub.run(hub.course, "nbgrader", "autograde", "pset4", "--student", students, "--force")
    given = {name: one["parts"]["layers"][0] for name, one in hub.gradebook().items()}
    assert set(given.values()) == {POINTS}, given


def _nbgrader_cell(source: str, name: str, points: int) -> NotebookNode:
    told = {
        "schema_version": 3,
        "grade_id": name,
        "grade": points > 0,
        "solution": False,
        "locked": True,
        "task": False,
    }
    cell = _code(source)
    cell.metadata["nbgrader"] = {**told, "points": points} if points else told
    return cell


# -- Otter ----------------------------------------------------------------------------------------


def otter_course(hub: Hub, hand_ins: Path) -> tuple[Path, ...]:
    """Make the zip of Otter's grader, and a notebook per student; return these."""
    raw: Any = nbformat.v4.new_raw_cell
    markdown: Any = nbformat.v4.new_markdown_cell
    source = hub.folder / "otter/pset4.ipynb"
    cells = [
        raw(_ASSIGNMENT),
        _code("import numpy as np"),
        raw(f"# BEGIN QUESTION\nname: layers\npoints: {POINTS}"),
        markdown("Write the layers."),
        raw("# BEGIN TESTS"),
        _code(TESTS),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]
    _write(source, cells)
    hub.run(source.parent, "otter", "assign", "pset4.ipynb", "dist")
    (made,) = source.parent.glob("dist/autograder/*autograder*.zip")
    made.rename(source.parent / "autograder.zip")
    placed = []
    for student, notebook in notebooks(hand_ins):
        placed.append(source.parent / student / "pset4.ipynb")
        _write(placed[-1], [_code(NO_CUDA), *notebook.cells])
    return tuple(placed)


def otter_run(hub: Hub, notebook: Path) -> None:
    """Grade one.

    Raises:
        AssertionError: it has not got all points.
    """
    zipped = notebook.parents[1] / "autograder.zip"
    hub.run(notebook.parent, "otter", "run", "-a", zipped, "-o", ".", "--no-logo", notebook)
    told = json.loads((notebook.parent / "results.json").read_text())
    given = sum(test.get("score", 0) for test in told["tests"])
    assert given == POINTS, told


def _code(source: str) -> NotebookNode:
    made: NotebookNode = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    return made


def _read(text: str) -> NotebookNode:
    read: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    return read


def _write(path: Path, cells: Sequence[NotebookNode]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    spec = {"display_name": KERNEL, "language": "python", "name": KERNEL}
    notebook = nbformat.v4.new_notebook(  # type: ignore[no-untyped-call]
        cells=list(cells), metadata={"kernelspec": spec, "language_info": {"name": "python"}}
    )
    path.write_text(nbformat.writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]
