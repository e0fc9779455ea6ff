"""No code of the grader knows a part's id, a target, a course or a year: the offering says them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grader
from grader.model.assignment import load_assignment
from grader.model.catalogue import load_catalogue
from reference.bundles import get_bundle
from reference.classify import load_class_names

FOLDER = Path(grader.__file__).parent
OFFERINGS = [load_assignment(name) for name in ("pset4_sp21", "pset4_sp22")]
CLASSES = load_class_names(get_bundle("studio-narrow").classes)

NAMED = r"\b[1-4]\([a-g]\)|sp\d\d\b|\b(?:of|in|spring|fall) 20[12]\d\b|\b6\.8\d+\b"
"""How texts name a part, an offering, a year or a course."""


def is_of_an_offering(text: str) -> bool:
    """Whether a text is a part's id, or names a part as the handout does, a target or a year."""
    targets = {CLASSES[e.target] for o in OFFERINGS for e in o.experiments if e.target is not None}
    named = re.search(NAMED, text)
    return bool(re.fullmatch("[1-4][a-g]", text) or named or any(name in text for name in targets))


def strings(source: str) -> Iterator[str]:
    """Yield the strings of a module but those that stand alone, as documentation."""
    tree = ast.parse(source)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_what_is_of_an_offering_is_seen() -> None:
    source = 'BESIDE = {"3c": 1}\nname = f"to a {0} tarantula"\nwords = "as in 4(b) of 2022"'
    found = {text for text in strings(source) if is_of_an_offering(text)}
    assert found == {"3c", " tarantula", "as in 4(b) of 2022"}
    assert list(strings('"""4(a)."""\nx = 1\n"""As in 3c."""')) == []
    assert is_of_an_offering("pset4_sp21")
    assert is_of_an_offering("6.869")
    assert not is_of_an_offering("such as 2021-04-02T10:00")
    assert not is_of_an_offering("l2 norm of the layer (layer1)")


def test_no_code_knows_the_offering() -> None:
    found = [
        (str(path.relative_to(FOLDER)), text)
        for path in sorted(FOLDER.rglob("*.py"))
        for text in strings(path.read_text(encoding="utf-8"))
        if is_of_an_offering(text)
    ]
    assert found == []


def test_no_sentence_of_a_check_knows_the_offering() -> None:
    texts = [
        (code, text)
        for code, both in load_catalogue("grader.checks").items()
        for text in (both.student, both.staff)
    ]
    assert len(texts) > 100
    assert [(code, text) for code, text in texts if is_of_an_offering(text)] == []
