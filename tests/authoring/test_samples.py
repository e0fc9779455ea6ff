"""The sample submissions: their sources hold together, and their zips are what they say."""

from __future__ import annotations

import ast
import base64
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode, v4
from PIL import Image
from pypdf import PdfReader

from authoring.sample_outputs import captured, pictures
from authoring.sample_report import report_pdf
from authoring.samples import (
    SUBMISSIONS,
    build_notebook,
    build_zip,
    read_expectation,
    read_sample,
    record,
    sample_names,
)
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import Severity
from reference.errors import ConfigError

NAMES = sample_names()


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("zips")
    return {name: build_zip(name, folder / f"{name}.zip") for name in NAMES}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the samples' sources that a test may spoil."""
    ignored = shutil.ignore_patterns("*.zip")
    return shutil.copytree(SUBMISSIONS, tmp_path / "submissions", ignore=ignored)


def parsed_code(notebook: NotebookNode) -> ast.Module:
    lines = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code").split(
        "\n"
    )
    return ast.parse("\n".join(line for line in lines if not line.startswith("%")))


def test_the_samples_of_the_issue_are_there() -> None:
    assert {
        "complete",
        "course_form",
        "exception_halfway",
        "late",
        "no_report",
        "not_run",
        "overwritten_target",
        "report_only_1_3",
        "sp22_complete",
        "sp22_wrong_sign",
        "undergrad_6819",
        "wrong_descent",
        "wrong_flipped_kernel",
        "wrong_off_by_one_pad",
        "wrong_softmax_dim",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_intake_reads_each_zip_and_gives_the_expected_notes(
    name: str, zips: dict[str, Path], tmp_path: Path
) -> None:
    submission = read_submission(zips[name], tmp_path / "unpacked")
    codes = [note.code for note in submission.notes if note.severity is not Severity.INFO]
    assert sorted(codes) == sorted(read_expectation(name).notes)
    assert submission.kerberos == name
    assert submission.notebook_path.endswith("pset4.ipynb")
    assert (submission.report_pages > 0) == bool(read_sample(name).report)
    was_run = any(cell.execution_count is not None for cell in submission.cells)
    assert was_run == read_sample(name).run


@pytest.mark.parametrize("name", NAMES)
def test_each_notebook_is_valid_and_its_code_parses(name: str) -> None:
    notebook = build_notebook(name)
    nbformat.validate(notebook)
    assert parsed_code(notebook).body


@pytest.mark.parametrize("name", NAMES)
def test_each_sample_expects_a_verdict_for_every_part(name: str) -> None:
    expectation = read_expectation(name)
    offering = load_assignment(read_sample(name).assignment)
    assert sorted(expectation.parts) == sorted(part.id for part in offering.parts)
    for part_id in ("3c", "3e", "4c"):
        assert expectation.parts[part_id].outcome == "NEEDS_HUMAN"
    for part in expectation.parts.values():
        assert (part.points == "full") == (part.outcome == "PASS")
        assert (part.points == "zero") == (part.outcome not in ("PASS", "PARTIAL"))


def test_zips_do_not_depend_on_when_they_are_made(zips: dict[str, Path], tmp_path: Path) -> None:
    again = build_zip("complete", tmp_path / "complete.zip")
    assert again.read_bytes() == zips["complete"].read_bytes()
    with zipfile.ZipFile(again) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2021, 3, 31, 20, 0, 0)}


