"""A decision in words, as lists and histories show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from grader.model.records.decisions import Decision, DecisionKind
from grader.model.text import one_line
from grader.outputs.pages.markup import markdown_html, plain
from grader.outputs.pages.said import where_of
from grader.outputs.pages.words import amount, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionView:
    """A decision in words."""

    uuid: str
    """Which."""
    author: str
    """Whose."""
    when: str
    """When."""
    what: str
    """`graded`, `flagged`, `withdrawn`, …."""
    points: str
    """Given, with their noun, such as `1 point`; empty where none were."""
    items: tuple[str, ...]
    """Titles of what was applied."""
    comment: Markup
    """For the student; empty for none."""
    marks: tuple[tuple[str, Markup], ...]
    """(where, what) of comments that are placed on pages."""
    note: str
    """For staff."""
    flag: str
    """Why the head should look."""


def decision_words(
    decision: Decision, most: float, shown: Callable[[str], str] = str
) -> DecisionView:
    """Return a decision in words.

    Args:
        decision: Which.
        most: Points to be had.
        shown: What texts go through, see `Classroom.hiding`.
    """
    given = "" if decision.share is None else amount(decision.share * most)
    whats = {
        DecisionKind.CONFLICT: "kept beside it",
        DecisionKind.WITHDRAWN: "withdrawn",
        DecisionKind.IMPORTED: "imported",
        DecisionKind.GROUP: f"graded with the pile {decision.group}",
        DecisionKind.SECOND: "second reading",
    }
    plainly = "graded" if decision.share is not None else "flagged" if decision.flag else "noted"
    return DecisionView(
        uuid=decision.uuid,
        author=plain(one_line(decision.author)) or "unknown",
        when=moment(decision.noted_at),
        what=plain(_brought_back(decision) or whats.get(decision.kind, plainly)),
        points=given,
        items=tuple(
            plain(item.title) + (f" ×{item.times}" if item.times > 1 else "")
            for item in decision.items
        ),
        comment=comment_html(shown(decision.comment)),
        marks=tuple((where_of(one), comment_html(shown(one.text))) for one in decision.marks),
        note=plain(shown(decision.note)),
        flag=plain(shown(decision.flag)),
    )


def _brought_back(decision: Decision) -> str:
    """Return what somebody did who took a decision back; empty for any other."""
    if not decision.takes_back:
        return ""
    if decision.kind is DecisionKind.WITHDRAWN:
        return "took the decision back"
    whose = "the one before" if not decision.words_by else f"{one_line(decision.words_by)}'s"
    return f"took a decision back; {whose} holds again"


@lru_cache(maxsize=1024)
def comment_html(text: str) -> Markup:
    """Return a comment as the student reads it; the same text is set once."""
    return markdown_html(text) if text.strip() else Markup()
