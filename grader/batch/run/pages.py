"""Pages of results folders that do not show the newest points, or were made by older templates."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

from grader.batch.store.rows import Standing
from grader.batch.store.store import Store
from grader.model.disk import DiskFull, room_in
from grader.model.records import GradeSheet
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import pages_key
from grader.model.text import one_line


def stale_pages(store: Store, batch_id: int) -> tuple[Standing, ...]:
    """Return whose pages are not what would be written today."""
    today = pages_key()
    return tuple(
        standing
        for standing in store.standings(batch_id)
        if standing.grade is not None and standing.grade.pages_key != today
    )


def renew_pages(
    stale: Sequence[Standing], results: Path, store: Store, executor: Executor
) -> tuple[str, ...]:
    """Write those pages anew; return a sentence per folder where it failed.

    Raises:
        DiskFull: there is no room for them.
    """
    futures = {
        executor.submit(renew_one, results / one.hand_in.kerberos, one.grade.sheet): one
        for one in stale
        if one.grade is not None
    }
    problems = []
    for future in as_completed(futures):
        one = futures[future]
        try:
            made_by = future.result()
            if one.grade is not None:
                store.add_page(one.grade.grade_id, made_by)
        except DiskFull:
            raise
        except Exception as error:  # noqa: BLE001 -- one folder never stops the rest
            reason = one_line(str(error))
            problems.append(f"{one.hand_in.kerberos}: its pages were not renewed: {reason}")
    return tuple(problems)


def renew_one(root: Path, sheet: GradeSheet) -> str:
    """Write the pages of one folder for the store's sheet; return what they were made by."""
    from grader.pipeline import show_sheet  # torch: seconds, and only workers need it

    with room_in(root):
        return show_sheet(ResultFolder(root=root), sheet)
