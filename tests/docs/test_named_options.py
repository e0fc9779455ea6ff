"""Variables of make and options of commands that pages name, in blocks and in the text."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
import typer.main

from grader.app.cli import app as grader
from grader.app.student_main import app as student
from tests.docs.pages import ROOT, blocks_of, documents

PAGES = tuple(path.relative_to(ROOT).as_posix() for path in documents())
PROGRAMS: dict[str, typer.Typer] = {"grader": grader, "pset4-check": student}
_SPAN = re.compile(r"`([^`\n]+)`")
_MAKE = re.compile(r"\bmake [a-z]+((?: [A-Z]+=\S*)+)")
_PLACES = re.compile(r"…|\.\.\.|=\S*")


def said(page: str) -> Iterator[str]:
    """Yield what a page shows as code, command by command."""
    path = ROOT / page
    for block in blocks_of(path):
        yield from block.commands
    yield from _SPAN.findall(re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL))


def unknown_words(command: str) -> list[str]:
    """Return the options of a call of ours that it has not, and the command where there is none."""
    words = [
        word.rsplit("/", 1)[-1] if at == 0 else word for at, word in enumerate(_split(command))
    ]
    if not words or words[0] not in PROGRAMS:
        return []
    found = _program(words[0])
    rest = words[1:]
    while hasattr(found, "commands") and rest and rest[0] in found.commands:
        found, rest = found.commands[rest[0]], rest[1:]
    if hasattr(found, "commands"):  # the name of a command is left open, as in COMMAND
        return [word for word in rest[:1] if word.islower() and not word.startswith("-")]
    known = {name for param in found.params for name in param.opts} | {"--help"}
    return [word for word in map(_bare, rest) if word.startswith("-") and word not in known]


@functools.cache
def _program(name: str) -> Any:
    return typer.main.get_command(PROGRAMS[name])


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _bare(word: str) -> str:
    return _PLACES.sub("", word)


@pytest.mark.parametrize("page", PAGES)
def test_variables_of_make_and_options_of_commands_exist(page: str) -> None:
    makefile = re.sub(r"#.*", "", (ROOT / "Makefile").read_text(encoding="utf-8"))
    variables = set(re.findall(r"\b[A-Z]+\b", makefile))
    commands = list(said(page))
    given = {
        variable
        for command in commands
        for assignments in _MAKE.findall(command)
        for variable in re.findall(r"([A-Z]+)=", assignments)
    }
    assert given - variables == set()
    assert {command: lost for command in commands if (lost := unknown_words(command))} == {}


def test_a_wrong_option_and_a_wrong_command_would_be_found() -> None:
    assert unknown_words(".venv/bin/grader release results --publich") == ["--publich"]
    assert unknown_words("grader decisions exprot results x") == ["exprot"]
    assert unknown_words("check/bin/pset4-check check my.ipynb --only 1,3") == []
    assert sum("grader " in command for page in PAGES for command in said(page)) > 20
