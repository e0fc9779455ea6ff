"""What each part's points rest on: `docs/evidence.md`, made of the checks' own declarations.

    python -m authoring.evidence

`make regold` runs it too.
"""

from __future__ import annotations

from pathlib import Path

from grader.checks import checks_of
from grader.checks.declaration import Basis, Check
from grader.model.assignment import Assignment, load_assignment
from grader.model.offering_files import OFFERINGS, TOML

TARGET = Path(__file__).resolve().parents[1] / "docs" / "evidence.md"
SHIPPED = tuple(sorted(toml.parent.name for toml in OFFERINGS.glob(f"*/{TOML}")))
"""Names of the offerings that ship with the grader."""

INTRODUCTION = """# What points rest on

Made by `make regold` from what each check declares (`rests` in `grader/checks/declaration.py`).

- **recomputed**: computed anew on the host, from recorded pictures and trusted weights
- **probed**: returned by the student's function for inputs that the host drew for this run, and
  compared there
- **claimed**: told by the kernel, where student code may say anything, and not to be computed from
  anything else. No check decides by claims alone. What a claim could be forged for is told to
  staff: steps without the pictures between them, pictures that are alike and a network that cannot
  be made again wait for a person, and so does every check that rests on a claim where a cell names
  the recorders.
- **read**: written by the student, and read by the grader or by a person
"""


def evidence_page() -> str:
    """Return the page: a table for each offering that ships with the grader."""
    return "\n".join([INTRODUCTION, *(_table(load_assignment(name)) for name in SHIPPED)])


def _table(assignment: Assignment) -> str:
    """Return the rows of an offering: a part and one of its checks each."""
    checks = checks_of(assignment)
    head = ["part", "check", *(basis.value for basis in Basis)]
    rows = [
        [f"{part.id} {part.title}", f"`{named.id}`", *_cells(checks[named.id])]
        for part in assignment.parts
        for named in part.checks
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"## {assignment.name}", "", *map(_line, lines), ""])


def _cells(check: Check) -> list[str]:
    return ["; ".join(one.what for one in check.rests if one.on is basis) for basis in Basis]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    TARGET.write_text(evidence_page(), encoding="utf-8")
