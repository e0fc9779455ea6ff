"""Notes are made from the catalogue of their stage, and the catalogues of the stages are sound."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

import grader
from grader.model.catalogue import load_catalogue
from grader.model.notes import note, sentence
from grader.model.records import Severity
from reference.errors import GraderFault

BAD = re.compile(r"\.\.(?!\.)|  |\b1 \w+s\b|^(?!report\.pdf)[a-z].*\.$")
"""Two full stops, two spaces, "1 pages", a sentence without a capital letter."""

STAGES = [
    f"grader.{folder.name}"
    for folder in sorted(Path(grader.__file__).parent.iterdir())
    if (folder / "messages").is_dir() and folder.name != "checks"
]
"""Stages with a catalogue; that of the checks has tests of its own."""


def test_a_note_has_code_values_and_sentence() -> None:
    made = note("grader.intake", "no-notebook.instead", Severity.ERROR, found="'a.py'")

    assert (made.code, made.severity) == ("no-notebook", Severity.ERROR)
    assert made.values == (("found", "'a.py'"),)
    assert "found 'a.py' instead" in made.message
    assert made.for_student


def test_a_note_without_a_text_for_the_student_is_for_staff() -> None:
    made = note("grader.intake", "long-report", Severity.WARNING, name="a", pages=9, limit=8)
    assert not made.for_student


def test_what_the_catalogue_lacks_is_a_fault_of_ours() -> None:
    with pytest.raises(GraderFault, match="no sentence has the code nothing"):
        sentence("grader.intake", "nothing")
    with pytest.raises(GraderFault, match="lacks the value"):
        sentence("grader.intake", "names-alike")


def test_a_number_and_its_noun_agree() -> None:
    assert sentence("grader.intake", "more-left-out", count=1).startswith("1 more file in the zip")
    assert sentence("grader.intake", "more-left-out", count=2).startswith("2 more files in the zip")


@pytest.mark.parametrize("package", STAGES)
def test_every_code_is_used_and_every_sentence_reads_well(package: str) -> None:
    folder = resources.files(package)
    code_text = "\n".join(
        file.read_text() for file in Path(str(folder)).rglob("*.py") if file.is_file()
    )
    for code, text in load_catalogue(package).items():
        # A wording may be chosen by what was found: `f"unreadable-report.{error}"`.
        stem = code.rpartition(".")[0]
        assert f'"{code}"' in code_text or (stem and f'"{stem}.{{' in code_text), code
        for words in (text.student, text.staff):
            assert not BAD.search(words), (code, words)
