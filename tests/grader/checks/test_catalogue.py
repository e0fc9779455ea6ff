"""The catalogue and the code name the same sentences and the same values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader.checks
from grader.model.catalogue import fill, load_catalogue, names_in
from tests.grader.checks.words import flaws_of

CATALOGUE = load_catalogue("grader.checks")
MODULES = sorted(Path(grader.checks.__file__).parent.rglob("*.py"))
TREES = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
PREFIXES = {code.partition(".")[0] for code in CATALOGUE if "." in code}


def calls_of_say() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                yield f"{name}:{node.lineno}", node


def constants() -> Iterator[tuple[str, str]]:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{name}:{node.lineno}", node.value


def literal_code(call: ast.Call) -> str:
    first = call.args[0] if call.args else None
    return str(first.value) if isinstance(first, ast.Constant) else ""


def test_every_code_that_is_said_has_a_sentence() -> None:
    said = [(where, literal_code(call)) for where, call in calls_of_say()]
    assert len([code for _, code in said if code]) > 50
    assert [(where, code) for where, code in said if code and code not in CATALOGUE] == []


def test_every_text_that_looks_like_a_code_is_one() -> None:
    """Codes of a table of faults are said by a variable."""
    code = re.compile(r"([a-z_0-9]+)\.[a-z_0-9]+")
    found = [(where, text) for where, text in constants() if code.fullmatch(text)]
    told = [(where, text) for where, text in found if text.partition(".")[0] in PREFIXES]
    assert len(told) > 100
    assert [(where, text) for where, text in told if text not in CATALOGUE] == []


def test_every_sentence_is_used() -> None:
    assert set(CATALOGUE) - {text for _, text in constants()} == set()


def test_the_names_in_braces_are_those_that_are_passed() -> None:
    wrong = []
    for where, call in calls_of_say():
        code = literal_code(call)
        if not code or any(keyword.arg is None for keyword in call.keywords):
            continue
        text = CATALOGUE[code]
        needed = names_in(text.student) | names_in(text.staff)
        given = {keyword.arg for keyword in call.keywords}
        if needed != given:
            wrong.append((where, code, sorted(needed), sorted(str(name) for name in given)))
    assert wrong == []


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_a_sentence_is_a_sentence(code: str) -> None:
    texts = [text for text in (CATALOGUE[code].student, CATALOGUE[code].staff) if text]
    assert texts
    for text in texts:
        filled = fill(text, dict.fromkeys(names_in(text), 2))
        assert not flaws_of(filled), filled
        assert re.match(r"[A-Z{]|[a-z0-9_]+ (is|was|raised|returned)\b|report\.pdf", text), text
        assert re.search(r"[.?}]$", text), text
        assert text == text.strip()


@pytest.mark.parametrize(
    "text",
    ["It is wrong.. See there.", "It has  two spaces.", "It has 1 pages.", "What?.", "So , then."],
)
def test_flaws_are_seen(text: str) -> None:
    assert flaws_of(text)


@pytest.mark.parametrize("text", ["[1, 2, ...] and more.", "windows of k - 1 samples", "f()."])
def test_what_is_no_flaw(text: str) -> None:
    assert not flaws_of(text)
