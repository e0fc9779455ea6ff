"""The command line: exit statuses and one-sentence messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reference.__main__ import main


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["run", "--bundle", "cifar"], "bundle: expected one of"),
        (["run", "--bundle", "imagenet"], "run `make assets`"),
        (["run", "--bundle", "studio-narrow"], "needs a folder of its own"),
        (["run", "--only", "4a"], "needs a folder of its own"),
        (["run", "--bundle", "imagenet", "--fast"], "--fast is for the studio bundle"),
        (["add", "sp99"], "group: expected one of sp22, found 'sp99'"),
        (["add", "sp22", "--bundle", "studio-narrow", "--out", "nowhere"], "no expected outputs"),
    ],
    ids=["bundle", "imagenet", "narrow", "only", "fast", "group", "nothing to add to"],
)
def test_a_wrong_setting_is_one_sentence_and_2(
    argv: Any,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("PSET4_CACHE", str(tmp_path))
    assert main(argv) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_wrong_option_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--no-such-option"]) == 2
    assert "No such option" in capsys.readouterr().err


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "run" in said
    assert "add" in said
    assert "assets" in said


@pytest.mark.slow
def test_a_run_of_the_narrow_bundle(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    argv = ["run", "--bundle", "studio-narrow", "--only", "4d-layer1", "--device", "cpu"]
    assert main([*argv, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "2c  " in said.out
    assert "4d-layer1  " in said.out
    assert (tmp_path / "out" / "4d-layer1.png").is_file()
