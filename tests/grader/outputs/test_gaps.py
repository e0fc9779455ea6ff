"""What a hand-in lacks is said before it costs points, and no unanswered one gets a green check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from grader.model.records import (
    NO_REPORT,
    Alignment,
    AttackRun,
    Cell,
    CellMatch,
    Finding,
    GradeSheet,
    Outcome,
    Remark,
    ReportPicture,
    ReportReading,
    ReportSection,
    Severity,
)
from grader.outputs.gaps import Checked, Gap, find_gaps, messages
from grader.outputs.pages.required_report import NOTHING_FOUND
from grader.outputs.policy import evaluate, parse_policy
from grader.outputs.summary import render_summary
from tests import factories

ASSIGNMENT = factories.ASSIGNMENT
WRITTEN = ("3c", "3e", "4c")
TEMPLATE = {cell.cell_id: cell for cell in ASSIGNMENT.template}


def waiting(code: str, check_id: str = "prose") -> tuple[Finding, ...]:
    """A finding that waits, for the reason that its first remark names."""
    found = factories.finding(check_id, Outcome.NEEDS_HUMAN, message="Needs grading.")
    return (replace(found, remarks=(Remark(code=code),)),)


def sheet_of(
    findings: Mapping[str, tuple[Finding, ...]] | None = None, course: str = "6.869"
) -> GradeSheet:
    written = {part: waiting("prose.in_report") for part in WRITTEN}
    return factories.grade_sheet({**written, **(findings or {})}, course=course)


def report(sections: Mapping[str, str], pictures: Iterable[ReportPicture] = ()) -> ReportReading:
    made = tuple(
        ReportSection(
            part_ids=(part,),
            whole_problem=False,
            label=f"{part[0]}({part[1]})",
            first_page=1,
            last_page=1,
            text=text,
        )
        for part, text in sections.items()
    )
    return replace(NO_REPORT, pages=2, pages_read=2, sections=made, pictures=tuple(pictures))


def picture(part: str, *names: str) -> ReportPicture:
    box = (0.1, 0.1, 0.9, 0.9)
    return ReportPicture(page=1, box=box, part_ids=(part,), names=names, likeness=0.9)


def run_named(run_id: str) -> AttackRun:
    """A recorded run of which nothing else is known."""
    return AttackRun(
        run_id=run_id,
        cell_index=0,
        function="",
        class_id=None,
        steps=0,
        settings=None,
        start=None,
        final=None,
        samples=(),
        images=(),
        weights_sha256="",
        fingerprint=None,
    )


ANSWERED = report(dict.fromkeys(WRITTEN, "Zeros stand beyond the ends, so that sizes fit."))


def checked(**changes: object) -> Checked:
    """A hand-in with a report that answers the written parts."""
    made = Checked(
        assignment=ASSIGNMENT,
        sheet=sheet_of(),
        submission=factories.submission(),
        alignment=Alignment(matches=(), missing=(), answers=()),
        evidence=factories.evidence(),
        report=ANSWERED,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def status(one: Checked) -> int:
    return evaluate(
        parse_policy(None),
        one.assignment,
        one.sheet,
        one.submission,
        one.evidence,
        find_gaps(one),
    ).exit_status


def codes(one: Checked) -> set[str]:
    return {gap.code for gap in find_gaps(one)}


def test_a_hand_in_that_answers_everything_lacks_nothing() -> None:
    assert find_gaps(checked()) == ()
    assert status(checked()) == 0


def test_a_notebook_of_another_offering_stands_in_the_way() -> None:
    one = checked(submission=replace(factories.submission(), made_for="pset4_sp22"))
    assert codes(one) == {"other-offering"}
    assert status(one) == 1


def test_an_unanswered_hand_in_never_gets_a_green_check() -> None:
    nothing = {
        part: (factories.finding("prose", Outcome.NOT_ATTEMPTED, message="Not found."),)
        for part in WRITTEN
    }
    one = checked(
        sheet=sheet_of(nothing),
        submission=factories.submission(
            report_path="", report_pages=0, notes=(factories.note("no-report"),)
        ),
        report=NO_REPORT,
    )
    blocking = [gap.part_id for gap in find_gaps(one) if gap.blocks]
    assert blocking == [*WRITTEN, ""]
    assert status(one) == 1


def test_a_missing_report_is_red_although_the_notebook_answers() -> None:
    lacks = factories.submission(report_path="", notes=(factories.note("no-report"),))
    assert status(checked(submission=lacks, sheet=sheet_of({}))) == 1


@pytest.mark.parametrize(
    "text", ["", "Convolution layer: boundaries", NOTHING_FOUND, "Your answer here."]
)
def test_a_section_without_an_answer_is_none(text: str) -> None:
    given = dict.fromkeys(WRITTEN[1:], "Because the sizes fit then.")
    one = checked(report=report({**given, "3c": text}))
    (gap,) = find_gaps(one)
    assert (gap.code, gap.part_id, gap.blocks) == ("gap.no_section", "3c", True)
    assert status(one) == 1


def test_a_page_by_hand_and_a_cell_of_the_notebook_are_answers() -> None:
    by_hand = report(dict.fromkeys(WRITTEN, ""), (picture("3c"),))
    alignment = Alignment(matches=(), missing=(), answers=(("3e", "No padding."), ("4c", "L2.")))
    assert find_gaps(checked(report=by_hand, alignment=alignment)) == ()


def test_a_run_s_picture_answers_no_question_in_words() -> None:
    shown = report(
        {"3c": "As above.", "3e": "As above.", "4c": ""}, (picture("4c", "run0", "corgi"),)
    )
    assert [gap.part_id for gap in find_gaps(checked(report=shown))] == ["4c"]


def test_without_labels_a_report_is_advice_only() -> None:
    one = checked(report=replace(NO_REPORT, pages=2, pages_read=2))
    assert {(g.code, g.blocks) for g in find_gaps(one)} == {("gap.no_labels", False)}
    assert status(one) == 0
    elsewhere = factories.submission(report_path="", other_files=("answers.docx",))
    assert codes(checked(submission=elsewhere, report=NO_REPORT)) == {"gap.elsewhere"}


def test_optional_and_graded_parts_lack_nothing() -> None:
    missing = (factories.finding("feature_visualisation", Outcome.NOT_ATTEMPTED),)
    bonus = (factories.finding("attack_bonus", Outcome.NOT_ATTEMPTED),)
    undergrad = sheet_of({"4d": missing, "4f": bonus}, course="6.819")
    assert "4d" not in {gap.part_id for gap in find_gaps(checked(sheet=undergrad))}


def test_a_figure_that_the_report_does_not_show_is_named() -> None:
    found = replace(factories.finding("targeted_attack"), evidence_ids=("run0",))
    evidence = factories.evidence(runs=(run_named("run0"),))
    sheet = sheet_of({"4a": (found,)})
    one = checked(sheet=sheet, evidence=evidence)
    assert [(g.code, g.part_id, g.blocks) for g in find_gaps(one)] == [
        ("gap.no_picture", "4a", False)
    ]
    shown = replace(ANSWERED, pictures=(picture("", "run0"),))
    assert find_gaps(replace(one, report=shown)) == ()
    assert find_gaps(replace(one, report=replace(ANSWERED, pages=9))) == ()


def test_an_overwritten_target_is_named() -> None:
    gaps = find_gaps(
        checked(sheet=sheet_of({"4e": waiting("attack.other_target", "targeted_attack")}))
    )
    assert [gap.code for gap in gaps if gap.part_id == "4e"] == ["gap.target"]


def cells(*counts: int | None, error: str = "") -> tuple[Cell, ...]:
    return tuple(
        factories.cell(index, execution_count=count, stored_error=error)
        for index, count in enumerate(counts)
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (cells(1, None, 2), "1 code cell was not run before the notebook was saved: 2."),
        (cells(3, 4, 2), "Cells were run out of order: cell 2 after cell 3. Choose Run all,"),
        (cells(1, error="KeyError"), "1 cell of the notebook as saved ended in an error: 1."),
    ],
)
def test_cells_not_run_or_out_of_order_are_named(given: tuple[Cell, ...], sentence: str) -> None:
    (gap,) = find_gaps(checked(submission=factories.submission(cells=given)))
    assert gap.message.startswith(sentence)
    assert not gap.blocks


def test_a_function_of_another_name_is_named() -> None:
    known = TEMPLATE["p1a-conv-fwd"]
    renamed = known.source.replace("conv1d_forward", "conv_fwd")
    match = CellMatch(
        cell_index=0, template_id=known.cell_id, part_id="1a", how="id", similarity=0.9
    )
    one = checked(
        submission=factories.submission(cells=(factories.cell(0, renamed),)),
        alignment=Alignment(matches=(match,), missing=(), answers=()),
    )
    (gap,) = find_gaps(one)
    assert "`conv1d_forward`" in gap.message
    kept = factories.submission(cells=(factories.cell(0, known.source),))
    assert find_gaps(replace(one, submission=kept)) == ()


def test_wrong_names_and_lateness_are_named() -> None:
    wrong = factories.note("report-name", Severity.WARNING, message="Expected report.pdf.")
    late = replace(sheet_of(), days_late=2, late_coefficient=0.857)
    gone = replace(sheet_of(), days_late=9, late_coefficient=0.0)
    notes = factories.submission(notes=(wrong,))
    assert codes(checked(submission=notes, sheet=late)) == {"report-name", "gap.late"}
    assert codes(checked(sheet=gone)) == {"gap.too_late"}


def test_what_stands_in_the_way_comes_first_and_once() -> None:
    advice = Gap(code="a", part_id="", message="Advice.", blocks=False)
    gap = Gap(code="b", part_id="", message="Missing.", blocks=True)
    assert messages((advice, gap, gap)) == ("Missing.", "Advice.")
    text = render_summary(sheet_of(), None, (advice, gap))
    assert "### Not answered or not shown\n\n- Missing.\n- Advice.\n" in text
