from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment, solved_notebook
from grader.model.attachments import placed
from grader.model.records import Alignment, BarsExhibit, CellMatch, GradeSheet, StemExhibit
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.answer_pictures import pictures_of
from grader.outputs.pages.figures import Figure
from grader.outputs.pages.notebooks import NotebookCell, read_cells, snippets, without_prompts
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.reference_report import from_reference
from grader.outputs.pages.render import render_staff_html
from grader.outputs.pages.required_report import ReportPart, ReportSource, Snippet, build_report
from grader.outputs.pages.staff_view import Beside
from grader.outputs.pages.student_report import from_results, own_exhibits
from reference.errors import ConfigError
from reference.expected import AttackResult, DreamResult, Expected, Manifest, PredictionsResult
from reference.run_records import Norm, Space, StepConfig, TopClass, TraceStep
from tests.factories import code_cell, markdown_cell, notebook, notebook_bytes, write_zip
from tests.grader.outputs.pages.factory import attack_exhibits, picture, rich_sheet, stem_exhibit

ASSIGNMENT, SECOND = load_assignment("pset4_sp21"), load_assignment("pset4_sp22")
TOP = tuple(
    TopClass(class_id=i, name=name, logit=0.0, probability=p)
    for i, name, p in ((263, "Pembroke", 0.9), (282, "tiger cat", 0.1))
)
STEP = StepConfig(step_size=3, space=Space.NORMALISED, eps_l2=30, norm=Norm.L2)


def _attack(attack_id: str, target: int, name: str, of: str = "") -> AttackResult:
    experiment = ASSIGNMENT.experiment(of or attack_id)
    trace = tuple(
        TraceStep(objective=-3.0, log_probability=-3.0 + k, distance_l2=k, gradient_l2=1.0)
        for k in range(3)
    )
    return AttackResult(
        id=attack_id, network=experiment.network, target=target, target_name=name,
        step=experiment.step, n_steps=experiment.n_steps,
        log_p_before=math.log(0.05), log_p_after=math.log(0.9), log_p_picture=math.log(0.9),
        distance_l2=29.97, top5_before=TOP, top5_after=TOP, image="x.png", logits="", trace=trace,
    )  # fmt: skip


def _dream(layer: str, channel: int | None = None) -> DreamResult:
    return DreamResult(
        id=f"4d-{layer}", style="plain", layer=layer, channel=channel, objective="l2 norm",
        start_seed=1, step=STEP, n_steps=2, value_before=2.0, value_after=9.0, image="x.png",
        objectives=(2.0, 5.0, 9.0), trace=(),
    )  # fmt: skip


