"""The main job at full size: ResNet-50, every page.

20 steps per attack, so that it takes a minute: `make bench` takes all 200, and so does
`make grade`. The gain that is asked for is the reference's after as many. `make test` has the same
sample on the narrow networks (`tests/authoring/test_submissions.py`).
"""

from __future__ import annotations

import pytest
from pypdf import PdfReader

from authoring.samples import build_zip
from grader.model.records import Outcome
from grader.pipeline import GradeRecord, grade
from tests.authoring.test_submissions import gets_its_verdict
from tests.grader.conftest import request_for
from tests.grader.shortened import shorten

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.fullsize,
    pytest.mark.whole,
    pytest.mark.timeout(1800),
]


STEPS = 20


@pytest.fixture(scope="module")
def course_form(tmp_path_factory: pytest.TempPathFactory) -> GradeRecord:
    """The course's own notebook form: CUDA calls everywhere, old URLs, Colab."""
    out = tmp_path_factory.mktemp("fullsize")
    zip_path = build_zip("course_form", out / "course_form.zip")
    shorten(zip_path, STEPS)
    return grade(request_for(zip_path, out, bundle="studio"), lambda _: None, lambda _: None)


def test_every_cell_ran(course_form: GradeRecord) -> None:
    failed = [run for run in course_form.evidence.cells if run.outcome is not Outcome.PASS]
    assert failed == []


def test_networks_are_full_size(course_form: GradeRecord) -> None:
    assert {model.in_features for model in course_form.evidence.models} == {2048}


def test_it_gets_its_verdict(course_form: GradeRecord) -> None:
    gets_its_verdict("course_form", course_form)


def test_every_attack_is_right(course_form: GradeRecord) -> None:
    parts = {part.id: part for part in course_form.sheet.parts}
    for name in ("2a", "2b", "2c", "4a", "4b", "4d", "4e"):
        assert parts[name].outcome is Outcome.PASS, parts[name].message
        assert parts[name].points == parts[name].max_points


def test_feedback_shows_the_attacks(course_form: GradeRecord) -> None:
    pdf = PdfReader(course_form.folder.feedback_pdf)
    text = "".join(page.extract_text() for page in pdf.pages)
    assert "tarantula" in text
    assert "tiger cat" in text
