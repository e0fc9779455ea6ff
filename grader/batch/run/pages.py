"""Pages of results folders that do not show the newest points, or were made by older templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import TypeVar

from grader.batch.store.rows import Standing
from grader.batch.store.store import Store
from grader.model.disk import DiskFull, room_in
from grader.model.records import GradeSheet
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import pages_key
from grader.model.text import one_line

K = TypeVar("K")
R = TypeVar("R")


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

    def keep(one: Standing, made_by: str) -> None:
        if one.grade is not None:
            store.add_page(one.grade.grade_id, made_by)

    return tuple(
        f"{one.hand_in.kerberos}: its pages were not renewed: {reason}"
        for one, reason in each_written(futures, keep)
        if reason
    )


def each_written(
    futures: Mapping[Future[R], K], keep: Callable[[K, R], None]
) -> Iterator[tuple[K, str]]:
    """Yield whose files are written, as soon as they are, and why they are not; one stops no other.

    Args:
        futures: Calls that are with workers, and whose.
        keep: Told whose and what the call returned; may fail as the call may.

    Raises:
        DiskFull: there is no room for them.
    """
    for future in as_completed(futures):
        whose, reason = futures[future], ""
        try:
            keep(whose, future.result())
        except DiskFull:
            raise
        except Exception as error:  # noqa: BLE001 -- see the docstring
            reason = one_line(str(error)) or type(error).__name__
        yield whose, reason


def renew_one(root: Path, sheet: GradeSheet) -> str:
    """Write the pages of one folder for the store's sheet; return what they were made by."""
    from grader.pipeline import show_sheet  # torch: seconds, and only workers need it

    with room_in(root):
        return show_sheet(ResultFolder(root=root), sheet)
