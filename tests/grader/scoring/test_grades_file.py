"""`grades.toml`: what people decide is read strictly, and the template can be filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Decision, DecisionKind, GradeSheet, Outcome
from grader.scoring.entries import FileFacts, decisions_in
from grader.scoring.grades_file import GradesEntry, GradesFile, parse_grades, render_grades
from grader.scoring.overrides import Override, human_grades
from grader.scoring.score import rescore
from reference.errors import ConfigError
from tests import factories

ASSIGNMENT = load_assignment()
ZIP = factories.SHA


def parse(text: str) -> GradesFile:
    return parse_grades(text, ASSIGNMENT, where="grades.toml")


def said(text: str) -> list[tuple[str, float | None, str, str]]:
    return [(one.part_id, one.points, one.comment, one.author) for one in parse(text).entries]


def decide(text: str, known: tuple[Decision, ...] = ()) -> tuple[Decision, ...]:
    """What a file decides beside what is known."""
    numbers = iter(range(len(known), 100))
    return decisions_in(
        parse(text),
        FileFacts(kerberos="jdoe", zip_sha256=ZIP),
        known,
        lambda part_id: ASSIGNMENT.max_points(part_id, "6.869"),
        lambda: f"d{next(numbers)}",
    )


def overrides(decisions: tuple[Decision, ...]) -> tuple[Override, ...]:
    return human_grades(decisions, (), ASSIGNMENT).about("jdoe", ZIP, ASSIGNMENT, "6.869")


def scored(decisions: tuple[Decision, ...]) -> GradeSheet:
    return rescore(factories.grade_sheet(kerberos="jdoe"), ASSIGNMENT, overrides(decisions))


def test_points_and_comments_are_read_in_the_handouts_order() -> None:
    text = (
        '[parts.4c]\npoints = 0.8\n\n[parts.3c]\npoints = 0\ncomment = "Empty."\nauthor = "ta1"\n'
    )

    assert said(text) == [("3c", 0.0, "Empty.", "ta1"), ("4c", 0.8, "", "")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[parts.3c\n", "grades.toml: expected TOML"),
        ("\n[parts.9z]\npoints = 1\n", r"grades\.toml:2: parts\.9z: no such part; expected one"),
        ("[parts.3c]\npoints = 1.5\n", r"grades\.toml:2: parts\.3c\.points: expected 0 to 0\.8"),
        ("[parts.3c]\npoints = -1\n", r"toml:2: parts\.3c\.points: .*greater than or equal to 0"),
        ("[parts.3c]\npoints = nan\n", r"parts\.3c\.points: .*finite number"),
        ('[parts.3c]\npoints = "1"\n', r"parts\.3c\.points: .*valid number"),
        ("[parts.3c]\npoints = true\n", r"parts\.3c\.points: .*valid number"),
        ("[parts.1a]\n[parts.3c]\n\npoitns = 1\n", r"grades\.toml:4: parts\.3c\.poitns: unknown"),
        ("late = 1\n", r"grades\.toml:1: late: unknown key"),
        ("parts.3c.points = 9\n", r"grades\.toml: parts\.3c\.points: expected 0 to"),
        ("[parts.3c]\nof = 0\npoints = 0\n", r"parts\.3c\.of: .*greater than 0"),
        ("late = 1\n[parts.3c]\npoints = -1\n", r"points: .*greater than.*; .*:1: late: unknown"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        decide(text)


@pytest.mark.parametrize(
    "escape", ["\\nabla x", "\\theta", "\\frac{1}{2}", "\\beta", "\\rho", "$\\times$", "\\neq"]
)
@pytest.mark.parametrize("quotes", ['"', '"""'])
def test_a_backslash_that_toml_would_eat_is_refused(escape: str, quotes: str) -> None:
    with pytest.raises(ConfigError, match=r"grades\.toml:2: comment: .*between ''' and '''"):
        parse(f"[parts.3c]\ncomment = {quotes}The {escape} is missing.{quotes}\n")


def test_an_unknown_escape_is_told_how_to_be_written() -> None:
    with pytest.raises(ConfigError, match="between ''' and '''"):
        parse('[parts.3c]\ncomment = "$\\alpha$"\n')


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("'''\n$\\nabla x$, don't\n'''", "$\\nabla x$, don't"),
        ("'$\\theta$'", "$\\theta$"),
        ('"$\\\\nabla x$"', "$\\nabla x$"),
        ('"First.\\nSecond.\\tThird."', "First.\nSecond.\tThird."),
        ('"a \\u00e9"', "a é"),
    ],
)
def test_backslashes_of_maths_reach_the_student(text: str, comment: str) -> None:
    assert said(f"[parts.3c]\ncomment = {text}\n") == [("3c", None, comment, "")]


