"""Similar hand-ins are found whatever is renamed, and what all have says nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.batch.exports.code_samples import MAX_CELL, CodeSample, code_sample, read_sample
from grader.batch.exports.fingerprints import hashes, marked_lines
from grader.batch.exports.similarity import compare_class
from grader.batch.exports.similarity_page import (
    compare_results,
    render_similarity_page,
    write_similarity_page,
)
from grader.batch.exports.similarity_records import Similarity
from grader.batch.records import State
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import Alignment, CellMatch, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.planning.alignment import align
from tests import factories
from tests.benchmarks.similarity import made_up
from tests.factories import ASSIGNMENT
from tests.grader.batch.factory import row, without_sheet
from tests.grader.outputs.pages.test_render import ACTIVE, Inventory
from tests.hostile.pages import active_content
from tests.lanes import examples

TEMPLATE = load_assignment().template
CODE = [(cell.part_id, cell.source) for cell in TEMPLATE if cell.kind == "code"]

OWN = """
def conv1d_backward(x, w, grad_out):
    n, k = len(x), len(w)
    # the padding that keeps the length
    pad = (k - 1) // 2
    padded = np.concatenate([np.zeros(pad), x, np.zeros(k - 1 - pad)])
    grad_padded, grad_w = np.zeros(n + k - 1), np.zeros(k)
    for position in range(n):
        for offset in range(k):
            grad_padded[position + offset] += grad_out[position] * w[offset]
            grad_w[offset] += grad_out[position] * padded[position + offset]
    return grad_padded[pad:pad + n], grad_w
"""
RENAMED = (
    OWN.replace("grad_padded", "gp")
    .replace("position", "i")
    .replace("offset", "j")
    .replace("# the padding that keeps the length", "# hello")
    .replace(" = ", "=")
)
OTHER = """
def conv1d_backward(x, w, grad_out):
    flipped = w[::-1]
    grad_x = [sum(grad_out[max(0, m - 2):m + 2]) for m in range(len(x))]
    if not grad_x:
        raise ValueError('nothing to do')
    while len(grad_x) < 3:
        grad_x.append(flipped @ np.ones_like(flipped))
    return np.array(grad_x, dtype=float), {'w': flipped.mean()}['w']
