"""Commands of a page as they are typed: those of `grader` in this process."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from grader.app.main import main
from tests.docs.pages import ROOT

GRADER = ".venv/bin/grader"
LEFT_OUT = frozenset({".git", "build", "results", "report.pdf"})
"""What a copy of the checkout lacks, so that commands write into the copy."""


def in_process(command: str) -> int:
    """Run a command of `grader`, or a target of make that is one; return its exit status.

    The Makefile says which command a target is; it runs in the current folder.
    """
    words = shlex.split(command)
    if words[0] == "make":
        said = subprocess.run(
            [*words, "--dry-run", "--no-print-directory"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = [line for line in said.splitlines() if line.startswith(f"{GRADER} ")]
        assert len(found) == 1, f"{command}: expected one command of grader, found {found}"
        words = shlex.split(found[0])
    assert words[0] == GRADER, f"{command}: expected grader or make, found {words[0]}"
    return main(words[1:])


def checkout_in(folder: Path) -> Path:
    """Lay out a checkout whose files are links to ours; return it."""
    for path in ROOT.iterdir():
        if path.name not in LEFT_OUT:
            (folder / path.name).symlink_to(path)
    return folder


def in_shell(command: str, folder: Path, more: Mapping[str, str]) -> int:
    """Run a command in a folder; return its exit status."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **more},
        check=False,
    ).returncode
