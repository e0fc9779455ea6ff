"""The terminal: foreign text is words there, whatever it spells."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from grader.app.terminal import show_grades
from grader.model.records import Outcome, Severity
from grader.model.results_folder import ResultFolder
from grader.model.text import inert, terminal_line
from tests import factories

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\x1b]52;c;ZWNobyBoaQ==\x07",
    "\x9b2J\x90q\x9c",
    "\u202etxt.exe\u2066",
    "two\nlines\r\x08\x08\x08",
    "[bold red]markup[/]",
    "long " * 60 + "\n::error file=x::nothing",
    "##[set-env name=PATH]/tmp ##vso[task.setvariable]x",
    "half \ud800 a character",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_words(text: str, tmp_path: Path) -> None:
    sheet = factories.grade_sheet(
        kerberos=text, notes=(factories.note(message=text, severity=Severity.ERROR),)
    )
    sink = io.StringIO()

    show_grades(
        Console(file=sink, width=60, color_system=None, force_terminal=True),
        sheet,
        ResultFolder(root=tmp_path),
    )

    shown = sink.getvalue()
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    assert not re.search(r"^\s*::|##\[|##vso", shown, re.MULTILINE)
    if text.startswith("[bold"):
        assert "[bold red]markup[/]" in shown


def test_lines_are_kept_where_they_may_be() -> None:
    assert inert("a\tb\nc\x1b[0m\u202e") == "a\tb\nc[0m"
    assert terminal_line("a\nb ::x:: ##[y]") == "a b : :x: : # #[y]"


def test_outcomes_have_the_words_of_the_pages(tmp_path: Path) -> None:
    sink = io.StringIO()
    console = Console(file=sink, width=100, color_system=None)
    show_grades(console, factories.grade_sheet(), ResultFolder(root=tmp_path))
    shown = sink.getvalue()
    assert re.search(r"^1\(a\) .* Passed ", shown, re.MULTILINE)
    for value in Outcome:
        assert value.value.replace("_", " ").lower() not in shown
