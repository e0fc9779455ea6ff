"""`pset4-check files`: small networks and the picture, for a notebook that cannot fetch its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reference.bundle_files import BUNDLE_FILES
from reference.errors import ConfigError


def files_command(
    folder: Annotated[
        Path, typer.Argument(help="Folder of your notebook.", metavar="[FOLDER]")
    ] = Path(),
) -> None:
    """Write the studio's files, by the names that the notebook asks for, beside your notebook.

    A file that is there already is left as it is. The networks are small ones that know pictures
    drawn by the grader; with the course's own files other numbers come out.
    """
    from reference.bundles import get_bundle

    console = Console()
    bundle = get_bundle("studio")
    for name in BUNDLE_FILES:
        target = folder / name.removeprefix("files/")
        if target.exists():
            state = "was there already"
        else:
            _copy(bundle.root / name, target)
            state = "written"
        console.print(f"{target}: {state}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        "For the pretrained network begin your notebook with:\n"
        f"import os; os.environ['TORCH_HOME'] = {str((folder / 'torch').resolve())!r}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, partial)
        partial.replace(target)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror}") from error
