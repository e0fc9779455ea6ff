"""One worker makes what others share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import made_once, own_copy


def test_it_is_made_once_and_a_copy_may_be_changed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "a.txt").write_text("first")

    copies = [own_copy(tmp_path_factory, "of-this-test", make) for _ in range(2)]
    (copies[0] / "a.txt").write_text("changed")
    assert len(made) == 1
    assert (copies[1] / "a.txt").read_text() == "first"
    assert (made_once(tmp_path_factory, "of-this-test", make) / "a.txt").read_text() == "first"


def test_what_failed_half_way_is_made_anew(tmp_path_factory: pytest.TempPathFactory) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        made_once(tmp_path_factory, "of-that-test", fail)
    whole = made_once(tmp_path_factory, "of-that-test", lambda folder: (folder / "b").touch())
    assert [path.name for path in whole.iterdir()] == ["b"]
