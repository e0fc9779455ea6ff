"""Arrays of the evidence, read back from its folder; each one's digest is compared."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from grader.model.records import ArrayRef
from reference.errors import GraderFault

Array: TypeAlias = NDArray[np.generic]


class EvidenceChanged(GraderFault):
    """An array of the evidence is gone, or is not what was recorded.

    Right after a run that is our own fault; later somebody has touched the files.
    """


ArrayReader: TypeAlias = Callable[[ArrayRef], Array]
"""Reads an array of the evidence.

Raises EvidenceChanged where the file is not what was recorded.
"""

_ARCHIVES = 2
"""Replies whose arrays are kept at hand: a check reads those of one, and of its second asking."""


def evidence_reader(folder: Path) -> ArrayReader:
    """Return a reader of the arrays below `folder`."""

    @functools.lru_cache(maxsize=_ARCHIVES)
    def members(name: str) -> Mapping[str, bytes]:
        with zipfile.ZipFile(folder / name) as archive:
            return {one: archive.read(one) for one in archive.namelist()}

    def stored(reference: ArrayRef) -> bytes:
        name = Path(reference.path).name
        if not reference.member:
            return (folder / name).read_bytes()
        return members(name)[f"{reference.member}.npy"]

    def read(reference: ArrayRef) -> Array:
        try:
            data = stored(reference)
        except OSError as error:
            raise EvidenceChanged(
                f"{reference.path}: expected an array of the evidence, found {error.strerror}; "
                "grade the submission again"
            ) from error
        except (KeyError, zipfile.BadZipFile):
            data = b""
        if hashlib.sha256(data).hexdigest() != reference.sha256:
            raise EvidenceChanged(
                f"{reference.path}: the evidence has changed since it was recorded; "
                "grade the submission again"
            )
        array: Array = np.load(io.BytesIO(data), allow_pickle=False)
        return array

    return read
