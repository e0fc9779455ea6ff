"""A disk that is full: said by the path that was to be written, and nobody's fault."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reference.errors import ConfigError

LITTLE_BYTES = 2**18
"""Room in bytes below which a disk counts as full for a database, which writes in steps."""
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
    return no_room(named)


def no_room(place: Path | str) -> DiskFull:
    """Return what there is to say where there is no room for `place`."""
    return DiskFull(
        f"{place}: the disk is full, or this user's share of it: expected room to write to; make "
        "some, and the same command goes on"
    )


def has_no_room(folder: Path) -> bool:
    """Whether the disk of a folder is as good as full."""
    try:
        return shutil.disk_usage(folder).free < LITTLE_BYTES
    except OSError:
        return False


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
