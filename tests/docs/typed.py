"""Commands of a page as they are typed: those of `grader` in this process."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from grader.app.main import main
from tests.docs.pages import ROOT

GRADER = ".venv/bin/grader"


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
    """Copy the files of the checkout that git knows, with our environment; return the copy."""
    named = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, named.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def in_shell(command: str, folder: Path, more: Mapping[str, str]) -> int:
    """Run a command in a folder; return its exit status."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, **more},
        check=False,
    ).returncode