@pytest.fixture
def expected(tmp_path: Path) -> Expected:
    image = (picture(0, 24)[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    for name in ("corgi.png", "x.png", "4d-side-by-side.png"):
        Image.fromarray(image).save(tmp_path / name)
    return Expected(
        bundle_name="studio", in_features=2048, folder=tmp_path,
        manifest=Manifest(
            format_version=1, bundle_name="studio", bundle_version="1", width="full",
            bundle_files={}, versions={"torch": "2.15.0"}, device="cpu", seeds={}, n_steps=2,
            files={},
        ),
        predictions=PredictionsResult(
            in_features=2048, random_seed=0, random_top5=TOP, pretrained_top5=TOP, robust_top5=TOP
        ),
        attacks=(
            _attack("4a", 76, "tarantula"), _attack("4b", 282, "tiger cat"),
            _attack("4e", 282, "tiger cat"), _attack("4f-145", 145, "king penguin", of="4e"),
        ),
        dreams=(_dream("layer2", 7), _dream("layer1"), _dream("layer2")),
    )  # fmt: skip


def reference_source(expected: Expected) -> ReportSource:
    return from_reference(expected, ASSIGNMENT, solved_notebook("pset4_sp21"))


def _figures(part: ReportPart) -> list[Figure]:
    return [figure for row in part.figures for column in row.columns for figure in column]


def test_every_question_is_there_in_the_handouts_order(expected: Expected) -> None:
    source = reference_source(expected)
    assert [part.id for part in source.parts] == [
        *("1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "3d", "3e"),
        *("4a", "4b", "4c", "4d", "4e", "4f"),
    ]
    for part in source.parts:
        assert part.answer or part.facts or part.figures, part.id
    for part_id in ("1a", "1b", "3a", "3b", "3c", "3d", "3e", "4c"):
        assert next(part for part in source.parts if part.id == part_id).answer


def test_reference_shows_pictures_probabilities_code_and_equations(expected: Expected) -> None:
    parts = {part.id: part for part in reference_source(expected).parts}
    assert [figure.title for figure in _figures(parts["4b"])] == [
        *("original", "tiger cat", "difference ×10", "before", "after"),
        "log-probability of tiger cat",
    ]
    assert ("l2 distance from the original (normalised space, ball of 30)", "30.0") in parts[
        "4b"
    ].facts
    assert parts["2a"].facts[0][1] == "2048"
    assert "generate_adversarial_example" in parts["4a"].snippets[0].code
    assert [name for name, _ in parts["4d"].facts] == ["layer1", "layer2", "layer2, channel 7"]
    page = build_report(reference_source(expected))
    assert page.count('class="math"') > 50
    assert '<code class="math">' not in page  # each formula could be set


@pytest.mark.slow
def test_report_is_a_tagged_pdf_with_a_bookmark_per_question(
    expected: Expected, tmp_path: Path
) -> None:
    path = tmp_path / "report.pdf"
    source = reference_source(expected)
    quick = tuple(  # setting every formula takes seconds; 1(a) has enough of them
        part if part.id == "1a" else replace(part, answer="", figures=part.figures[:1])
        for part in source.parts
    )
    html_to_pdf(build_report(replace(source, parts=quick)), path)
    reader = PdfReader(path)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    titles: list[str] = []
    stack: list[Any] = list(reader.outline)
    while stack:
        entry = stack.pop()
        if isinstance(entry, list):
            stack += entry
        else:
            titles.append(str(entry.title))
    assert len([title for title in titles if title.startswith("Problem ")]) == 4
    assert len(titles) == 4 + len(ASSIGNMENT.parts)
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert "Reference solution" in text
    assert "conv1d_backward" in text


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A results folder with a notebook that has an answer, code, printed text and a figure."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    save(rich_sheet(evidence, side=16), tmp_path / "results.json")
    figure = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(figure, "PNG")
    drew = code_cell("plot_top_classes(output)", cell_id="a")
    drew["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["\r 10%\r100%\n", "jellyfish 0.2\n"]},
        {"output_type": "stream", "name": "stderr", "text": ["a warning"]},
        {
            "output_type": "display_data",
            "data": {"image/png": base64.b64encode(figure.getvalue()).decode()},
        },
    ]
    cells = [markdown_cell("notes"), drew, code_cell("helper = 1"), code_cell("mine = 'own code'")]
    (tmp_path / "executed.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    matches = tuple(
        CellMatch(cell_index=i, template_id=t, part_id=p, how="id", similarity=1.0)
        for i, t, p in ((0, "", "2b"), (1, "", "2b"), (2, "p4d-layers-0", "4d"), (3, "", "4a"))
    )
    save(Alignment(matches=matches, missing=(), answers=()), evidence / "alignment.json")
    return tmp_path


def test_a_students_report_shows_only_what_is_their_own(results: Path) -> None:
    source = from_results(results, ASSIGNMENT)
    parts = {part.id: part for part in source.parts}
    assert source.author == "sample"
    assert [figure.title for figure in _figures(parts["4a"])] == [
        *("original", "result", "difference ×10", "before", "after"),
        "log-probability of the target",
    ]
    assert parts["4a"].snippets == (Snippet(caption="", code="mine = 'own code'"),)
    assert parts["4d"].snippets == ()  # a given cell is no answer
    assert parts["2b"].printed == ("100%\njellyfish 0.2",)
    assert [row.kind for row in parts["2b"].figures] == ["wide"]
    assert "I pad with zeros" in parts["3c"].answer
    assert "1b" not in parts  # optional, and nothing was written
    assert not _figures(parts["3b"])  # values of hidden inputs
    page = build_report(source)
    body = page.split("</style>")[-1].lower().replace(' points="', "")
    for foreign in ("reference", "passed", "not right", "points", "tolerance", "expected"):
        assert foreign not in body, foreign
    assert "<script" not in body


def test_a_students_report_answers_the_questions_of_its_offering(results: Path) -> None:
    source = from_results(results, SECOND)
    asked = {part.id: part.question for part in source.parts}
    assert asked["4g"].startswith("Repeat (d) on the network")
    assert "close to those of the corgi" in asked["4d"]
    assert (
        asked["4a"]
        == {part.id: part.question for part in from_results(results, ASSIGNMENT).parts}["4a"]
    )


def test_a_report_without_a_notebook_shows_what_is_written(results: Path) -> None:
    (results / "executed.ipynb").unlink()

    source = from_results(results, ASSIGNMENT)

    assert "no notebook with code" in source.remark
    assert source.remark in build_report(source)
    parts = {part.id: part for part in source.parts}
    assert "I pad with zeros" in parts["3c"].answer
    assert not any(part.snippets or part.printed for part in source.parts)


def test_a_pasted_picture_is_in_the_report(results: Path) -> None:
    png = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(png, "PNG")
    cell = markdown_cell("![scan](attachment:my scan.png)")
    data = base64.b64encode(png.getvalue()).decode()
    cell["attachments"] = {"my scan.png": {"image/png": data}}
    zip_path = write_zip(results / "jdoe.zip", {"pset4.ipynb": notebook_bytes([cell])})
    submission = read_submission(zip_path, results / "submission")
    save(submission, results / "evidence/submission.json")
    sheet = load(GradeSheet, results / "results.json")
    text = placed(submission.cells[0].source, 0, submission.cells[0].attachments)
    save(replace(sheet, answers=(("3c", text),)), results / "results.json")

    page = build_report(from_results(results, ASSIGNMENT))
    staff = render_staff_html(
        replace(sheet, answers=(("3c", text),)),
        results / "evidence",
        Beside(pictures=pictures_of(ResultFolder(root=results))),
    )

    for html in (page, staff):
        assert '<img class="answer-picture" alt="scan" src="data:image/png;base64,' in html
        assert "picture not shown: scan" not in html  # the hostile comment has one, too


def test_nothing_of_the_reference_is_ones_own(tmp_path: Path) -> None:
    exhibits = (*attack_exhibits(tmp_path, "4a", side=8), stem_exhibit("output"))
    own = own_exhibits(exhibits)
    assert len(own) == 5
    assert not any(isinstance(one, StemExhibit) for one in own)
    bars = next(one for one in exhibits if isinstance(one, BarsExhibit))
    assert own_exhibits((replace(bars, title="Reference, after"),)) == ()


def test_near_copies_of_a_cell_are_shown_by_their_difference() -> None:
    body = "\n".join(f"line_{n} = {n} * something" for n in range(20))
    cells = [
        NotebookCell(index=n, kind="code", source=f"layer_id = {n}\n{body}", part="4d", role="run",
                     printed="", images=())
        for n in range(3)
    ]  # fmt: skip
    found = snippets(cells)
    assert found[0].code == cells[0].source
    assert [one.code for one in found[1:]] == ["layer_id = 1", "layer_id = 2"]


def test_prompts_of_the_notebook_are_no_answer() -> None:
    assert (
        without_prompts("**Answer to 4(d).** Name the three objectives.\n\nLayer 1.", ASSIGNMENT)
        == "Layer 1."
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [3]}'])
def test_what_is_no_notebook_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.ipynb").write_text(text)
    with pytest.raises(ConfigError, match="expected a notebook"):
        read_cells(tmp_path / "x.ipynb")
    with pytest.raises(ConfigError, match="No such file"):
        read_cells(tmp_path / "y.ipynb")


def test_a_part_without_an_answer_says_so() -> None:
    part = ReportPart(id="1a", problem=1, title="t", question="What?")
    page = build_report(
        ReportSource(title="t", author="a", subtitle="", problems=(), parts=(part,))
    )
    assert "No answer was found in the notebook." in page