"""


def student(kerberos: str, *own: str, pictures: tuple[str, ...] = ()) -> CodeSample:
    return CodeSample(
        kerberos=kerberos,
        cells=(*CODE, *(("3b", source) for source in own)),
        picture_digests=tuple(("4a", one) for one in pictures),
    )


def compare(*samples: CodeSample) -> Similarity:
    return compare_class(samples, TEMPLATE)


def names(found: Similarity) -> list[tuple[str, ...]]:
    return [group.kerberos_names for group in found.groups]


def test_a_renamed_copy_is_found_and_others_are_not() -> None:
    found = compare(student("ann", OWN), student("bob", OTHER), student("cyd", RENAMED))

    assert names(found) == [("ann", "cyd")]
    (pair,) = found.groups[0].pairs
    assert pair.share > 0.9
    (piece,) = pair.pieces
    assert piece.part_id == "3b"
    assert [line.text for line in piece.left] == OWN.split("\n")
    assert sum(line.marked for line in piece.left) >= 9
    assert found.cells == ()


def test_the_template_is_no_ones_own() -> None:
    found = compare(student("ann"), student("bob"), student("cyd", OWN))

    assert (found.groups, found.cells, found.compared) == ((), (), 3)


def test_what_many_have_proves_nothing_but_is_named_word_for_word() -> None:
    found = compare(*(student(f"s{index}", OWN) for index in range(8)))

    assert found.common_limit == 6
    assert found.groups == ()
    (cell,) = found.cells
    assert len(cell.kerberos_names) == 8
    assert cell.source == OWN


def test_a_cell_is_the_same_whatever_its_comments() -> None:
    commented = OWN.replace("# the padding that keeps the length", "# pad").replace(" = ", "=")
    other_name = OWN.replace("padded", "x_padded")

    found = compare(student("ann", OWN), student("bob", commented), student("cyd", other_name))

    assert [(one.part_id, one.kerberos_names) for one in found.cells] == [("3b", ("ann", "bob"))]
    assert names(found) == [("ann", "bob", "cyd")]


def test_short_cells_are_the_same_by_nature() -> None:
    short = "y = output2prob(model(x))\nprint(y.max())"

    found = compare(student("ann", short), student("bob", short))

    assert (found.groups, found.cells) == ((), ())


def test_planted_copies_are_found_in_a_class() -> None:
    found = compare_class(made_up(30, TEMPLATE), TEMPLATE)

    assert names(found) == [("s000", "t000")]


def test_the_same_picture_is_found_unless_all_have_it() -> None:
    found = compare_class(
        [
            student("ann", pictures=("corgi", "mine", "template")),
            student("bob", pictures=("corgi", "mine", "mine", "template")),
            student("cyd", pictures=("corgi", "other")),
            student("dee", pictures=("corgi",)),
        ],
        TEMPLATE,
        known_pictures=["template"],
    )

    assert [(one.sha256, one.part_ids, one.kerberos_names) for one in found.pictures] == [
        ("mine", ("4a",), ("ann", "bob"))
    ]


@pytest.mark.parametrize("many", [0, 1])
def test_a_class_of_nobody_has_nothing_in_common(many: int) -> None:
    found = compare(*(student("ann", OWN) for _ in range(many)))

    assert (found.compared, found.groups, found.cells, found.pictures) == (many, (), (), ())
    assert "Nothing here changes a grade" in render_similarity_page(found)


def test_the_order_of_the_students_does_not_matter() -> None:
    samples = made_up(20, TEMPLATE)

    assert compare_class(samples[::-1], TEMPLATE) == compare_class(samples, TEMPLATE)


def test_no_piece_spans_two_cells() -> None:
    half = len(OWN) // 2
    apart = compare(student("ann", OWN[:half], OWN[half:]), student("bob", OWN[half:], OWN[:half]))
    whole = compare(student("ann", OWN), student("bob", OWN))

    assert apart.groups[0].pairs[0].shared < whole.groups[0].pairs[0].shared


@pytest.mark.slow
def test_another_process_finds_the_same(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from grader.model.assignment import load_assignment\n"
        "from grader.batch.exports.similarity import compare_class\n"
        "from grader.batch.exports.similarity_page import write_similarity_page\n"
        "from tests.benchmarks.similarity import made_up\n"
        "template = load_assignment().template\n"
        "found = compare_class(made_up(12, template), template)\n"
        "write_similarity_page(found, pathlib.Path(sys.argv[1]))\n"
    )
    pages = []
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        command = [sys.executable, "-c", script, str(tmp_path)]
        subprocess.run(command, env=environment, check=True, timeout=120)
        pages.append((tmp_path / "similarity.html").read_text())

    assert pages[0] == pages[1]
    assert "<mark>" in pages[0]


@pytest.mark.parametrize(
    "source",
    [
        "%%bash\nrm -rf /",
        "!pip install x\nx = 1",
        "def f(:\n",
        "'''",
        "\x00\ud800",
        "\t \n",
        "é" * 99,
    ],
)
def test_what_is_no_python_is_compared_too(source: str) -> None:
    found = compare(student("ann", source, OWN), student("bob", source, RENAMED))

    assert names(found) == [("ann", "bob")]


@pytest.mark.parametrize("text", ['"\\', "%a\n", "'''", "{", "f'{", "1e", " \t\n", "("])
def test_text_that_is_made_to_take_long_does_not(text: str) -> None:
    source = (text * MAX_CELL)[:MAX_CELL]
    start = time.process_time()

    compare(student("ann", source), student("bob", source))

    assert time.process_time() - start < 3


def test_the_lines_that_are_shared_are_marked() -> None:
    added = "\n\n%%time\n\nfirst = [line for line in open('x') if line.strip()]\n!ls"
    source = f"{added}{OWN}last = {{'a': 1, 'b': 2}}['a'] + 3 ** 4 - first[0] * 5"
    shared = frozenset(hashes(OWN, 30).tolist())

    marked = {line.text for line in marked_lines(source, shared, 30) if line.marked}

    assert marked == set(OWN.split("\n")) - {""}


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_fingerprinted(source: str) -> None:
    found = frozenset(hashes(source, 8).tolist())
    lines = marked_lines(source, found, 8)

    assert [line.text for line in lines] in ([], source.split("\n"))
    assert marked_lines(source, (), 8) == ()


def sample_from(document: Any, parts: dict[int, str]) -> CodeSample:
    matches = tuple(
        CellMatch(cell_index=index, template_id="", part_id=part, how="id", similarity=1.0)
        for index, part in parts.items()
    )
    submission = Submission(
        kerberos="ann",
        zip_sha256=factories.SHA,
        notebook_path="a.ipynb",
        report_path="",
        report_pages=0,
        other_files=(),
        cells=(),
        notes=(),
    )
    alignment = Alignment(matches=matches, missing=(), answers=())
    return code_sample(submission, alignment, document, ASSIGNMENT)


def outputs(*pictures: object) -> dict[str, Any]:
    return {"cell_type": "code", "outputs": [{"data": {"image/png": one}} for one in pictures]}


def test_pictures_of_the_attacks_are_digested() -> None:
    text = base64.b64encode(b"png").decode()
    document = {"cells": [outputs(text), outputs([text[:2], text[2:]]), outputs(text)]}

    made = sample_from(document, {0: "2b", 1: "4a", 2: ""})

    assert made.picture_digests == (("4a", hashlib.sha256(b"png").hexdigest()),)


@pytest.mark.parametrize(
    "cells",
    [
        None,
        5,
        [None, 5, "x", {}, {"outputs": 5}, {"outputs": [5, {}, {"data": 5}]}],
        [outputs(5), outputs([5]), outputs("\u00e9"), outputs("!"), outputs(""), outputs("a")],
    ],
)
def test_damaged_outputs_are_passed_over(cells: object) -> None:
    made = sample_from({"cells": cells}, dict.fromkeys(range(9), "4a"))

    assert [one for _, one in made.picture_digests] in ([], [hashlib.sha256(b"").hexdigest()])


def results(tmp_path: Path, notebook_path: str | None = None) -> ResultFolder:
    folder = ResultFolder(root=tmp_path / "ann")
    folder.evidence.mkdir(parents=True)
    attack = next(cell for cell in TEMPLATE if cell.kind == "code" and cell.part_id == "4a")
    cells = [factories.code_cell(OWN), factories.code_cell(attack.source, cell_id=attack.cell_id)]
    cells[1]["outputs"] = outputs(base64.b64encode(b"png").decode())["outputs"]
    data = json.dumps(factories.notebook(cells)).encode()
    packed = factories.write_zip(tmp_path / "ann.zip", {"ann.ipynb": data})
    submission = read_submission(packed, folder.submission)
    if notebook_path is not None:
        submission = replace(submission, notebook_path=notebook_path)
    save(submission, folder.evidence / "submission.json")
    save(align(submission, ASSIGNMENT), folder.evidence / "alignment.json")
    return folder


def test_a_results_folder_is_read(tmp_path: Path) -> None:
    made = read_sample(results(tmp_path), ASSIGNMENT)

    assert made is not None
    assert made.kerberos == "ann"
    (first, second) = made.cells
    assert first == ("3a", OWN)
    assert second[0] == "4a"
    assert made.picture_digests == (("4a", hashlib.sha256(b"png").hexdigest()),)


@pytest.mark.parametrize("path", ["../../secret.ipynb", "gone.ipynb"])
def test_nothing_outside_the_folder_is_read(path: str, tmp_path: Path) -> None:
    folder = results(tmp_path, path)
    secret = {"cells": [outputs("aGVsbG8=")] * 9, "nbformat": 4}
    (tmp_path / "secret.ipynb").write_text(json.dumps(secret))

    made = read_sample(folder, ASSIGNMENT)

    assert made is not None
    assert made.picture_digests == ()


def test_a_class_is_compared_by_its_results(tmp_path: Path) -> None:
    shutil.copytree(results(tmp_path).root, tmp_path / "bob")
    submission = load(Submission, tmp_path / "bob/evidence/submission.json")
    save(replace(submission, kerberos="bob"), tmp_path / "bob/evidence/submission.json")
    rows = [row("ann"), row("bob"), row("gone"), without_sheet("cyd", State.REJECTED)]

    found = compare_results(rows, ASSIGNMENT, tmp_path)

    assert found.compared == 2
    assert names(found) == [("ann", "bob")]


def test_a_folder_without_a_notebook_has_no_sample(tmp_path: Path) -> None:
    assert read_sample(ResultFolder(root=tmp_path), ASSIGNMENT) is None
    assert read_sample(results(tmp_path, ""), ASSIGNMENT) is None


def test_text_of_others_can_do_nothing() -> None:
    nasty = f"x = '</pre><script>alert(1)</script>{{{{ 7*7 }}}}\u202e\x1b[31m'\n{OWN}"
    html = render_similarity_page(
        compare(student("ann", nasty, pictures=("a",)), student("bob", nasty, pictures=("a",)))
    )

    found = Inventory(html)
    assert not found.tags & ACTIVE
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert set(found.urls) == {"ann/staff.html", "bob/staff.html"}
    assert "</pre><script>alert(1)</script>{{ 7*7 }}" in "".join(found.words)
    assert len(active_content(html)) == 2  # the two links
    assert "It does not show why it is similar or who wrote it" in html


def test_only_the_class_folder_is_written(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()

    path = write_similarity_page(compare(student("ann", OWN), student("bob", RENAMED)), tmp_path)

    assert path == tmp_path / "similarity.html"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
