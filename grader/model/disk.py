"""A disk that is full: said by the path that was to be written, and nobody's fault."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reference.errors import ConfigError

FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
"""Errors of the system that say so: no room on the disk, or in this user's share of it."""


class DiskFull(ConfigError):
    """There is no room left where something had to be written."""


def is_full(error: OSError) -> bool:
    """Whether the error says that a disk is full."""
    return error.errno in FULL


def disk_full(error: OSError, place: Path | str) -> DiskFull:
    """Return what there is to say; `place` is named where the error itself names none."""
    named = error.filename if isinstance(error.filename, str) else place
    found = os.strerror(error.errno or errno.ENOSPC)
    return DiskFull(
        f"{named}: the disk is full: expected room to write to, found: {found}; make some, and the "
        "same command goes on"
    )


@contextmanager
def room_in(place: Path | str) -> Iterator[None]:
    """Let nothing but `DiskFull` come out of the block where a disk is full.

    Raises:
        DiskFull: something below `place`, or beside it, could not be written.
    """
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise disk_full(error, place) from error
