"""What people decide: `grades.toml` beside the results.

    [parts.3c]
    points = 0.6
    comment = "Zero padding is explained, its effect at the ends is not."
    author = "ta1"

Without `points` an entry only adds its comment.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as parsed_dataclass

from grader.model.assignment import Assignment, Course
from grader.model.records import GradeSheet, PartGrade
from grader.model.text import format_points, one_line
from reference.errors import ConfigError

ROUNDING_POINTS = 0.005
"""Points within this of a part's maximum mean the maximum: 0.33 of 1/3, as reports show it."""

_STRICT = ConfigDict(extra="forbid")
_UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person decided about one part. It is final."""

    part_id: str
    """Such as `3c`."""
    points: float | None
    """0 to the part's maximum; None for a comment alone."""
    comment: str = ""
    """For the student."""
    author: str = ""
    """Who decided; for staff."""


@parsed_dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _Entry:
    points: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    comment: str = ""
    author: str = ""


@parsed_dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _File:
    parts: dict[str, _Entry] = Field(default_factory=dict)


def load_overrides(path: Path, assignment: Assignment, course: Course) -> tuple[Override, ...]:
    """Read `grades.toml`; none where there is no such file.

    Raises:
        ConfigError: see `parse_overrides`.
    """
    if not path.exists():
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML in UTF-8, found: {error}") from error
    return parse_overrides(text, assignment, course, where=str(path))


def parse_overrides(
    text: str, assignment: Assignment, course: Course, *, where: str
) -> tuple[Override, ...]:
    """Return what the TOML `text` decides, in the handout's order; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown part or key, or points out of range.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: expected TOML, found: {error}") from error
    try:
        entries = TypeAdapter(_File).validate_python(table).parts
    except ValidationError as error:
        first = error.errors()[0]
        keys = tuple(str(key) for key in first["loc"])
        unknown = first["type"] in _UNKNOWN_KEY
        problem = "unknown key" if unknown else f"{first['msg']}, found {first['input']!r}"
        raise ConfigError(f"{_place(where, text, keys)}: {problem}") from error
    known = [part.id for part in assignment.parts]
    for part_id in entries:
        if part_id not in known:
            place = _place(where, text, ("parts", part_id))
            raise ConfigError(f"{place}: no such part; expected one of {', '.join(known)}")
    made = []
    for part_id in known:
        if part_id in entries:
            entry = entries[part_id]
            override = Override(
                part_id=part_id, points=entry.points, comment=entry.comment, author=entry.author
            )
            place = _place(where, text, ("parts", part_id, "points"))
            made.append(within_range(override, assignment.max_points(part_id, course), place))
    return tuple(made)


def within_range(override: Override, max_points: float, place: str) -> Override:
    """Return the override with its points held to the part's maximum.

    Raises:
        ConfigError: it gives less than 0, or more than the maximum by more than rounding.
    """
    points = override.points
    if points is None:
        return override
    if not 0 <= points <= max_points + ROUNDING_POINTS:
        raise ConfigError(
            f"{place}: expected 0 to {format_points(max_points)} points for part "
            f"{override.part_id}, found {points:g}"
        )
    if abs(points - max_points) <= ROUNDING_POINTS:
        points = max_points
    return replace(override, points=points)


def render_template(sheet: GradeSheet) -> str:
    """Return a `grades.toml` to be filled in: what needs grading, and what people decided.

    It can be read as it is, and decides nothing new until somebody removes a `#`.
    """
    listed = [
        part for part in sheet.parts if part.pending_points > 0 or part.human_points is not None
    ]
    lines = [
        f"# Points and comments by the staff for {one_line(sheet.kerberos)}, {sheet.course}.",
        "# Remove the # before `points` and enter a number; then run `grader score`.",
        "# `points` is final for the part and replaces the points that checks gave.",
    ]
    if not listed:
        lines.append("# Nothing needs grading. An entry such as [parts.4a] overrides a part.")
    for part in listed:
        lines += ["", *_template_entry(part)]
    return "\n".join(lines) + "\n"


def _template_entry(part: PartGrade) -> list[str]:
    decided = part.human_points is not None
    points = f"points = {part.human_points}" if decided else "# points = "
    return [
        f"[parts.{part.id}]",
        f"# {one_line(part.title)}: 0 to {format_points(part.max_points)} points",
        f"# {part.outcome.value}: {one_line(part.message)}",
        points,
        f"comment = {_toml_string(part.human_comment)}",
    ]


def _toml_string(text: str) -> str:
    """Return a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(character) for character in escaped) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x20 or code == 0x7F else character


def _place(where: str, text: str, keys: tuple[str, ...]) -> str:
    """Return `file:line: key.path`, with the line of the deepest key that can be found."""
    line = 0
    header = re.compile(r"\s*\[\s*" + r"\s*\.\s*".join(rf'"?{re.escape(k)}"?' for k in keys[:2]))
    last_key = re.compile(rf'\s*"?{re.escape(keys[-1])}"?\s*=')
    for number, content in enumerate(text.splitlines(), start=1):
        if header.match(content):
            line = number
        elif last_key.match(content) and (line or len(keys) < 3):
            line = number
            break
    path = ".".join(keys)
    return f"{where}:{line}: {path}" if line else f"{where}: {path}"