def test_report_is_a_small_pdf_with_all_problems(zips: dict[str, Path]) -> None:
    with zipfile.ZipFile(zips["complete"]) as archive:
        data = archive.read("report.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    assert len(data) < 400_000
    assert all(f"Problem {number}" in text for number in (1, 2, 3, 4))


def test_report_leaves_out_what_the_course_does_not_ask(zips: dict[str, Path]) -> None:
    with zipfile.ZipFile(zips["undergrad_6819"]) as archive:
        data = archive.read("report.pdf")
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    assert "Three layers" not in text
    assert "Robust network" in text


def test_course_form_is_of_2021() -> None:
    notebook = nbformat.read(SUBMISSIONS / "_bases" / "course_form.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    code = "\n".join(cell.source for cell in notebook.cells)
    solved_ids = {cell.metadata.id for cell in build_notebook("complete").cells}
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 0)
    assert all("id" not in cell and len(cell.metadata.id) == 12 for cell in notebook.cells)
    assert solved_ids.isdisjoint(cell.metadata.id for cell in notebook.cells)
    for used in (
        "models.__dict__['resnet50'](pretrained=True)",
        "model.cuda()",
        "batch.cuda()",
        ".to('cuda')",
        "torch.load('imagenet_l2_3_0.pt')",
        "from tqdm import tqdm_notebook as tqdm",
        "torch.nn.functional.softmax(output)\n",
        "http://6.869.csail.mit.edu/fa19/psets19/pset6/imagenet_l2_3_0.pt",
        "from google.colab",
    ):
        assert used in code
    assert "conv1d" not in code


def test_late_sample_is_three_days_late() -> None:
    expected = read_expectation("late")
    late = load_assignment("pset4_sp21")
    assert expected.submitted == "2021-04-03T02:59"
    assert expected.late_coefficient == pytest.approx(1 - 0.5 * 3 / late.late.days)


EDITS = [
    (
        'cells = ["nosuchcell00"]\ndrop = true',
        r"ids of cells of the base, found \['nosuchcell00'\]",
    ),
    ('cells = ["p2c-prob-000"]\nfind = "nowhere"', r"'nowhere' occurs 0 times in p2c-prob-000"),
    ('cells = ["p4a-step-000"]\nfind = "self.eps"', r"occurs 2 times"),
    ('cells = ["p2c-prob-000"]', r"occurs 0 times"),
    ('cells = ["p2c-prob-000"]\nremove = true', r"edit\.0\.remove"),
]


@pytest.mark.parametrize(("edit", "message"), EDITS, ids=[message for _, message in EDITS])
def test_an_edit_that_does_not_fit_is_an_error(edit: Any, message: str, root: Path) -> None:
    (root / "complete" / "sample.toml").write_text(f'base = "solved"\n[[edit]]\n{edit}\n')
    with pytest.raises(ConfigError, match=message):
        build_notebook("complete", root)


def test_a_sample_may_be_like_another_and_add_a_cell(root: Path) -> None:
    edit = (
        '[[edit]]\ncells = ["p4e-answer-0"]\nadd = "added-cell-0"\nreplace = "print(1)"\n'
        '[[edit]]\ncells = ["added-cell-0"]\nfind = "1"\nreplace = "2"\n'
    )
    (root / "late" / "sample.toml").write_text(f'base = "solved"\nlike = "wrong_descent"\n{edit}')
    cells = build_notebook("late", root).cells
    ids = [cell.metadata.id for cell in cells]
    place = ids.index("added-cell-0")
    assert (ids[place - 1], cells[place].source) == ("p4e-answer-0", "print(2)")
    like = {cell.metadata.id: cell.source for cell in build_notebook("wrong_descent", root).cells}
    assert {cell.metadata.id: cell.source for cell in cells if cell.metadata.id in like} == like


def test_the_second_offerings_notebook_differs_where_the_offering_does() -> None:
    ours, theirs = (
        {cell.metadata.id: cell.source for cell in build_notebook(name).cells}
        for name in ("sp22_complete", "complete")
    )
    assert {i for i in ours if ours[i] != theirs.get(i)} == {
        *("p0-title-000", "p4a-attack-0", "p4b-question", "p4c-answer-0", "p4d-question"),
        *("p4d-answer-0", "p4g-question", "p4g-robust-0", "p4g-answer-0"),
        *(f"p4d-run-{i}-00" for i in (1, 2, 3)),
    }
    assert "renorm=True" in ours["p4a-attack-0"]


def test_a_missing_file_is_named(root: Path) -> None:
    (root / "late" / "expect.toml").unlink()
    with pytest.raises(ConfigError, match=r"late/expect\.toml: expected a sample's file"):
        read_expectation("late", root)
    with pytest.raises(ConfigError, match=r"nosuch\.html: expected a report's source"):
        report_pdf(root, "nosuch", "solved", omit=(), outputs={})
    with pytest.raises(ConfigError, match=r"section of part 9z"):
        report_pdf(root, "full", "solved", omit=("9z",), outputs={})


def picture_cell(colour: str, text: str = "old") -> NotebookNode:
    buffer = io.BytesIO()
    Image.new("RGB", (1000, 500), colour).save(buffer, "PNG")
    new_output: Any = v4.new_output
    cell: NotebookNode = v4.new_code_cell("plot()")  # type: ignore[no-untyped-call]
    cell.outputs = [
        new_output("stream", name="stdout", text=text),
        new_output("stream", name="stderr", text="a warning of some library"),
        new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}}),
        new_output("display_data", {"image/png": base64.b64encode(buffer.getvalue()).decode()}),
    ]
    return cell


def test_captured_outputs_are_small_and_without_noise() -> None:
    no_outputs = v4.new_code_cell("pass")  # type: ignore[no-untyped-call]
    outputs = captured({"a": picture_cell("red"), "b": no_outputs})
    assert list(outputs) == ["a"]
    assert [output["output_type"] for output in outputs["a"]] == ["stream", "display_data"]
    assert len(pictures(outputs["a"])[0]) < 1000


def test_a_recorded_run_is_stored_once_for_the_base_and_by_difference(root: Path) -> None:
    executed = build_notebook("complete", root)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = picture_cell("red").outputs
    record("complete", executed, root)
    stored = {c.metadata.id: c for c in build_notebook("complete", root).cells}
    assert stored["p2c-predict-"].outputs[0].text == "old"
    wrong = build_notebook("wrong_softmax_dim", root)
    for cell in wrong.cells:
        if cell.cell_type == "code":
            same = cell.metadata.id != "p2c-predict-"
            cell.outputs = picture_cell("red", "old" if same else "new").outputs
    path = record("wrong_softmax_dim", wrong, root)
    assert list(json.loads(path.read_text())) == ["p2c-predict-"]
    with pytest.raises(ConfigError, match="a run of this sample"):
        record("wrong_descent", executed, root)
