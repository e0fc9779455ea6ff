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

from reference.errors import GraderFault


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
        for code, text in _texts(tomllib.loads(file.read_text(encoding="utf-8")), file.name):
            if code in found:
                raise GraderFault(f"{file.name}: {code} is in the catalogue twice")
            found[code] = text
    return found


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
            raise GraderFault(f"{where}: expected a table such as [check.fault], found {code}")
        if all(isinstance(one, str) for one in value.values()):
            unknown = set(value) - {"student", "staff"}
            if unknown:
                raise GraderFault(f"{where}: {code}: expected student and staff, found {unknown}")
            yield code, Text(**value)
        else:
            yield from _texts(value, where, f"{code}.")
