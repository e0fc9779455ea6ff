"""Who sees how a batch comes along."""

from __future__ import annotations

from typing import Protocol

from grader.batch.store.rows import RunRow


class Watcher(Protocol):
    """Sees how a batch comes along."""

    def stage(self, name: str) -> None:
        """A stage begins: `grading`, `judging`, `scoring`, `exports`, `pages` or `pdfs`."""

    def begin(self, total: int, known: int) -> None:
        """So many submissions count; the results of so many are there already."""

    def under_way(self, names: tuple[str, ...]) -> None:
        """These are with the workers."""

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        """One has come to its end."""

    def judged(self, kerberos: str, before: float, after: float) -> None:
        """One was judged again: its total as it was and as it is."""

    def written(self, kerberos: str) -> None:
        """The PDF of one was written, or could not be."""

    def not_judged(self, kerberos: str, sentence: str) -> None:
        """One could not be judged again, and why."""
