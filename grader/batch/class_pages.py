"""The last stage of a class: its files, then pages of students, then PDFs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path

from grader.batch.class_records import ClassOutcome, Pages
from grader.batch.exports.class_files import write_exports, write_similarity
from grader.batch.exports.neighbors import link_neighbors
from grader.batch.run.decided import grades_in
from grader.batch.run.executors import local_pool, workers_that_fit
from grader.batch.run.options import BatchOutcome
from grader.batch.run.pages import renew_pages, stale_pages
from grader.batch.run.pdfs import are_missing, without_pdf, write_pdfs
from grader.batch.run.rescoring import class_rows, roster_of
from grader.batch.run.unrun_pages import write_unrun_pages
from grader.batch.run.watching import Watcher
from grader.batch.store.store import Store
from grader.model.assignment import Assignment
from grader.model.results_folder import ResultFolder

CHECKS_TIMEOUT_S = 1800.0
"""Wall-clock seconds that a worker may take for one submission beside the run itself."""


def finish_class(
    store: Store,
    batch: BatchOutcome,
    assignment: Assignment,
    results: Path,
    watcher: Watcher,
    pages: Pages,
) -> ClassOutcome:
    """Write the class' files; then the pages whose points changed, and PDFs last."""
    watcher.stage("exports")
    human = grades_in(store, assignment)
    rows = tuple(class_rows(store, batch.batch_id, batch.graded_now, assignment, human))
    roster = roster_of(store, batch.batch_id)
    common = write_similarity(rows, assignment, results) if batch.graded_now else ()
    gone = _of_nobody(store, batch.batch_id, results)
    told = (*batch.faults, *batch.problems, *gone)
    files = (*write_exports(rows, roster, assignment, results, problems=told), *common)
    problems = [*batch.problems, *gone]
    if pages.html:
        problems += _renew_pages(store, batch.batch_id, results, watcher, pages.executor)
        unrun = store.hand_ins(batch.batch_id)
        problems += write_unrun_pages(rows, unrun, assignment, human, results)
        problems += link_neighbors(rows, results)
        problems += _write_pdfs([row.kerberos for row in rows], results, watcher, pages)
    return ClassOutcome(
        batch=batch,
        rows=rows,
        notes=roster.notes,
        problems=tuple(problems),
        files=files,
        faults=batch.faults,
    )


def _of_nobody(store: Store, batch_id: int, results: Path) -> tuple[str, ...]:
    """Return a sentence where folders are of students who are not in the class any more."""
    known = {row.kerberos for row in store.hand_ins(batch_id)}
    there = (folder.name for folder in results.iterdir() if not folder.name.startswith("."))
    gone = sorted(
        name
        for name in there
        if name not in known and ResultFolder(root=results / name).results.is_file()
    )
    if not gone:
        return ()
    many = "a folder is of a student" if len(gone) == 1 else f"{len(gone)} folders are of students"
    verb = "is" if len(gone) == 1 else "are"
    told = (
        f"{results}: {many} not in this class (any more), so {', '.join(gone)} {verb} in no table "
        "and not at the desk, and the pages there stay as they are; move what is not needed away"
    )
    return (told,)


def _renew_pages(
    store: Store, batch_id: int, results: Path, watcher: Watcher, executor: Executor | None
) -> tuple[str, ...]:
    stale = stale_pages(store, batch_id)
    if not stale:
        return ()
    watcher.stage("pages")
    with _page_workers(executor, len(stale)) as workers:
        return renew_pages(stale, results, store, workers)


def _write_pdfs(
    names: Sequence[str], results: Path, watcher: Watcher, pages: Pages
) -> tuple[str, ...]:
    missing = without_pdf(names, results)
    if not missing:
        return ()
    if not pages.pdf:
        told = "not written, as asked; the same command without that writes them"
        return (f"{are_missing(missing)} {told}",)
    watcher.stage("pdfs")
    with _page_workers(pages.executor, len(missing)) as workers:
        return write_pdfs(missing, results, workers, watcher)


@contextmanager
def _page_workers(executor: Executor | None, most: int) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    workers = min(most, workers_that_fit(None, "cpu"))
    with local_pool(workers, threads=1, timeout_s=CHECKS_TIMEOUT_S) as pool:
        yield pool
