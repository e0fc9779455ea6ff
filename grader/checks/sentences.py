"""What checks may say: the sentences of the grader, and those that an offering brings along."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping

from grader.model.assignment import Assignment
from grader.model.catalogue import Text, load_catalogue, names_in, parse_sentences
from grader.model.offering_files import CHECKS, MESSAGES
from reference.errors import ConfigError

STAGE = "grader.checks"
"""Whose folder `messages` holds the grader's own."""


def sentences_of(assignment: Assignment) -> Mapping[str, Text]:
    """Return the sentences that an offering's checks may say, by their codes.

    Raises:
        ConfigError: its `messages.toml` cannot be read, or has a code of the grader.
    """
    if not assignment.own_messages:
        return load_catalogue(STAGE)
    return _with_own(assignment.own_messages, f"{assignment.name}/{MESSAGES}")


@functools.lru_cache(maxsize=8)
def _with_own(source: str, where: str) -> Mapping[str, Text]:
    catalogue, own = load_catalogue(STAGE), parse_sentences(source, where)
    taken = sorted(set(own) & set(catalogue))
    if taken:
        raise ConfigError(f"{where}: {taken[0]}: the grader has this code; choose another")
    return {**catalogue, **own}


def validate_sentences(assignment: Assignment) -> None:
    """Refuse own checks that say what there is no sentence for, where their source shows it.

    Raises:
        ConfigError: a code has no sentence or lacks one of its values, or `sentences_of` raises it.
    """
    sentences = sentences_of(assignment)
    for call, code in _said(assignment.own_checks):
        place = f"{assignment.name}/{CHECKS}:{call.lineno}: say"
        if code not in sentences:
            raise ConfigError(
                f"{place}: there is no sentence {code!r}; add [{code}] to "
                f"{assignment.name}/{MESSAGES}"
            )
        given = {keyword.arg for keyword in call.keywords}
        text = sentences[code]
        lacking = sorted((names_in(text.student) | names_in(text.staff)) - given)
        if lacking and None not in given:  # ** brings values that are not seen here
            raise ConfigError(f"{place}: {code!r} lacks the value {lacking[0]!r}")


def _said(source: str) -> Iterator[tuple[ast.Call, str]]:
    """Yield the calls of `say` whose code is written out, and the code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
            code = node.args[0]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield node, code.value
