"""A report that was made of the notebook beside it: there is nothing in it to look for.

`pack` makes a missing `report.pdf` of the outputs saved in the notebook, and says so in a last line
of the file, behind the end of the PDF, with the digests of both. Who then writes into the PDF, or
into the notebook, makes another file: the line no longer holds, and the report is read as any.
Who forges the line only hides answers of their own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_MARK = b"%pset4-report "
_LINE_BYTES = len(_MARK) + 64 + 1 + 64 + 1
"""Of the mark, two digests, the space between them, and the end of the line."""


def mark_as_made_of(report: Path, notebook: Path) -> None:
    """Say at the end of a report that it was made of a notebook.

    Raises:
        OSError: a file cannot be read or written.
    """
    made = report.read_bytes()
    made = made if made.endswith(b"\n") else made + b"\n"
    report.write_bytes(made + _line(made, notebook))


def is_made_of(report: Path, notebook: Path) -> bool:
    """Whether a report is what was made of a notebook, to the last byte of both."""
    try:
        data = report.read_bytes()
        return data[-_LINE_BYTES:] == _line(data[:-_LINE_BYTES], notebook)
    except OSError:
        return False


def _line(made: bytes, notebook: Path) -> bytes:
    digests = (hashlib.sha256(data).hexdigest() for data in (notebook.read_bytes(), made))
    return _MARK + " ".join(digests).encode() + b"\n"
