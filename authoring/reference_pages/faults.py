"""Faults of the checks, and the credit that is left for each."""

from __future__ import annotations

from authoring.evidence import SHIPPED
from authoring.reference_pages.markdown import code, page, plain, table
from grader.checks import checks_of
from grader.model.assignment import load_assignment


def faults_page() -> str:
    """Return the page: a row for each fault, with every offering's share."""
    offerings = [load_assignment(name) for name in SHIPPED]
    checks = {check_id: one for each in offerings for check_id, one in checks_of(each).items()}
    rows = [
        (
            code(check_id),
            code(fault),
            plain(credit.meaning),
            f"{credit.default:g}",
            *(f"{one.credit.get(check_id, {}).get(fault, credit.default):g}" for one in offerings),
        )
        for check_id, check in sorted(checks.items())
        for fault, credit in check.credit.items()
    ]
    head = ("check", "fault", "meaning", "default", *(code(one.name) for one in offerings))
    return page(
        "Faults and credit",
        "what each check declares (`CHECKS` of its module), and the offerings",
        "An answer that is partly right keeps a share of its check's points. A check names its "
        "faults with a default; an offering sets another share under `[credit.CHECK]`. An answer "
        "that is wrong in a way that is not listed here has none of the check's points; one that "
        "the checks cannot decide waits for a person.",
        table(head, rows),
        "What students and staff read about each is under [Sentences](sentences.md).",
    )
