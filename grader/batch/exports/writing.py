"""Files of the class, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from reference.errors import ConfigError


def write_whole(path: Path, text: str) -> None:
    """Write the text as UTF-8 beside `path`, then rename: readers see the old file or the new one.

    Raises:
        ConfigError: it cannot be written.
    """
    partial = ""
    try:
        handle, partial = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="", errors="replace") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if partial:
            Path(partial).unlink(missing_ok=True)
