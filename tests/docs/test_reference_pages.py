"""Pages that are made of the code: current, and whole."""

from __future__ import annotations

import re

import pytest

from authoring.reference_pages.markdown import code, plain, table
from authoring.reference_pages.pages import FOLDER, PAGES
from grader.app.exit_status import ExitStatus
from grader.checks import CHECKS
from grader.model.assignment import Part
from grader.outputs.schema import results_schema
from reference.convention import CONVENTIONS


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert text_of(name) == PAGES[name](), "run make regold"


def test_no_other_page_lies_there() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_nothing_is_left_out() -> None:
    faults = {(check.id, fault) for check in CHECKS.values() for fault in check.credit}
    told = set(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", text_of("faults.md"), re.MULTILINE))
    assert faults <= told
    assert len(re.findall(r"-padded \|", text_of("conventions.md"))) == len(CONVENTIONS)
    statuses = re.findall(r"^\| `(\d+)` \|", text_of("exit-statuses.md"), re.MULTILINE)
    assert statuses == [str(one.value) for one in ExitStatus]
    headings = set(re.findall(r"^## (\w+)$", text_of("results-json.md"), re.MULTILINE))
    assert headings == set(results_schema()["$defs"])
    assert all(f"| `{name}` |" in text_of("offering-toml.md") for name in Part.__slots__)


def test_text_of_others_makes_no_markup() -> None:
    row = table(("a", "b"), [(plain("*x* | <b>"), code("`y`"))]).splitlines()[2]
    assert row == r"| \*x\* \| \<b\> | `` `y` `` |"
    assert plain("`keep *this*` and *that*") == r"`keep *this*` and \*that\*"
