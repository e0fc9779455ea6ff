"""The committed files of the studio, by name. Nothing here needs torch."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from reference.errors import ConfigError

DATA = Path(__file__).parent / "data"
"""Folder of the committed files."""

NETWORKS = ("standard", "robust")
"""The two networks, each `<name>.pt` in `DATA`."""

CORGI_JPEG = DATA / "WelshCorgi.jpeg"
"""The drawing that every experiment starts from."""

_FORMAT = "1"
"""Raise it when the installed files change in form though the committed ones do not."""


def weights_path(name: str, folder: Path = DATA) -> Path:
    """Return where a network's narrow state dict lies."""
    return folder / f"{name}.pt"


def version() -> str:
    """Return the version of a bundle made now: it changes with the committed files and the form."""
    digest = hashlib.sha256()
    for path in (*(weights_path(name) for name in NETWORKS), CORGI_JPEG):
        digest.update(path.read_bytes())
    return f"{_FORMAT}-{digest.hexdigest()[:16]}"


def installed_version(root: Path) -> str | None:
    """Return the version of the bundle in `root`, or None where nothing is.

    Raises:
        ConfigError: `root` is a file, or a folder that holds something else.
    """
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return None
    try:
        record = json.loads((root / "bundle.json").read_text(encoding="utf-8"))
        return str(record["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{root}: expected an empty place or a studio bundle, found other files: "
            f"delete the folder or choose another."
        ) from error
