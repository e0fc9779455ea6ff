"""Faults of the checks, and the credit that is left for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from authoring.evidence import SHIPPED
from authoring.reference_pages.markdown import code, page, plain, table
from grader.checks import checks_of
from grader.checks.declaration import Check
from grader.model.assignment import load_assignment
from grader.model.catalogue import Text, load_catalogue


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
        "## What is said",
        "Of faults that have a sentence of their own name; what else is said of them is under "
        "[Sentences](sentences.md).",
        table(
            ("fault", "code", "for the student", "for staff"),
            (
                (code(key.rpartition(".")[2]), code(key), plain(one.student), plain(one.staff))
                for key, one in _sentences(checks.values())
            ),
        ),
    )


def _sentences(checks: Iterable[Check]) -> Iterator[tuple[str, Text]]:
    """Yield the codes that are a fault's, of any function or of the module that judges it."""
    owned = {
        f"{owner}.{fault}"
        for check in checks
        for fault in check.credit
        for owner in ("function", check.id, _subject(check))
    }
    return (entry for entry in load_catalogue("grader.checks").items() if entry[0] in owned)


def _subject(check: Check) -> str:
    """Return what a check's module is about, as codes begin: `attack` for `attacks`."""
    return check.judge.__module__.rpartition(".")[2].removesuffix("s")
