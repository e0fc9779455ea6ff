"""Workflow commands: lines of a log that GitHub's runner takes as orders, here for annotations.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from grader.outputs.annotations import Annotation

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def annotation_command(annotation: Annotation) -> str:
    """Return the line that makes the runner show an annotation."""
    place = annotation.place
    properties = {"file": place.path, "line": str(place.line)} if place.path else {}
    properties["title"] = annotation.title
    written = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{annotation.level} {written}::{_escaped(annotation.message, _DATA)}"


@contextmanager
def commands_stopped(say: Callable[[str], None]) -> Iterator[None]:
    """Have the runner take no line as a command while the block runs: students' text may be one.

    Args:
        say: Writes a line to the log, at once.
    """
    token = secrets.token_hex(16)
    say(f"::stop-commands::{token}")
    try:
        yield
    finally:
        say(f"::{token}::")


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
