r"""`grades.toml` beside the results: what people decide, as a file to fill in.

    [parts.3c]
    points = 0.6
    comment = '''
    Zero padding is explained, but $\nabla_x$ at the ends is not.
    '''
    author = "ta1"

Without `points` an entry only adds its comment, which is Markdown. What is written enters the store
as a decision; taking an entry or the file away withdraws nothing, `withdraw = true` does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as parsed_dataclass

from grader.model.assignment import Assignment
from grader.model.records import GradeSheet, PartGrade
from grader.model.text import format_points, one_line
from reference.errors import ConfigError

_STRICT = ConfigDict(extra="forbid")
_UNKNOWN_KEY = frozenset({"unexpected_keyword_argument", "extra_forbidden"})

_COMMENTS = re.compile(
    r'^[ \t]*comment[ \t]*=[ \t]*("""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*")',
    re.MULTILINE | re.DOTALL,
)
"""Comments in double quotes, in which TOML takes a backslash for an escape."""
_ESCAPE = re.compile(r"\\(?:(\\)|u[0-9a-fA-F]{4}|([a-zA-Z]+)|.)", re.DOTALL)
_NEVER_MEANT = "bfr"
"""Escapes that no comment means: backspace, form feed, carriage return."""
_TEX_LIKE_ESCAPES = re.compile(
    "nabla|neq?|neg|not|notin|nu|ni|newline|nonumber|norm|nmid|tau|tanh?|text(bf|it)?|tfrac|theta|"
    "tilde|times|to|top|triangle"
)
"""TeX's names that begin like TOML's escapes of a line break and a tab."""
_LITERAL = "'''"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradesEntry:
    """What the file says about one part."""

    part_id: str
    """Such as `3c`."""
    points: float | None
    """As written; None where there are none."""
    of: float | None
    """Maximum that they are points of; None for today's."""
    comment: str
    """For the student, Markdown, without blank lines around it."""
    author: str
    """Who decided."""
    withdraw: bool
    """Whether the decision in force is taken back."""
    decision: str
    """uuid of the decision that the entry showed before it was edited; empty for none."""
    place: str
    """`file:line: parts.3c.points`, for errors."""

    @property
    def says_something(self) -> bool:
        """Whether it decides anything."""
        return self.withdraw or self.points is not None or bool(self.comment)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradesFile:
    """All that a file says."""

    submission: str
    """Digest of the hand-in that it is about; empty where it does not say."""
    entries: tuple[GradesEntry, ...]
    """In the handout's order."""


@parsed_dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _Entry:
    points: float | None = Field(default=None, ge=0, strict=True, allow_inf_nan=False)
    of: float | None = Field(default=None, gt=0, strict=True, allow_inf_nan=False)
    comment: str = ""
    author: str = ""
    withdraw: bool = False
    decision: str = ""


@parsed_dataclass(frozen=True, slots=True, kw_only=True, config=_STRICT)
class _File:
    submission: str = ""
    parts: dict[str, _Entry] = Field(default_factory=dict)


def parse_grades(text: str, assignment: Assignment, *, where: str) -> GradesFile:
    """Return what the TOML `text` says; `where` names it in errors.

    Raises:
        ConfigError: not TOML, an unknown part or key, a value of another kind, or a comment whose
            backslashes TOML takes for something else.
    """
    _refuse_eaten_backslashes(text, where)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = ""
        if "\\" in str(error):
            hint = "; write text with backslashes between ''' and ''', which TOML leaves as it is"
        raise ConfigError(f"{where}: expected TOML, found: {error}{hint}") from error
    known = [part.id for part in assignment.parts]
    try:
        found = TypeAdapter(_File).validate_python(table)
    except ValidationError as error:
        strange = _strange_parts(table, known, where, text)
        raise ConfigError("; ".join((_sentence(where, text, error), *strange))) from error
    strange = _strange_parts(table, known, where, text)
    if strange:
        raise ConfigError("; ".join(strange))
    return GradesFile(
        submission=found.submission,
        entries=tuple(
            _entry(part_id, found.parts[part_id], _place(where, text, ("parts", part_id, "points")))
            for part_id in known
            if part_id in found.parts
        ),
    )


