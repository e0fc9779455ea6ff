"""Pages of results folders whose points have changed since they were written."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

from grader.batch.run.rescoring import lateness_of
from grader.batch.store.rows import HandInRow, Standing
from grader.batch.store.store import Store, sheet_digest
from grader.model.assignment import Assignment
from grader.model.results_folder import ResultFolder
from grader.model.text import one_line


def stale_pages(store: Store, batch_id: int) -> tuple[Standing, ...]:
    """Return whose pages do not show their newest points."""
    return tuple(
        standing
        for standing in store.standings(batch_id)
        if standing.grade is not None and not standing.grade.shown
    )


def renew_pages(
    stale: Sequence[Standing],
    assignment: Assignment,
    results: Path,
    store: Store,
    executor: Executor,
) -> tuple[str, ...]:
    """Write those pages anew; return a sentence per folder where it failed."""
    futures = {executor.submit(renew_one, results, one.hand_in, assignment): one for one in stale}
    problems = []
    for future in as_completed(futures):
        one = futures[future]
        try:
            if one.grade is not None and future.result() == one.grade.digest:
                store.add_page(one.grade.grade_id)
        except Exception as error:  # noqa: BLE001 -- one folder never stops the rest
            reason = one_line(str(error))
            problems.append(f"{one.hand_in.kerberos}: its pages were not renewed: {reason}")
    return tuple(problems)


def renew_one(results: Path, hand_in: HandInRow, assignment: Assignment) -> str:
    """Write the pages of one folder anew; return the digest of the sheet that they show."""
    from grader.pipeline import rescore_folder  # torch: seconds, and only workers need it

    sheet = rescore_folder(
        ResultFolder(root=results / hand_in.kerberos),
        assignment,
        lambda _: None,
        lateness_of(hand_in, assignment),
    )
    return sheet_digest(sheet)
