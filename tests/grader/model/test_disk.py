"""A full disk is said by its path, and nothing else is taken for one."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from grader.app import main as edge
from grader.model.disk import DiskFull, room_in


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("named", ["/there/file", None])
def test_the_path_is_named(number: int, named: str | None) -> None:
    with (
        pytest.raises(DiskFull, match=rf"{named or '/place'}: the disk is full"),
        room_in("/place"),
    ):
        raise OSError(number, "no room", named)


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), room_in(tmp_path):
        (tmp_path / "none").read_text()


def test_the_command_ends_with_a_sentence_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> int:
        raise OSError(errno.ENOSPC, "no room", "/there/file")

    monkeypatch.setattr(edge, "_every", lambda: full)
    assert edge.main([]) == 2
    said = capsys.readouterr().err
    assert "/there/file: the disk is full" in said
    assert "Traceback" not in said