def _strange_parts(
    table: Mapping[str, object], known: Sequence[str], where: str, text: str
) -> list[str]:
    """Return a sentence per part that the offering does not have."""
    parts = table.get("parts", {})
    return [
        f"{_place(where, text, ('parts', part_id))}: no such part; expected one of "
        f"{', '.join(known)}"
        for part_id in (parts if isinstance(parts, dict) else ())
        if part_id not in known
    ]


def _entry(part_id: str, found: _Entry, place: str) -> GradesEntry:
    return GradesEntry(
        part_id=part_id,
        points=found.points,
        of=found.of,
        comment=found.comment.strip(),
        author=found.author.strip(),
        withdraw=found.withdraw,
        decision=found.decision,
        place=place,
    )


def _sentence(where: str, text: str, error: ValidationError) -> str:
    """Return all that is wrong, each with its line."""
    said = []
    for one in error.errors():
        keys = tuple(str(key) for key in one["loc"])
        unknown = one["type"] in _UNKNOWN_KEY
        problem = "unknown key" if unknown else f"{one['msg']}, found {one['input']!r}"
        said.append(f"{_place(where, text, keys)}: {problem}")
    return "; ".join(said)


def _refuse_eaten_backslashes(text: str, where: str) -> None:
    r"""Refuse `"\nabla"`: TOML makes a line break and `abla` of it."""
    for comment in _COMMENTS.finditer(text):
        for escape in _ESCAPE.finditer(comment[1]):
            name = escape[2] or ""
            if name and (name[0] in _NEVER_MEANT or _TEX_LIKE_ESCAPES.fullmatch(name)):
                line = text.count("\n", 0, comment.start(1) + escape.start()) + 1
                raise ConfigError(
                    f"{where}:{line}: comment: expected text that TOML leaves as it is, found "
                    f'"\\{name}" in double quotes, where TOML takes \\{name[0]} for a control '
                    "character; write the comment between ''' and '''"
                )


# -- the file to fill in --------------------------------------------------------------------------


def render_grades(sheet: GradeSheet) -> str:
    """Return a `grades.toml` to be filled in: what needs grading, and what people decided.

    It can be read as it is, and decides nothing new until somebody removes a `#`.
    """
    listed = [
        part for part in sheet.parts if part.pending_points > 0 or part.human_points is not None
    ]
    return "\n".join([*_head(sheet, listed), *(line for p in listed for line in _lines(p))]) + "\n"


def _head(sheet: GradeSheet, listed: Iterable[PartGrade]) -> list[str]:
    lines = [
        f"# Points and comments by the staff for {one_line(sheet.kerberos)}, {sheet.course}.",
        "# Remove the # before `points` and enter a number; then run `grader score`.",
        "# `points` is final for the part and replaces the points that checks gave. A comment is",
        "# Markdown with maths: '''$\\nabla x$'''. To take a decision back: `withdraw = true`.",
        f'submission = "{sheet.facts.zip_sha256}" # the hand-in that this is about',
    ]
    if not listed:
        lines.append("# Nothing needs grading. An entry such as [parts.4a] overrides a part.")
    return lines


def _lines(part: PartGrade) -> list[str]:
    lines = [
        "",
        f"[parts.{part.id}]",
        f"# {one_line(part.title)}: 0 to {format_points(part.max_points)} points",
        f"# {part.outcome.value}: {one_line(part.message)}",
    ]
    if part.human_points is None and part.offered_points:
        shown = format_points(part.points + part.offered_points)
        lines.append(f"# points = {shown} # what the checks would give")
    elif part.human_points is None:
        lines.append("# points = ")
    else:
        lines.append(f"points = {part.human_points}")
        if part.max_points:
            lines.append(f"of = {part.max_points} # the maximum that these points are of")
    lines.append(f"comment = {toml_text(part.human_comment)}")
    if part.human_decision:
        lines.append(f'decision = "{part.human_decision}" # that this entry shows; leave it')
    return lines


def toml_text(text: str) -> str:
    """Return text as a TOML string: literal, as typed, where that is possible."""
    control = any((ord(one) < 0x20 and one not in "\t\n") or ord(one) == 0x7F for one in text)
    if not control and _LITERAL not in text and not text.endswith("'"):
        return f"{_LITERAL}\n{text}\n{_LITERAL}" if text else f"{_LITERAL}\n{_LITERAL}"
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
