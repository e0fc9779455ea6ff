"""The commands `grader` and `pset4-check`, as `--help` has them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer
import typer.main

from authoring.reference_pages.markdown import code, page, plain, sentence_case, table
from grader.app.cli import app as grader
from grader.app.student_main import app as student


def commands_page() -> str:
    """Return the page: each command with its arguments and options."""
    return page(
        "Commands",
        "the commands themselves (`grader/app/`)",
        "`.venv/bin/grader COMMAND --help` says the same. The targets of make call these commands; "
        "see [Targets of make](../make.md).",
        *_program("grader", grader),
        *_program("pset4-check", student),
    )


def _program(name: str, app: typer.Typer) -> Iterator[str]:
    command: Any = typer.main.get_command(app)
    yield f"## {name}"
    yield plain(command.help)
    yield from _commands(name, command)


def _commands(name: str, group: Any) -> Iterator[str]:
    for word, command in group.commands.items():
        path = f"{name} {word}"
        if hasattr(command, "commands"):
            yield from _commands(path, command)
            continue
        yield f"### {path}"
        yield from (plain(sentence_case(one)) for one in command.help.split("\n\n"))
        shown = [one for one in command.params if not one.hidden and one.name != "help"]
        yield code(" ".join([path, *map(_usage, _arguments(shown)), "[OPTIONS]"]))
        if shown:
            yield table(("", "meaning", "default"), map(_row, shown))


def _arguments(params: list[Any]) -> list[Any]:
    return [one for one in params if one.param_type_name == "argument"]


def _usage(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    name = f"{name}…" if argument.nargs != 1 else name
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _row(param: Any) -> tuple[str, str, str]:
    names = [_usage(param)] if param.param_type_name == "argument" else param.opts
    return ", ".join(map(code, names)), plain(param.help or ""), _default(param)


def _default(param: Any) -> str:
    value = param.default
    if param.required:
        return "required"
    if value in (None, "", False) or callable(value):
        return ""
    return code(str(value.value if isinstance(value, Enum) else value))
