"""The checks by name, and the one place where a check's own failure is caught."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import replace

from grader.checks.context import Check, CheckContext
from grader.checks.functions.conv_backward import check_conv_grad_input, check_conv_grad_kernel
from grader.checks.functions.conv_forward import check_conv_forward
from grader.checks.functions.conv_update import check_conv_update
from grader.checks.functions.pool_backward import check_pool_backward
from grader.checks.functions.pool_forward import check_pool_forward
from grader.checks.functions.short_cuts import short_cut_note
from grader.checks.functions.softmax import check_output2prob
from grader.checks.images.attacks import (
    check_attack_bonus,
    check_attack_robust,
    check_attack_tarantula,
    check_attack_tiger_cat,
)
from grader.checks.images.feature_inversion import check_feature_inversion
from grader.checks.images.features import check_feature_visualisation
from grader.checks.images.predictions import (
    check_in_features,
    check_random_network,
    check_top_predictions,
)
from grader.checks.written.prose import check_prose
from grader.checks.written.report_notes import with_report
from grader.model.assignment import Assignment
from grader.model.records import Finding, Outcome

CHECKS: Mapping[str, Check] = {
    "attack_bonus": check_attack_bonus,
    "attack_robust": check_attack_robust,
    "attack_tarantula": check_attack_tarantula,
    "attack_tiger_cat": check_attack_tiger_cat,
    "conv_forward": check_conv_forward,
    "conv_grad_input": check_conv_grad_input,
    "conv_grad_kernel": check_conv_grad_kernel,
    "conv_update": check_conv_update,
    "feature_inversion": check_feature_inversion,
    "feature_visualisation": check_feature_visualisation,
    "in_features": check_in_features,
    "output2prob": check_output2prob,
    "pool_backward": check_pool_backward,
    "pool_forward": check_pool_forward,
    "prose": check_prose,
    "random_network": check_random_network,
    "top_predictions": check_top_predictions,
}
"""Every check that an assignment file may name."""


def run_checks(assignment: Assignment, context: CheckContext) -> Mapping[str, tuple[Finding, ...]]:
    """Run every check of the assignment; findings by part id, in the file's order."""
    return {
        part.id: tuple(_run(check.id, context, part.id) for check in part.checks)
        for part in assignment.parts
    }


def _run(check_id: str, context: CheckContext, part_id: str) -> Finding:
    """Run one check; whatever it raises is a fault of the grader, never a grade."""
    check = CHECKS.get(check_id)
    if check is None:
        return _fault(check_id, f"the assignment names the check {check_id!r}, which there is not")
    try:
        finding = with_report(context, part_id, check(context, part_id))
        return _noting(finding, short_cut_note(context, check_id))
    except Exception as error:  # noqa: BLE001 -- the boundary: nothing of this is the student's
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rsplit('/', maxsplit=1)[-1]}:{place.lineno}"
        return _fault(check_id, f"{type(error).__name__} at {where}: {error}")


def _noting(finding: Finding, note: str) -> Finding:
    if not note:
        return finding
    return replace(finding, staff_detail=f"{finding.staff_detail} {note}".strip())


def _fault(check_id: str, detail: str) -> Finding:
    return Finding(
        check_id=check_id,
        outcome=Outcome.GRADER_FAULT,
        credit=0.0,
        message="The grader could not decide this; staff will look at it. Nothing is lost.",
        staff_detail=detail,
    )
