"""Keys of an offering's files: `assignment.toml`, `rubrics.toml`, `messages.toml`."""

from __future__ import annotations

from authoring.reference_pages.field_tables import keys_of
from authoring.reference_pages.markdown import page
from grader.model.assignment import Assignment, CheckWeight, Experiment, LatePolicy, Part, Problem
from grader.model.records import Rubric, RubricItem

COMPUTED = (
    "late", "problems", "parts", "experiments", "sha256", "template", "rubrics", "own_checks",
    "own_messages", "made_for",
)  # fmt: skip
"""Fields of an offering that are tables of their own below, or that no file states."""


def offering_page() -> str:
    """Return the page."""
    return page(
        "Keys of an offering",
        "the records of `grader/model/assignment_record.py`, "
        "`grader/model/offering_records.py` and `grader/model/records/rubrics.py`",
        "An unknown key is an error that names it: a misspelt `weigth` must not change a grade "
        "in silence. Every reference, such as that of a part to a check, must lead somewhere.",
        "## assignment.toml",
        keys_of(Assignment, without=COMPUTED),
        "### `[late]`",
        keys_of(LatePolicy),
        "### `[[problems]]`",
        "A problem's points are split evenly over its parts that the course requires.",
        keys_of(Problem),
        "### `[[parts]]`",
        keys_of(Part),
        "### `checks` of a part",
        keys_of(CheckWeight),
        "### `[experiments.PART]`",
        keys_of(Experiment, without=("part_id",)),
        "### `[credit.CHECK]`",
        "Faults of a check, and the share of its points that is left, 0 to 1. "
        "[Faults and credit](faults.md) lists them with their defaults.",
        "### `[short_cuts]`",
        "A check, and the library functions that answer its question by themselves. What such an "
        "answer earns waits for a person. A `*` at the end stands for any rest: `torch.ops.*`.",
        "## rubrics.toml",
        "A table per part, such as `[3c]`.",
        keys_of(Rubric, without=("part_id", "number", "parent", "author", "reason", "noted_at")),
        "### `[[PART.items]]`",
        keys_of(RubricItem, without=("retired",)),
        "## messages.toml",
        "Sentences of the offering's own checks: a table per code, with `student`, `staff`, or "
        "both. Values stand in braces; `{pages:page|pages}` is a number and its noun.",
    )