def test_the_template_lists_what_waits_and_decides_nothing() -> None:
    facts = factories.run_facts(assignment_sha256=ASSIGNMENT.sha256)
    sheet = factories.grade_sheet({"4a": ()}, facts=facts)

    text = render_grades(sheet)

    file = parse(text)
    assert file.submission == sheet.facts.zip_sha256
    assert [entry.part_id for entry in file.entries] == ["3c", "3e", "4a", "4c"]
    assert not any(entry.says_something for entry in file.entries)
    assert decide(text) == ()
    filled = decide(text.replace("# points = ", "points = 0.8"))
    assert scored(filled).pending == 0


def test_a_template_of_what_is_decided_decides_nothing_again() -> None:
    text = "[parts.3c]\npoints = 0.8\ncomment = 'Good.'\n[parts.3e]\npoints = 0.25\n"
    known = decide(text)
    shown = render_grades(scored(known))
    assert decide(shown, known) == ()
    assert decide(text, known) == ()
    (edited,) = decide(shown.replace("0.25", "0.5"), known)
    assert (edited.part_id, edited.parent) == ("3e", "d1")
    more = tuple(
        factories.decision(uuid=f"x{i}", kerberos="jdoe", part_id=i, zip_sha256=ZIP, share=0.1)
        for i in ("4c",)
    )
    assert decide(shown, (*known, *more)) == ()


def test_a_comment_alone_leaves_the_points_and_the_rubric_items() -> None:
    desk = factories.decision(
        uuid="d0", kerberos="jdoe", zip_sha256=ZIP, share=0.25, rubric_number=2, adjust_share=0.1
    )
    (made,) = decide("[parts.3c]\ncomment = 'More.'\ndecision = 'd0'\n", (desk,))
    assert (made.share, made.rubric_number, made.adjust_share) == (0.25, 2, 0.1)
    assert (made.comment, made.parent, made.kind) == ("More.", "d0", DecisionKind.IMPORTED)


def test_an_edit_is_made_on_what_the_file_showed() -> None:
    first = decide("[parts.3c]\npoints = 0.4\n")
    (second,) = decide("[parts.3c]\npoints = 0.6\n", first)
    assert second.parent == "d0"
    desk = factories.decision(
        uuid="x", kerberos="jdoe", zip_sha256=ZIP, parent="d0", share=1.0, author="ta2"
    )
    (third,) = decide("[parts.3c]\npoints = 0.6\n", (*first, desk))
    assert third.parent == "d0"  # not "x": the store will keep it as a conflict
    assert decide("[parts.3c]\npoints = 0.4\n", (*first, desk)) == ()


def test_an_optional_part_takes_no_points() -> None:
    with pytest.raises(ConfigError, match="expected 0 to 0 points for part 4d"):
        decisions_in(
            parse("[parts.4d]\npoints = 0.8\n"),
            FileFacts(kerberos="jdoe", zip_sha256=ZIP),
            (),
            lambda part_id: ASSIGNMENT.max_points(part_id, "6.819"),
            lambda: "d0",
        )


def test_the_template_says_so_where_nothing_waits() -> None:
    assert "Nothing needs grading" in render_grades(
        factories.grade_sheet(
            {part_id: (factories.finding("prose", Outcome.PASS),) for part_id in ("3c", "3e", "4c")}
        )
    )


@given(comment=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_comment_survives_the_template(comment: str) -> None:
    override = Override(part_id="3c", points=0.25, comment=comment)
    sheet = rescore(factories.grade_sheet(), ASSIGNMENT, (override,))
    (entry,) = (one for one in parse(render_grades(sheet)).entries if one.part_id == "3c")
    # TOML has one kind of line break; blank lines around a comment are nobody's
    assert entry.comment == comment.replace("\r\n", "\n").strip()
    assert isinstance(entry, GradesEntry)
    assert entry.points == 0.25


@given(message=st.text())
def test_no_message_breaks_out_of_the_template(message: str) -> None:
    findings = {"3c": (factories.finding("prose", Outcome.NEEDS_HUMAN, message=message),)}

    text = render_grades(factories.grade_sheet(findings))

    assert [entry.part_id for entry in parse(text).entries] == ["3c", "3e", "4c"]
