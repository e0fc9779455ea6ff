"""A notebook that reaches into the recorders: what rests on their word waits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import CheckContext, run_checks
from grader.model.records import Finding, Outcome
from reference.run_records import Space
from tests.grader.checks.functions.test_no_evidence import RIGHT
from tests.grader.checks.support import ASSIGNMENT, Lab


def found(context: CheckContext, *parts: str) -> dict[str, Finding]:
    few = replace(ASSIGNMENT, parts=tuple(p for p in ASSIGNMENT.parts if p.id in parts))
    return {part: findings[0] for part, findings in run_checks(few, context).items()}


@pytest.mark.parametrize(
    ("source", "held"),
    [
        ("from _pset4 import state", True),
        ("sys.modules['_pset4.probing']._changes = lambda *_: False", True),
        ("model.__pset4_original__", True),
        ("open('pset4.ipynb'); pset4_x = my_pset4 = 1", False),
    ],
)
def test_what_rests_on_a_claim_waits_where_a_cell_names_the_recorders(
    lab: Lab, source: str, held: bool
) -> None:
    corgi = lab.corgi[Space.NORMALISED]
    context = lab.ask(
        RIGHT,
        runs=(lab.attack("4b"),),
        models=(lab.model("random"),),
        predictions=(lab.prediction("random", corgi),),
    )
    cells = context.submission.cells
    submission = replace(context.submission, cells=(*cells, replace(cells[0], source=source)))
    findings = found(replace(context, submission=submission), "1a", "2b", "4b")
    assert findings["1a"].outcome is Outcome.PASS
    assert findings["2b"].outcome is Outcome.PASS
    attack = findings["4b"]
    assert (attack.outcome is Outcome.NEEDS_HUMAN) is held
    assert ("tampering.held" in [remark.code for remark in attack.remarks]) is held
    assert attack.measurements
