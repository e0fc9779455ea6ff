"""The evidence folder: a file for each array, never two for one name, up to a number of bytes."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.execution.probe_replies import Put
from grader.model.records import ArrayRef


def clear_arrays(folder: Path) -> None:
    """Take away the arrays of an earlier run; the records of the stages stay."""
    for path in folder.iterdir():
        if path.suffix in {".npy", ".npz"}:
            path.unlink()


@dataclass
class ArrayFiles:
    """Writes arrays; what a path once held stays there."""

    folder: Path
    """The evidence folder."""
    written: int = 0
    """Bytes of the arrays so far."""

    def keep(self, name: str, array: np.ndarray | None) -> ArrayRef | None:
        """Write an array to `name` and return how records refer to it; None for none.

        Raises:
            ValueError: there is an array of that name.
            OSError: it cannot be written.
        """
        if array is None:
            return None
        data = _npy(array)
        path = f"{name}.npy"
        try:
            with (self.folder / path).open("xb") as sink:
                sink.write(data)
        except FileExistsError as error:
            raise ValueError(f"{name} was told before") from error
        self.written += array.nbytes
        return _reference(path, data, array)

    @contextmanager
    def archive(self, name: str) -> Iterator[Put]:
        """Write several arrays to one file: a file each takes as long as all else of a reply."""
        path = f"{name}.npz"
        with zipfile.ZipFile(self.folder / path, "x") as archive:

            def put(member: str, array: np.ndarray) -> ArrayRef:
                data = _npy(array)
                archive.writestr(zipfile.ZipInfo(f"{member}.npy"), data)
                self.written += array.nbytes
                return _reference(path, data, array, member)

            yield put


def _npy(array: np.ndarray) -> bytes:
    memory = io.BytesIO()
    np.save(memory, array, allow_pickle=False)
    return memory.getvalue()


def _reference(path: str, data: bytes, array: np.ndarray, member: str = "") -> ArrayRef:
    return ArrayRef(
        path=path,
        member=member,
        sha256=hashlib.sha256(data).hexdigest(),
        dtype=array.dtype.name,
        shape=array.shape,
    )
