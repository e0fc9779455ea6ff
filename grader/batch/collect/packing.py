"""The bytes of a submission: the zip as it is, or a folder or loose files, zipped."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.intake.hand_in import HandIn
from grader.intake.limits import MIB, IntakeLimits
from grader.model.text import one_line
from reference.errors import ConfigError, SubmissionError

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16


def hand_in_bytes(hand_in: HandIn, limits: IntakeLimits | None = None) -> bytes:
    """Return the bytes of the submission's zip.

    A folder, or files without a zip, are packed in such a way that the same files give the same
    bytes on every machine: sorted, without dates, stored as they are (compressors differ). Links
    are left out.

    Raises:
        SubmissionError: it is larger than intake accepts, or has too many files.
        ConfigError: it cannot be read.
    """
    limits = limits or IntakeLimits()
    most = int(limits.zip_mib * MIB)
    try:
        if hand_in.files or hand_in.path.is_dir():
            return _packed(hand_in, limits, most)
        return _read(hand_in.path, most, hand_in.source)
    except OSError as error:
        raise ConfigError(
            f"{one_line(hand_in.source)}: expected a readable submission, found: "
            f"{error.strerror or error}"
        ) from error


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (path below `folder` in POSIX form, path) of all that is no folder, sorted.

    Links are yielded and never followed.
    """
    for root, folders, names in os.walk(folder, followlinks=False):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted([*names, *links]):
            path = Path(root) / name
            yield path.relative_to(folder).as_posix(), path


def is_plain_file(path: Path) -> bool:
    """Return whether it is a file: no link, pipe, socket or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _packed(hand_in: HandIn, limits: IntakeLimits, most: int) -> bytes:
    target, left, many = io.BytesIO(), most, 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(hand_in.files or files_below(hand_in.path)):
            if not is_plain_file(path):
                continue
            many += 1
            if many > limits.max_files:
                raise SubmissionError(
                    f"{one_line(hand_in.source)}: expected at most {limits.max_files} files, found "
                    "more; leave out what the report does not need"
                )
            data = _read(path, left, hand_in.source)
            left -= len(data)
            # Names that are no text reach us with surrogates; a zip cannot hold those.
            entry = zipfile.ZipInfo(name.encode("utf-8", "replace").decode(), _DATE)
            entry.external_attr = _MODE
            entry.create_system = 3
            archive.writestr(entry, data)
    return target.getvalue()


def _read(path: Path, most: int, source: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    if len(data) > most:
        raise SubmissionError(
            f"{one_line(source)}: expected a smaller submission; leave "
            "out data, weights, and images that the report does not need"
        )
    return data
