"""`feedback.pdf` of a class: written behind all grades, for it takes half of a submission's time.

What makes the other pages anew takes the PDF away, so the folders without one are those to do; a
class that was interrupted, or graded without PDFs, is brought up to date by the next call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from grader.batch.run.pages import each_written
from grader.batch.run.watching import Watcher
from grader.model.disk import room_in
from grader.model.results_folder import ResultFolder


def without_pdf(names: Iterable[str], results: Path) -> tuple[str, ...]:
    """Return those, by kerberos, whose results have a feedback page and no PDF of it."""
    folders = {name: ResultFolder(root=results / name) for name in names}
    return tuple(
        name
        for name, folder in folders.items()
        if folder.results.is_file()
        and folder.feedback_html.is_file()
        and not folder.feedback_pdf.is_file()
    )


def write_pdfs(
    names: Iterable[str], results: Path, executor: Executor, watcher: Watcher
) -> tuple[str, ...]:
    """Write these PDFs; return a sentence per folder where it failed.

    Raises:
        DiskFull: there is no room for them.
    """
    futures = {executor.submit(_write_one, results / name): name for name in names}
    problems = []
    watcher.begin(len(futures), 0)
    for name, reason in each_written(futures, lambda _name, _none: None):
        if reason:
            problems.append(f"{name}: feedback.pdf was not written: {reason}")
        watcher.written(name)
    return tuple(problems)


def are_missing(names: Sequence[str]) -> str:
    """Say how many PDFs are not there: a subject and its verb."""
    return "1 feedback.pdf is" if len(names) == 1 else f"{len(names)} feedback.pdf are"


def _write_one(root: Path) -> None:
    from grader.bounded.pages import write_pdf  # only workers need it

    with room_in(root):
        write_pdf(ResultFolder(root=root))
