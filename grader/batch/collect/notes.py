"""What staff read about a folder; the sentences stand in `grader/batch/messages/collect.toml`."""

from __future__ import annotations

from collections.abc import Iterable

from grader.model.notes import sentence
from grader.model.text import one_line


def collected(code: str, **values: str | float) -> str:
    """Return a sentence of the catalogue."""
    return sentence("grader.batch", code, **values)


def listing(code: str, sources: Iterable[str]) -> tuple[str, ...]:
    """Return one sentence that names them all; none where there are none."""
    names = ", ".join(map(one_line, sources))
    return (collected(code, names=names),) if names else ()
