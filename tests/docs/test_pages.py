"""Every command on a page is run by a test, or its block says why not; every picture is made."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from authoring import pictures
from grader.batch import class_pages
from grader.batch.store.store import open_store
from tests.docs.pages import COMMANDS, ROOT, Block, blocks, blocks_of, documents
from tests.docs.typed import in_process
from tests.grader.review.desk.synthetic import write_class
from tests.grader.review.test_publishing import write_no_pages

BLOCKS = blocks()
QUICK = [block for block in BLOCKS if block.mark == "quick"]
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Problem Set 4 (70102)
    Points Possible,,,,,11.00
"Familyname000, Given000",501,900000001,kerb000,L01,
"Familyname001, Given001",502,900000002,kerb001,L01,
"""
_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a class was graded, with what a page asks staff to fetch."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "results").mkdir()
    (folder / "export.csv").write_text(CANVAS, encoding="utf-8")
    (folder / "course/submitted").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch, open_store(folder / "results") as store:
        patch.setattr(class_pages, "_renew_pages", write_no_pages)
        patch.chdir(folder)
        write_class(folder / "results", store, 2)
        yield folder


def test_every_block_names_its_language() -> None:
    assert len(BLOCKS) > 40
    assert [block.where for block in BLOCKS if not block.language] == []


def test_every_command_is_run_by_a_test_or_its_block_says_why_not() -> None:
    commands = [block for block in BLOCKS if block.language in COMMANDS]
    assert [block.where for block in commands if not block.mark] == []
    assert [block.where for block in commands if not block.commands] == []
    known = re.compile(r"quick|slow|no: .{10,}|tests/[\w/]+\.py::test_\w+")
    assert [block.where for block in commands if not known.fullmatch(block.mark)] == []


def test_every_test_that_a_block_names_exists() -> None:
    named = {(block.where, block.mark) for block in BLOCKS if block.mark.startswith("tests/")}
    assert len(named) > 10
    lost = []
    for where, mark in sorted(named):
        path, _, function = mark.partition("::")
        module = ROOT / path
        tree = ast.parse(module.read_text(encoding="utf-8")) if module.is_file() else ast.parse("")
        if function not in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}:
            lost.append((where, mark))
    assert lost == []


@pytest.mark.slow
@pytest.mark.parametrize("block", QUICK, ids=[block.where for block in QUICK])
def test_the_quick_commands_end_well(block: Block, home: Path) -> None:
    assert home == Path.cwd()
    for command in block.commands:
        assert in_process(command) == 0, command


def test_a_block_without_a_mark_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "1. one\n\n   ```console\n   $ ls  # files\n   a\n   ```\n\n"
        '```bash test="no: why"\nb\n```\n```\nplain\n```\n'
    )
    first, second, third = blocks_of(page)
    assert (first.language, first.mark, first.line) == ("console", "", 3)
    assert (first.commands, second.commands) == (("ls",), ("b",))
    assert (second.mark, third.language) == ("no: why", "")


@pytest.mark.parametrize("language", ["toml", "yaml", "json", "python"])
def test_examples_in_other_languages_can_be_read(language: str) -> None:
    read: dict[str, Callable[[str], object]] = {
        "toml": tomllib.loads,
        "yaml": yaml.safe_load,
        "json": json.loads,
        "python": ast.parse,
    }
    for block in BLOCKS:
        if block.language == language:
            read[language](block.text)


def test_every_picture_is_made_by_a_command_and_shown() -> None:
    made = {f"docs/images/{name}" for name in pictures.NAMES}
    shown = {
        (path.parent / link).resolve().relative_to(ROOT).as_posix()
        for path in documents()
        for link in _IMAGE.findall(path.read_text(encoding="utf-8"))
    }
    of_the_zoo = {one for one in shown if Path(one).name.startswith("studio-")}
    assert shown - of_the_zoo == made
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/images").iterdir()}
    assert there == shown


def test_every_page_asks_for_the_python_that_the_packages_ask_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    least = project["requires-python"].removeprefix(">=")
    said = {
        (path.name, found)
        for path in (*documents(), ROOT / "Makefile", *(ROOT / "templates").rglob("*.yml"))
        for found in re.findall(r"Python (3[\d.]*\d) or newer", path.read_text())
    }
    assert {found for _, found in said} == {least}, said
    assert len(said) >= 6
    refused = tuple(map(int, least.split(".")))
    assert f"sys.version_info < {refused}" in (ROOT / "Makefile").read_text()
