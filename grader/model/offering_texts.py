"""Facts of an offering in its texts: `Attack: << target_name >>` stands in the file, once.

Titles, questions, notes, anchors and the cells of the master are Jinja templates, with marks that
neither Python nor LaTeX uses: `<< target >>`, `<% if eps_l2 %>`, `<# a comment #>`. A changed
target changes every text that names it. What a text may name:

    name, title, courses, due, problems, parts, targets, course_url, dates_in_notebook
                            of the offering; `due` is the deadline in words
    experiments["4b"]       the experiment of a part: `.target`, `.target_name`, `.step_size`, …
    target, step_size, …    the same of the part whose text it is
    variants                who must answer the part: "(6.869: required, 6.819: optional)"

`target_name` is the class's name, and the filter `slug` makes a Python name of it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from grader.model.assignment_record import Assignment
from grader.model.offering_records import Experiment, Part
from reference.class_names import imagenet_names
from reference.errors import ConfigError

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_MARKS = ("<<", "<%", "<#")


@functools.cache
def _environment() -> ImmutableSandboxedEnvironment:
    # Imported here: an offering whose texts name no facts needs it not.
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # plain text and Markdown; pages escape it
    )
    made.filters["slug"] = slug
    made.filters["number"] = number
    return made


def fill(text: str, facts: Mapping[str, Any], where: str) -> str:
    """Return a text with the facts that it names.

    Args:
        text: With marks, or without any.
        facts: By name, see above.
        where: Names the text in errors.

    Raises:
        ConfigError: the marks do not pair up, or it names what there is not.
    """
    if not any(mark in text for mark in _MARKS):
        return text
    from jinja2 import TemplateError

    try:
        return _environment().from_string(text).render(facts)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"{where}: line {line}" if line else where
        raise ConfigError(
            f"{place}: expected a text whose << >> and <% %> name facts of the offering, found: "
            f"{error}"
        ) from error


def facts_of(assignment: Assignment, part_id: str = "") -> dict[str, Any]:
    """Return what texts of an offering may name.

    Args:
        assignment: The offering; it needs no notebook.
        part_id: The part whose text it is; empty for none.
    """
    experiments = _Known({e.part_id: _facts_of_experiment(e) for e in assignment.experiments})
    facts: dict[str, Any] = {
        "name": assignment.name,
        "title": assignment.title,
        "courses": assignment.courses,
        "due": _in_words(assignment),
        "problems": assignment.problems,
        "parts": tuple(part.id for part in assignment.parts),
        "targets": tuple(e.target for e in assignment.experiments if e.target is not None),
        "course_url": course_url(assignment.course_files),
        "dates_in_notebook": assignment.dates_in_notebook,
        "experiments": experiments,
    }
    own = next((part for part in assignment.parts if part.id == part_id), None)
    if own is not None:
        facts |= {"part": own.id, "variants": _variants(own, assignment.courses)}
    return facts | experiments.get(part_id, {})


class _Known(dict[str, dict[str, Any]]):
    """The experiments by part: `<% if experiments["4a"] %>` asks whether there is one."""

    def __missing__(self, part_id: str) -> None:
        return None


def _facts_of_experiment(experiment: Experiment) -> dict[str, Any]:
    facts = {one.name: getattr(experiment, one.name) for one in fields(experiment)}
    target = experiment.target
    return {**facts, "target_name": "" if target is None else imagenet_names()[target]}


def _in_words(assignment: Assignment) -> str:
    """The deadline, such as Wednesday, March 31, 2021, 23:59 (America/New_York)."""
    day = assignment.deadline
    return f"{day:%A, %B} {day.day}, {day:%Y, %H:%M} ({assignment.time_zone})"


def course_url(course_files: Mapping[str, str]) -> str:
    """Return the folder in the web that has the course's own files; empty where it is not one."""
    urls = [url for url, name in course_files.items() if name.startswith("files/")]
    folders = {url.rpartition("/")[0] for url in urls}
    return f"{folders.pop()}/" if len(folders) == 1 else ""


def _variants(part: Part, courses: Sequence[str]) -> str:
    """Who must answer a part, where not everybody must; with a space before it."""
    optional = [one for one in courses if one not in part.required_for]
    if part.bonus or not optional:
        return ""
    said = [f"{one}: required" for one in part.required_for]
    said += [f"{one}: optional" for one in optional]
    return f" *({', '.join(said)})*"


def slug(name: str) -> str:
    """Return a name as it may stand within a Python name: "tiger cat" is `tigercat`."""
    return re.sub(r"\W", "", name).lower()


def number(value: float) -> str:
    """Return a number as a person writes it: 3, not 3.0."""
    return f"{value:g}"
