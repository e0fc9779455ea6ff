"""The pages of a submission, in a process of their own: one that reaches a limit is made plain."""

from __future__ import annotations

from grader.bounded.limits import MODULES, PAGES_BOUNDS
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.stage import PAGES, make_page
from grader.sandbox.apart import Ended, Tell, call_apart
from reference.errors import GraderFault


def write_pages(folder: ResultFolder) -> None:
    """From the sheet to pages, and to a `grades.toml` to fill in where there is none.

    Raises:
        GraderFault: a page cannot be made, not even a plain one.
    """
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
            (folder, frozenset(made), frozenset(plain)),
            PAGES_BOUNDS,
            modules=MODULES,
            on_word=hear,
        )
        if ended is Ended.WELL:
            return
        if step not in PAGES or step in plain:
            raise GraderFault(
                f"The page {step or 'of the submission'} cannot be made within its limits "
                f"({ended.value})."
            )
        plain.add(step)


def _write(tell: Tell, folder: ResultFolder, made: frozenset[str], plain: frozenset[str]) -> None:
    """Make the pages that are not made yet. Runs apart."""
    for name in PAGES:
        if name not in made:
            tell(name)
            make_page(name, folder, plain=name in plain)
