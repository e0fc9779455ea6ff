"""`grades.toml`: what people decide is read strictly, and the template can be filled in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Outcome
from grader.scoring.overrides import Override, load_overrides, parse_overrides, render_template
from grader.scoring.score import rescore
from reference.errors import ConfigError
from tests import factories

ASSIGNMENT = load_assignment()


def parse(text: str) -> tuple[Override, ...]:
    return parse_overrides(text, ASSIGNMENT, "6.869", where="grades.toml")


def test_points_and_comments_are_read_in_the_handouts_order() -> None:
    text = (
        '[parts.4c]\npoints = 0.8\n\n[parts.3c]\npoints = 0\ncomment = "Empty."\nauthor = "ta1"\n'
    )

    assert parse(text) == (
        Override(part_id="3c", points=0.0, comment="Empty.", author="ta1"),
        Override(part_id="4c", points=0.8),
    )


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
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        parse(text)


def test_an_optional_part_takes_no_points() -> None:
    with pytest.raises(ConfigError, match="expected 0 to 0 points for part 4d"):
        parse_overrides("[parts.4d]\npoints = 0.8\n", ASSIGNMENT, "6.819", where="g")


def test_reading_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "grades.toml"

    assert load_overrides(path, ASSIGNMENT, "6.869") == ()
    path.write_text('\ufeff[parts.3c]\r\ncomment = "Good."\r\n', encoding="utf-8")
    assert load_overrides(path, ASSIGNMENT, "6.869")[0].comment == "Good."
    path.write_bytes(b'[parts.3c]\ncomment = "\xe9"\n')
    with pytest.raises(ConfigError, match="expected TOML in UTF-8"):
        load_overrides(path, ASSIGNMENT, "6.869")


def test_the_template_lists_what_waits_and_decides_nothing() -> None:
    facts = factories.run_facts(assignment_sha256=ASSIGNMENT.sha256)
    sheet = factories.grade_sheet({"4a": ()}, facts=facts)

    text = render_template(sheet)

    overrides = parse(text)
    assert [entry.part_id for entry in overrides] == ["3c", "3e", "4a", "4c"]
    assert all(entry.points is None for entry in overrides)
    assert rescore(sheet, ASSIGNMENT, overrides) == sheet
    filled = parse(text.replace("# points = ", "points = 0.8"))
    assert rescore(sheet, ASSIGNMENT, filled).pending == 0


def test_the_template_says_so_where_nothing_waits() -> None:
    everything = tuple(Override(part_id=i, points=0.8) for i in ("3c", "3e", "4c"))
    sheet = factories.grade_sheet()
    decided = rescore(sheet, ASSIGNMENT, everything)

    assert parse(render_template(decided)) == everything
    assert "Nothing needs grading" in render_template(
        factories.grade_sheet(
            {part_id: (factories.finding("prose", Outcome.PASS),) for part_id in ("3c", "3e", "4c")}
        )
    )


@given(comment=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_comment_survives_the_template(comment: str) -> None:
    override = Override(part_id="3c", points=0.25, comment=comment)
    sheet = rescore(factories.grade_sheet(), ASSIGNMENT, (override,))

    assert override in parse(render_template(sheet))


@given(message=st.text())
def test_no_message_breaks_out_of_the_template(message: str) -> None:
    findings = {"3c": (factories.finding("prose", Outcome.NEEDS_HUMAN, message=message),)}

    text = render_template(factories.grade_sheet(findings))

    assert [entry.part_id for entry in parse(text)] == ["3c", "3e", "4c"]
