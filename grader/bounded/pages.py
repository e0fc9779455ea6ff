"""The pages of a submission, in a process of their own: one that reaches a limit is made plain."""

from __future__ import annotations

from collections.abc import Sequence

from grader.bounded.limits import MODULES, PAGES_BOUNDS
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.names import PAGES, PDF, WITHOUT_PDF
from grader.sandbox.apart import Ended, Tell, call_apart
from reference.errors import GraderFault

MODULES_OF_PDF = ("grader.bounded.pages", "weasyprint")
"""What a PDF alone needs: no checks, and so no PyTorch."""


def prepare_calls() -> None:
    """Make ahead what each submission needs, before processes are forked."""
    from grader.outputs.pages.stage import prepare  # see `_write`

    prepare()


def prepare_when_idle() -> None:
    """Make a PDF: what libraries read and compile at the first takes a third of the time of one."""
    from grader.outputs.pages.stage import prepare_pdf  # see `_write`

    prepare_pdf()


def write_pages(folder: ResultFolder, *, pdf: bool = True) -> None:
    """From the sheet to pages, and to a `grades.toml` to fill in where there is none.

    Args:
        folder: The results.
        pdf: Whether `feedback.pdf` is made too; else an older one goes, and `write_pdf` makes it.

    Raises:
        GraderFault: a page cannot be made, not even a plain one.
    """
    if not pdf:
        folder.feedback_pdf.unlink(missing_ok=True)
    _write_apart(folder, PAGES if pdf else WITHOUT_PDF, MODULES)


def write_pdf(folder: ResultFolder) -> None:
    """From the sheet to `feedback.pdf`.

    Raises:
        GraderFault: it cannot be made, not even a plain one.
    """
    _write_apart(folder, (PDF,), MODULES_OF_PDF)


def _write_apart(folder: ResultFolder, pages: Sequence[str], modules: tuple[str, ...]) -> None:
    plain: set[str] = set()
    made: set[str] = set()
    step = ""

    def hear(word: str) -> None:
        nonlocal step
        made.update({step} if step else ())
        step = word

    while True:
        step = ""
        ended = call_apart(
            _write,
            (folder, tuple(page for page in pages if page not in made), frozenset(plain)),
            PAGES_BOUNDS,
            modules=modules,
            on_word=hear,
        )
        if ended is Ended.WELL:
            return
        if step not in pages or step in plain:
            raise GraderFault(
                f"The page {step or 'of the submission'} cannot be made within its limits "
                f"({ended.value})."
            )
        plain.add(step)


def _write(tell: Tell, folder: ResultFolder, pages: tuple[str, ...], plain: frozenset[str]) -> None:
    """Make some pages. Runs apart."""
    # What sets formulas and plots, for which whoever only waits for the pages need not wait.
    from grader.outputs.pages.stage import make_page

    for name in pages:
        tell(name)
        make_page(name, folder, plain=name in plain)
