"""`submission_metadata.yml` of Gradescope's export: who submitted which folder, and when.

The export is a folder `assignment_<id>_export` with one folder `submission_<id>` per submission, in
which the student's files lie unpacked, and this file beside them:

    submission_12345:
      :submitters:
      - :name: Jane Doe
        :sid: '912345678'
        :email: jdoe@mit.edu
      :created_at: 2021-04-02 02:12:13.123456000 Z

Names are the students' own, so only PyYAML's safe loader reads it, and of its plain data nothing is
taken but what is declared here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from grader.model.text import one_line
from reference.errors import ConfigError

METADATA = "submission_metadata.yml"
"""Name of the file."""
MAX_BYTES = 64 * 1024 * 1024
"""Size of the file; results of autograders stand in it too."""

_LOOSE = ConfigDict(extra="ignore", populate_by_name=True)


def _text(value: object) -> str:
    return "" if value is None else one_line(str(value))


def _time(value: object) -> datetime | None:
    """Gradescope's times are UTC where they name no zone; one that is no time is left out."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace(" Z", "Z").replace(" UTC", "Z"))
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _either(name: str) -> Any:
    return Field(default="", validation_alias=AliasChoices(f":{name}", name))


@dataclass(frozen=True, slots=True, kw_only=True, config=_LOOSE)
class Submitter:
    """One student of a submission."""

    name: Annotated[str, BeforeValidator(_text)] = _either("name")
    """As the platform shows it."""
    sid: Annotated[str, BeforeValidator(_text)] = _either("sid")
    """Student id; empty where the roster has none."""
    email: Annotated[str, BeforeValidator(_text)] = _either("email")
    """Address by which the student is known to the platform."""


@dataclass(frozen=True, slots=True, kw_only=True, config=_LOOSE)
class SubmissionFacts:
    """What the export says about one submission."""

    submitters: Annotated[tuple[Submitter, ...], BeforeValidator(lambda found: found or ())] = (
        Field(default=(), validation_alias=AliasChoices(":submitters", "submitters"))
    )
    """The student, or all students of a group."""
    created_at: Annotated[datetime | None, BeforeValidator(_time)] = Field(
        default=None, validation_alias=AliasChoices(":created_at", "created_at")
    )
    """When it was submitted."""


_FACTS = TypeAdapter(dict[str, SubmissionFacts])


def read_metadata(path: Path) -> dict[str, SubmissionFacts]:
    """Return what the export says, by the name of the submission's folder.

    Raises:
        ConfigError: it cannot be read, or it is not Gradescope's.
    """
    try:
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: expected Gradescope's metadata: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: expected at most {MAX_BYTES // 2**20} MiB, found more")
    try:
        return _FACTS.validate_python(yaml.safe_load(data) or {})
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: expected Gradescope's metadata, found: {_reason(error)}"
        ) from error


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{first['msg']} at {'.'.join(map(str, first['loc']))}"
    return one_line(str(error))[:200] or type(error).__name__
