"""Files that are named by their digest: written once, never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.model.disk import disk_full, is_full
from reference.errors import ConfigError, GraderFault


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder of blobs: `ab/cdef…` for the digest `abcdef…`."""

    root: Path
    """Made when the first blob is."""

    def path(self, digest: str) -> Path:
        """Return where the blob of that SHA-256 digest is, or would be."""
        return self.root / digest[:2] / digest[2:]

    def put(self, content: bytes) -> str:
        """Keep the bytes, whole or not at all, and return their digest.

        Raises:
            ConfigError: the folder cannot be written.
            DiskFull: there is no room for them.
        """
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        if path.is_file() and path.stat().st_size == len(content):
            return digest
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".")
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except OSError as error:
            if is_full(error):
                raise disk_full(error, path) from error
            raise ConfigError(f"{path.parent}: expected a folder to write to: {error}") from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of that digest.

        Raises:
            GraderFault: they are not there, or they are others.
        """
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise GraderFault(f"{path}: expected a blob of the store: {error.strerror}") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise GraderFault(f"{path}: its bytes have changed; put it back from a copy")
        return content
