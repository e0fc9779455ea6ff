"""The table of what points rest on: current, and true of every check."""

from __future__ import annotations

from authoring.evidence import SHIPPED, TARGET, evidence_page
from grader.checks import CHECKS
from grader.checks.declaration import Basis, Reads
from grader.model.assignment import load_assignment


def test_the_table_says_for_each_part_what_its_points_rest_on() -> None:
    page = TARGET.read_text(encoding="utf-8")
    assert page == evidence_page(), "run make regold"
    for name in SHIPPED:
        for part in load_assignment(name).parts:
            assert f"| {part.id} {part.title} |" in page


def test_no_check_decides_by_claims_alone() -> None:
    for check in CHECKS.values():
        bases = {one.on for one in check.rests}
        assert bases - {Basis.CLAIMED}, check.id
        assert (Basis.PROBED in bases) == (Reads.REPLIES in check.reads), check.id
        if Reads.RUNS in check.reads:
            assert bases == {Basis.RECOMPUTED, Basis.CLAIMED}, check.id
