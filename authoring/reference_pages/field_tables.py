"""Tables of a record's fields, from its class: name, what may stand there, default, meaning."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from authoring.reference_pages.markdown import code, table
from grader.outputs.schema import field_docs

_WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    datetime: "day and time",
}
_HEAD = ("key", "value", "default", "meaning")


def keys_of(kind: type, *, without: tuple[str, ...] = ()) -> str:
    """Return a table of the keys that a record has in a file.

    Args:
        kind: The record's class.
        without: Fields that are no keys of the file.
    """
    docs, hints = field_docs(kind), get_type_hints(kind, include_extras=True)
    return table(
        _HEAD,
        (
            (
                code(field.name),
                _words(hints[field.name]),
                _default(field),
                docs.get(field.name, ""),
            )
            for field in dataclasses.fields(kind)
            if field.name not in without
        ),
    )


def _words(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _words(inner[0])
    if origin is Literal:
        return ", ".join(code(f'"{one}"') for one in inner if one) + (
            " or empty" if "" in inner else ""
        )
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ", ".join(code(f'"{one}"') for one in hint)
    if origin in (Union, types.UnionType):
        return ", or ".join(_words(one) for one in inner if one is not types.NoneType)
    if origin is tuple:
        return f"list of {_many(_words(inner[0]))}"
    if origin is not None and issubclass(origin, Mapping):
        return f"table: {_words(inner[0])} to {_words(inner[1])}"
    return _WORDS.get(hint, "table")


def _many(words: str) -> str:
    if words.startswith("`"):
        return words
    return (
        words.replace("whole number", "whole numbers")
        .replace("table", "tables", 1)
        .replace("text", "texts")
    )


def _default(field: dataclasses.Field[Any]) -> str:
    factory = field.default_factory
    if factory is not dataclasses.MISSING:
        return "none"
    default: Any = field.default
    if isinstance(default, FieldInfo):
        default = dataclasses.MISSING if default.is_required() else default.get_default()
    if default is dataclasses.MISSING:
        return "required"
    if default in ("", (), None):
        return "none"
    if isinstance(default, str):
        return code(f'"{default}"')
    return code(str(default).lower() if isinstance(default, bool) else f"{default:g}")
