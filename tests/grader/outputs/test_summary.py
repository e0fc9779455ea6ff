"""The job's summary: a table that a person reads, in which foreign text is inert."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from grader.model.records import Outcome
from grader.model.text import one_line
from grader.outputs.policy import PolicyResult
from grader.outputs.summary import escape, render_summary
from tests import factories

MARKDOWN = MarkdownIt("commonmark").enable("table")


def test_a_row_per_part_with_points_and_words() -> None:
    findings = {"4a": (factories.finding("targeted_attack", Outcome.FAIL, message="Ascend."),)}

    text = render_summary(factories.grade_sheet(findings, course="6.819"))

    assert "| 4(a) | Attack: tarantula | 0 / 1 | ❌ Incorrect | Ascend. |" in text
    assert "Max-pooling layer: forward (optional)" in text
    assert "further classes (bonus) | 0.5 / 0.5" in text
    assert "**7.5 of 11 points**; up to 3 more not graded yet." in text
    assert MARKDOWN.render(text).count("<tr>") == 17


def test_lateness_notes_and_verdict_are_told() -> None:
    sheet = factories.grade_sheet(
        late=factories.lateness(days_late=2, coefficient=6 / 7),
        notes=(factories.note(), factories.note(message="For staff.", for_student=False)),
    )

    text = render_summary(sheet, PolicyResult(met=False, reasons=("4a is not right.",)))

    assert "2 days late, late coefficient 0.857" in text
    assert "- ❌ Expected report.pdf, found no PDF." in text
    assert "For staff" not in text
    assert "**Policy not met.**\n\n- 4a is not right." in text


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (PolicyResult(met=True, reasons=()), "**Policy met.**"),
        (PolicyResult(met=False, reasons=("x",), grader_fault=True), "could not be completed"),
    ],
)
def test_verdicts(verdict: PolicyResult, sentence: str) -> None:
    assert sentence in render_summary(factories.grade_sheet(), verdict)


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![](https://example.org/pixel.png)",
    "a | b | c",
    "line\n\n# heading\n\n| x |",
    "`code` **bold** ~~gone~~ $x$",
    "<!-- hidden",
    "&lt;b&gt;",
    "\u202eevil\x1b[31m",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_inert(text: str) -> None:
    findings = {"4a": (factories.finding("targeted_attack", Outcome.FAIL, message=text),)}

    page = MARKDOWN.render(
        render_summary(
            factories.grade_sheet(findings, notes=(factories.note(message=text),), kerberos=text),
            PolicyResult(met=False, reasons=(text,)),
        )
    )

    for tag in ("<script", "<img", "<a ", "<code", "<strong>bold", "<h1", "<!--", "\u202e", "\x1b"):
        assert tag not in page
    assert page.count("<tr>") == 17
    assert page.count("<td") == 16 * 5


@given(text=st.text(max_size=60))
def test_any_text_renders_as_its_words(text: str) -> None:
    tokens = MARKDOWN.parse(f"x{escape(text)}")

    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == f"x{one_line(text)}"
