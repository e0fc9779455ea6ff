"""Every sentence that the grader says, by code: both texts."""

from __future__ import annotations

from collections.abc import Mapping

from authoring.evidence import SHIPPED
from authoring.reference_pages.markdown import code, page, plain, table
from grader.model.assignment import load_assignment
from grader.model.catalogue import Text, load_catalogue, parse_sentences

STAGES = {
    "grader.intake": "What was handed in",
    "grader.batch": "Which files are whose",
    "grader.execution": "The run",
    "grader.reading": "The report",
    "grader.checks": "Checks",
    "grader.outputs": "Before it costs points",
}
"""Packages with a catalogue, in the order of the data, and what theirs is about."""


def sentences_page() -> str:
    """Return the page: a table for each stage, and for each offering with sentences of its own."""
    pieces: list[str] = []
    for package, about in STAGES.items():
        pieces += [f"## {about}", f"`{package.replace('.', '/')}/messages`", _rows(package)]
    for name in SHIPPED:
        own = load_assignment(name).own_messages
        if own:
            pieces += [f"## Checks of {name} only", _table(parse_sentences(own, name))]
    return page(
        "Sentences",
        "the catalogues of the stages (`messages/*.toml`)",
        "What the grader says, by code. Feedback shows the student's text, the staff page both; "
        "class statistics count codes. Values stand in braces: `{pages:page|pages}` is a number "
        'and its noun, "1 page" or "3 pages". A sentence without a text for the student is for '
        "staff only. What partly right answers keep is under [Faults and credit](faults.md).",
        *pieces,
    )


def _rows(package: str) -> str:
    return _table(load_catalogue(package))


def _table(texts: Mapping[str, Text]) -> str:
    return table(
        ("code", "for the student", "for staff"),
        ((code(key), plain(one.student), plain(one.staff)) for key, one in texts.items()),
    )
