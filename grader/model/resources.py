"""Templates and notebooks: found the same way in a checkout and in an installed wheel."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def templates() -> Path:
    """Return the folder of page templates, styles, fonts and notebooks.

    In a wheel it lies inside the package; in a checkout, where people edit it, beside the package.
    """
    package = Path(str(resources.files("grader")))
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
