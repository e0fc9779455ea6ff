"""Who looked behind a code while names were hidden: a line each, on the disk before the name."""

from __future__ import annotations

from dataclasses import dataclass

from grader.review.desk.line_file import LineFile


@dataclass(frozen=True, slots=True)
class Reveals:
    """Who looked, and why."""

    file: LineFile
    """A line for each look."""

    def note(self, author: str, code: str, reason: str) -> None:
        """Note that somebody looked, and why.

        Raises:
            ConfigError: it cannot be written; nothing may be shown then.
        """
        self.file.add({"author": author, "code": code, "reason": reason})

    def seen_by(self, author: str) -> frozenset[str]:
        """Return the codes that somebody looked behind."""
        lines = self.file.lines()
        return frozenset(one["code"] for one in lines if one["author"] == author)
