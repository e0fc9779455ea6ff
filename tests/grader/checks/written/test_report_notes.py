"""What staff read about the report, and that nothing of it changes a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks import CHECKS, CheckContext, run_checks
from grader.checks.findings import say, staff_text, student_text, where_to_look
from grader.checks.report_words import names_class, probabilities_of
from grader.checks.written.report_notes import report_notes
from grader.model.assignment import Assignment, CheckWeight, load_assignment
from grader.model.records import (
    Bar,
    BarsExhibit,
    Finding,
    Outcome,
    ReportPicture,
    ReportReading,
    ReportSection,
)
from tests import factories
from tests.grader.checks.support import ASSIGNMENT, Lab

BOX = (0.1, 0.1, 0.4, 0.4)


def section(part: str, text: str = "", first: int = 1, last: int = 0) -> ReportSection:
    return ReportSection(
        part_ids=(part,),
        whole_problem=False,
        label=f"({part[1]}) Answer",
        first_page=first,
        last_page=last or first,
        text=text,
    )


def picture(page: int, *names: str, part: str = "") -> ReportPicture:
    parts = (part,) if part else ()
    return ReportPicture(page=page, box=BOX, part_ids=parts, names=names, likeness=0.9)


def reading(*sections: ReportSection, pictures: tuple[ReportPicture, ...] = ()) -> ReportReading:
    return ReportReading(
        pages=9, pages_read=9, sections=sections, pictures=pictures, trouble=(), seconds=0.1
    )


def noted(context: CheckContext, report: ReportReading, part: str, **changes: Any) -> str:
    """What staff read; the student reads nothing of it."""
    notes = report_notes(replace(context, report=report), part, factories.finding(**changes))
    assert not any(student_text(note) for note in notes)
    return " ".join(map(staff_text, notes))


# -- where ----------------------------------------------------------------------------------------


def test_pages_of_a_part(lab: Lab) -> None:
    report = reading(section("4d", first=4, last=5), section("4d", first=8))
    context = replace(lab.context(report_pages=9), report=report)
    assert context.pages("4d") == "report.pdf, pages 4 to 5, 8"
    assert context.pages("4a") == context.pages() == "report.pdf, pages 1 to 9"
    one = replace(context, report=reading(section("4d", first=5)))
    assert one.pages("4d") == "report.pdf, page 5"


def test_a_report_that_cannot_be_opened_is_not_missing(lab: Lab) -> None:
    context = lab.context(report_pages=0)
    assert context.pages("4d") == ""
    assert where_to_look(context, "4d") == say("look.no_report")
    broken = replace(context, submission=replace(context.submission, report_path="report.pdf"))
    assert broken.pages("4d") == ""
    assert where_to_look(broken, "4d") == say("look.unreadable")
    # What may be in it is for a person, never a zero.
    for part, check in (("1a", "conv_forward"), ("3c", "prose")):
        assert CHECKS[check](context, part).outcome is Outcome.NOT_ATTEMPTED
        assert CHECKS[check](broken, part).outcome is Outcome.NEEDS_HUMAN


def test_the_label_is_told_once(lab: Lab) -> None:
    report = reading(section("4d", first=4))
    told = 'Answered in report.pdf, page 4, under "(d) Answer".'
    assert noted(lab.context(), report, "4d") == told
    named = say("look.report", pages="report.pdf, page 4")
    assert noted(lab.context(), report, "4d", remarks=(named,)) == ""
    assert noted(lab.context(), report, "4a") == ""


def test_checks_name_the_pages_of_their_part(lab: Lab) -> None:
    report = reading(section("4d", first=4, last=5), section("1a", first=2))
    context = replace(lab.context(runs=(lab.dream("layer1"),)), report=report)
    only_one = CHECKS["feature_visualisation"](context, "4d")
    assert only_one.outcome is Outcome.NEEDS_HUMAN
    assert "report.pdf, pages 4 to 5" in only_one.staff_detail
    assert "report.pdf, page 2" in CHECKS["conv_forward"](context, "1a").staff_detail


def test_every_check_of_the_registry_is_annotated(lab: Lab) -> None:
    part = replace(ASSIGNMENT.part("1a"), checks=(CheckWeight(id="conv_forward", weight=1.0),))
    assignment: Assignment = replace(ASSIGNMENT, parts=(part,), experiments=())
    context = replace(lab.context(), report=reading(section("1a", first=3)))
    (finding,) = run_checks(assignment, context)["1a"]
    assert "report.pdf, page 3" in finding.staff_detail
    assert finding.staff_detail == " ".join(filter(None, map(staff_text, finding.remarks)))


# -- pictures -------------------------------------------------------------------------------------


def test_where_the_images_of_the_runs_are(lab: Lab) -> None:
    runs = (lab.attack("4a", run_id="run1", n_steps=1), lab.attack("4b", run_id="run2", n_steps=1))
    context = lab.context(runs=runs)
    shown = reading(
        pictures=(
            picture(3, "corgi", "run2", part="4b"),
            picture(3, "run1", part="4a"),
            picture(5, "run1"),
            picture(7, "corgi", "run2", part="4e"),
            picture(4, part="4a"),
        )
    )
    assert noted(context, shown, "4a", evidence_ids=("run1", "cell 5")) == (
        "The last image of run1 is shown in report.pdf, pages 3, 5. Pictures of this part that "
        "match no recorded image: 1, in report.pdf, page 4."
    )
    assert noted(context, shown, "4b", evidence_ids=("run2",)) == (
        "A picture in report.pdf, page 3, is the last image of run2 or one that looks the same on "
        "paper: corgi."
    )
    assert noted(context, shown, "4d", evidence_ids=("run9", "probe run1")) == ""


def test_a_picture_that_only_the_reference_explains(lab: Lab) -> None:
    told = "A picture in report.pdf, page 5, looks like the reference's image of this part"
    runs = (lab.attack("4e", run_id="run1", n_steps=1),)
    overwritten = reading(pictures=(picture(5, "reference 4e", part="4e"),))
    assert told in noted(lab.context(runs=runs), overwritten, "4e", evidence_ids=("run1",))
    # Where the run explains it, the run is named.
    explained = reading(pictures=(picture(5, "run1", "reference 4e", part="4e"),))
    detail = noted(lab.context(runs=runs), explained, "4e", evidence_ids=("run1",))
    assert detail == "The last image of run1 is shown in report.pdf, page 5."


def test_random_starts_explain_pictures_without_a_match(lab: Lab) -> None:
    shown = reading(pictures=(picture(4, part="4d"), picture(5, part="4d")))
    told = noted(lab.context(), shown, "4d")
    assert "match no recorded image: 2, in report.pdf, pages 4 to 5. Images that start at" in told
    # Plots of parts without an experiment are not worth a word.
    assert noted(lab.context(), reading(pictures=(picture(1, part="2b"),)), "2b") == ""


# -- numbers and names ----------------------------------------------------------------------------


def bars(probability: float) -> BarsExhibit:
    bar = Bar(class_id=263, name="Pembroke", probability=probability)
    return BarsExhibit(title="after", bars=(bar,))


@pytest.mark.parametrize(
    ("text", "probability", "told"),
    [
        ("It is a Pembroke (0.98).", 0.9823, "0.98 for Pembroke, which agrees with"),
        ("Pembroke with 98 %.", 0.9823, "98 % for Pembroke, which agrees with"),
        ("pembroke: 0.42", 0.9823, "0.42 for Pembroke, which differs from"),
        ("a Pembroke, of course", 0.9823, "The report names Pembroke."),
        ("a dog", 0.9823, ""),
    ],
)
def test_probabilities_of_the_report_are_compared_and_cost_nothing(
    lab: Lab, text: str, probability: float, told: str
) -> None:
    report = reading(section("2c", text))
    for outcome in (Outcome.PASS, Outcome.FAIL):
        detail = noted(lab.context(), report, "2c", outcome=outcome, exhibits=(bars(probability),))
        assert told in detail
        assert ("Pembroke" in detail) == bool(told)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("The answer is 2048.", Outcome.PASS),
        ("2,048 features", Outcome.PASS),
        ("There are 512.", Outcome.NEEDS_HUMAN),
        ("20481 or 0.2048", Outcome.NEEDS_HUMAN),
    ],
)
def test_in_features_may_be_in_the_report_only(lab: Lab, text: str, outcome: Outcome) -> None:
    context = lab.context(models=(lab.model("random"),), sources=["model = models.resnet50()"])
    assert CHECKS["in_features"](context, "2a").outcome is Outcome.NEEDS_HUMAN
    own = replace(context, report=reading(section("2a", text, first=2)))
    finding = CHECKS["in_features"](own, "2a")
    assert finding.outcome is outcome
    assert "report.pdf, page 2" in finding.staff_detail
    # The same words under another part prove nothing about this one.
    other = replace(context, report=reading(section("4a", text, first=2)))
    assert CHECKS["in_features"](other, "2a").outcome is Outcome.NEEDS_HUMAN


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("tiger cat 0.54, Egyptian cat 0.14", [0.54]),
        ("0.54 tiger\ncat", [0.54]),
        ("Tiger-Cat: 99.8%", [0.998]),
        ("tiger cats at 5.67e-09", [5.67e-9]),
        ("tiger cat 1.0", [1.0]),
        ("tiger cat in Attack 1", []),
        ("tiger cat, 200 steps", []),
        ("tigercatfish 0.5", []),
        ("tiger cat" + " x" * 60 + " 0.5", []),
    ],
)
def test_the_nearest_probability(text: str, values: list[float]) -> None:
    found = probabilities_of(text, "tiger cat")
    assert [written.value for written in found] == pytest.approx(values)
    assert names_class(text, "tiger cat") == ("fish" not in text)


@given(text=st.text(max_size=200), name=st.text(min_size=1, max_size=20))
def test_any_text_is_read(text: str, name: str) -> None:
    assert all(w.value >= 0 for w in probabilities_of(text, name))


def test_the_report_never_moves_a_verdict(lab: Lab) -> None:
    """Of all checks, only 2(a) may read an answer in the report."""
    context = lab.context()
    words = "2048 tiger cat 0.99 Pembroke 98 % tarantula 1.0"
    full = reading(
        *(section(part.id, words) for part in ASSIGNMENT.parts),
        pictures=(picture(1, "corgi"), picture(2, part="4d")),
    )

    def verdicts(report: ReportReading) -> list[tuple[str, Outcome, float, str]]:
        found = run_checks(load_assignment(), replace(context, report=report))
        return [
            (f.check_id, f.outcome, f.credit, f.message)
            for findings in found.values()
            for f in findings
            if isinstance(f, Finding) and f.check_id != "in_features"
        ]

    assert verdicts(full) == verdicts(reading())
