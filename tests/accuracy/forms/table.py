"""The second table: changes of form by kind, how many kept, held and lost points."""

from __future__ import annotations

from collections.abc import Sequence

from tests.accuracy.forms.bases import BASES, STEPS
from tests.accuracy.forms.catalog import all_forms
from tests.accuracy.forms.comparing import Compared

FATES = ("kept", "held", "lost")

HEADING = "## Other forms of the same notebook"

INTRODUCTION = f"""
{HEADING}

Each of these changes of form leaves what a notebook computes as it is, so it must leave every
part's points and outcome as they were. They are made to {len(BASES)} notebooks: our solved one, the
course's form of 2021 with layer functions in cells of the student's own, and ours for 2022. Several
changes are made at once, others for each notebook; what comes out is really graded, from its zip,
in a kernel of its own, and compared with the same notebook unchanged. Where something is not kept,
the changes are tried one by one. What does not concern attacks is tried on the cells before
Problem 4 only; attacks take {STEPS} steps. *Held* means that a person is asked to look, *lost* that
points or an outcome became others. The changes are in [`forms/`](forms);
`python -m tests.accuracy.forms PATTERN` tries some of them.

"""


def as_markdown(results: Sequence[Compared]) -> str:
    """Return introduction, table and misses.

    Args:
        results: Of changes one by one, or of several at once that are kept together.
    """
    rows: list[tuple[object, ...]] = [("kind of change", "changes", "tried", *FATES)]
    rows.append(("---",) * len(rows[0]))
    kinds = [form.kind for form in all_forms()]
    rows += [_row(kind, kinds.count(kind), results) for kind in dict.fromkeys(kinds)]
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    tried = sum(len(result.kinds) for result in results)
    kept = sum(len(result.kinds) for result in results if result.fate == "kept")
    total = f"Of {len(kinds)} changes of form, tried {tried} times, {kept} keep everything."
    missed = [f"- `{r.id}`: {text}" for r in results for text in r.differences]
    found = [*lines, "", total, "", "Not kept:", "", *(missed or ["- none"]), ""]
    return INTRODUCTION + "\n".join(found)


def _row(kind: str, count: int, results: Sequence[Compared]) -> tuple[object, ...]:
    by_fate = [sum(r.kinds.count(kind) for r in results if r.fate == fate) for fate in FATES]
    return (kind, count, sum(by_fate), *(number or "" for number in by_fate))
