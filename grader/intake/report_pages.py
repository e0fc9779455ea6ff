"""Count the pages of a PDF that anybody may have made, in a process with bounds of its own.

    python -m grader.intake.report_pages FILE MEMORY_MIB

answers with one line of JSON: {"pages": 3} or {"error": "damaged"}.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader

from grader.intake.limits import IntakeLimits
from grader.sandbox.limited import TookTooLong, limit_this_process, run_limited

_DAMAGED = "damaged"
_ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCount:
    """What a look at the report gave."""

    pages: int
    """Number of pages; 0 where there is an error."""
    error: str = ""
    """What is wrong: `damaged`, `encrypted`, `slow` or `empty`; empty text for nothing."""


def count_pages(path: Path, limits: IntakeLimits) -> PageCount:
    """Return the number of pages of the PDF at `path`; whatever is in it, this comes back."""
    path = path.resolve()
    arguments = (str(path), str(limits.report_memory_mib))
    try:
        output = run_limited(__name__, arguments, files=(path,), timeout_s=limits.report_timeout_s)
    except TookTooLong:
        return PageCount(pages=0, error="slow")
    try:
        answer = json.loads(output)
        pages, error = int(answer.get("pages", 0)), str(answer.get("error", ""))
    except (ValueError, TypeError, AttributeError):
        # The child was stopped by its limits, or by a fault in the reader of PDFs.
        return PageCount(pages=0, error=_DAMAGED)
    if not error and pages < 1:
        return PageCount(pages=0, error="empty")
    return PageCount(pages=0 if error else pages, error=error)


def main(path: str, memory_mib: str) -> None:
    """Count the pages of one PDF in this process, and write the answer to stdout."""
    limit_this_process(memory_mib=float(memory_mib), cpu_s=120)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(_answer(Path(path))))


def _answer(path: Path) -> dict[str, int | str]:
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return {"error": _ENCRYPTED}
        return {"pages": len(reader.pages)}
    except Exception:  # noqa: BLE001 -- a hostile file may raise anything; the answer is the same
        return {"error": _DAMAGED}


if __name__ == "__main__":
    main(*sys.argv[1:3])
