"""Terminals that cannot encode every character."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reference.terminal import in_ascii

SAYS = (
    "import sys; from rich.console import Console; from reference.terminal import spell_out\n"
    "spell_out(); text = 'Running … 3 → 4, × 0.5 – Šimůnek \\ud800 李'\n"
    "print(text); Console(width=200).print(text); print(text, file=sys.stderr)"
)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "Running ... 3 -> 4, x 0.5 - Simunek ? ?"),
        ("cp1252", "Running … 3 -> 4, × 0.5 – Šimunek ? ?"),
        ("utf-8", "Running … 3 → 4, × 0.5 – Šimůnek ? 李"),
    ],
)
def test_a_terminal_that_cannot_encode_a_character_ends_nothing(encoding: str, shown: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    done = subprocess.run(
        [sys.executable, "-c", SAYS], env=environment, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode(encoding).splitlines()
    assert [line.strip() for line in lines] == [shown, shown]
    assert done.stderr.decode(encoding).strip() == shown


def test_signs_of_tables_bars_and_spinners_have_an_ascii_form() -> None:
    assert in_ascii("│━╸⠹ ✓ ≤ “a” café") == '|--. ok <= "a" cafe'
