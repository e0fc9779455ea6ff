"""Sentences by code: what people read stands in TOML tables, one folder `messages` per stage.

    [conv_update.learning_rate]
    student = "The update leaves out the learning rate; expected w - lr dC/dw."
    staff = "Raised for {cases}."

Braces hold values, formatted as by `str.format`. A spec with a bar is a number and its noun:
`{pages:page|pages}` gives "1 page" or "3 pages".
"""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from reference.errors import ConfigError, GraderFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What is said of one thing; either text may be empty."""

    student: str = ""
    """For the student."""
    staff: str = ""
    """For staff."""


DIFFERS = "\u2026"
"""Stands for a value in which those differ of whom a sentence is said, whatever its format."""


class _Plural(string.Formatter):
    """`str.format` with one more form of spec: `one|many`."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if value == DIFFERS:
            many = format_spec.partition("|")[2]
            return f"{DIFFERS} {many}" if many else DIFFERS
        if isinstance(value, str):  # such as a number that is not finite, in words
            return value
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        one, many = format_spec.split("|")
        return f"{value} {one if value == 1 else many}"


_FORMATTER = _Plural()


@functools.cache
def load_catalogue(package: str) -> Mapping[str, Text]:
    """Return the sentences of a stage by code, such as `conv_update.learning_rate`.

    Args:
        package: Of the stage; its folder `messages` holds the tables.

    Raises:
        GraderFault: a table has another key than `student` and `staff`, or a code is there twice.
    """
    found: dict[str, Text] = {}
    for file in sorted((resources.files(package) / "messages").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            more = parse_sentences(file.read_text(encoding="utf-8"), file.name)
        except ConfigError as error:  # our own table
            raise GraderFault(str(error)) from error
        for code, text in more.items():
            if code in found:
                raise GraderFault(f"{file.name}: {code} is in the catalogue twice")
            found[code] = text
    return found


def parse_sentences(source: str, where: str) -> Mapping[str, Text]:
    """Return the sentences of one table by code; `where` names it in errors.

    Raises:
        ConfigError: not TOML, another key than `student` and `staff`, or braces that hold no value.
    """
    try:
        table = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: expected TOML, found: {error}") from error
    return dict(_texts(table, where))


def fill(text: str, values: Mapping[str, object]) -> str:
    """Return a sentence of the catalogue with its values in place.

    Raises:
        GraderFault: a value is missing.
    """
    try:
        return _FORMATTER.vformat(text, (), values)
    except (KeyError, IndexError, ValueError) as error:
        raise GraderFault(f"the sentence {text!r} lacks the value {error}") from error


def names_in(text: str) -> frozenset[str]:
    """Return the names of the values that a sentence needs."""
    return frozenset(
        name.partition(".")[0].partition("[")[0]
        for _, name, _, _ in _FORMATTER.parse(text)
        if name is not None
    )


def _texts(table: Mapping[str, Any], where: str, prefix: str = "") -> Iterator[tuple[str, Text]]:
    for key, value in table.items():
        code = f"{prefix}{key}"
        if not isinstance(value, dict):
            raise ConfigError(
                f"{where}: {code}: expected a table with student, staff or both, found {value!r}"
            )
        if all(isinstance(one, str) for one in value.values()):
            yield code, _text(value, f"{where}: {code}")
        else:
            yield from _texts(value, where, f"{code}.")


def _text(value: Mapping[str, str], place: str) -> Text:
    unknown = sorted(set(value) - {"student", "staff"})
    if unknown or not value:
        raise ConfigError(
            f"{place}: expected student, staff or both, found {', '.join(unknown) or 'neither'}"
        )
    for key, text in value.items():
        try:
            wrong = sorted(name for name in names_in(text) if not name.isidentifier())
        except ValueError as error:
            raise ConfigError(f"{place}.{key}: expected values in braces: {error}") from error
        if wrong:
            raise ConfigError(
                f"{place}.{key}: expected the name of a value in braces, found {wrong[0]!r}; "
                "a brace of the text itself is written twice"
            )
    return Text(**value)
