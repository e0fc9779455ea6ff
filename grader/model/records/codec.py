"""Records to JSON text and back (pydantic does the work)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from reference.errors import ConfigError

Record = TypeVar("Record")


class RecordError(ConfigError):
    """A record is not on disk, or is not as it was written."""


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}
"""By type: an adapter takes longer to make than to use, 30 ms for a grade sheet."""


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def prepare(*kinds: Any) -> None:
    """Make the adapters of types before they are needed."""
    for kind in kinds:
        _adapter(kind)


def to_json(record: object) -> str:
    """Return the record as indented JSON text; NaN and infinity are never written."""
    return _adapter(type(record)).dump_json(record, indent=2).decode()


def from_json(kind: type[Record], text: str, *, where: str) -> Record:
    """Return the record of type `kind` that `text` holds.

    Raises:
        RecordError: the text does not fit; `where` names the file in the sentence.
    """
    try:
        found: Record = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "top level"
        raise RecordError(
            f"{where}: expected a file as the grader writes it, found a problem at {place}: "
            f"{first['msg']}; grade the submission again to write it anew"
        ) from error
    return found


def save(record: object, path: Path) -> None:
    """Write the record as JSON, whole or not at all."""
    partial = path.with_suffix(path.suffix + ".part")
    partial.write_text(to_json(record), encoding="utf-8")
    partial.replace(path)


def load(kind: type[Record], path: Path) -> Record:
    """Read a record that `save` wrote.

    Raises:
        RecordError: the file is not there or does not fit.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordError(f"{path} is missing; grade the submission first") from error
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordError(
            f"{path}: expected text in UTF-8, found other bytes; grade the submission again to "
            "write it anew"
        ) from error
    return from_json(kind, text, where=str(path.resolve() if path.is_symlink() else path))
