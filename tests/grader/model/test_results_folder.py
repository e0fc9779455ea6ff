from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from grader.model.results_folder import ResultFolder, is_whole, recover, replacing
from reference.errors import ConfigError


def fill(out: Path, text: str) -> None:
    with replacing(out, "jdoe") as folder:
        folder.results.write_text(text)


def test_new_results_replace_the_old_ones(tmp_path: Path) -> None:
    fill(tmp_path, "old")
    fill(tmp_path, "new")
    assert (tmp_path / "jdoe/results.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["jdoe"]


def test_grades_are_taken_over(tmp_path: Path) -> None:
    fill(tmp_path, "old")
    (tmp_path / "jdoe/grades.toml").write_text("# mine")
    fill(tmp_path, "new")
    assert (tmp_path / "jdoe/grades.toml").read_text() == "# mine"


def test_error_keeps_the_old_results(tmp_path: Path) -> None:
    fill(tmp_path, "old")
    with pytest.raises(TypeError):
        fill(tmp_path, b"half")  # type: ignore[arg-type]
    assert (tmp_path / "jdoe/results.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["jdoe"]


def test_unwritable_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="expected a folder to write to"):
        fill(tmp_path / "file", "x")


@pytest.mark.parametrize("moment", ["writing", "between", "after"])
def test_a_folder_is_mended_after_a_kill(tmp_path: Path, moment: str) -> None:
    """`replacing` was killed while it wrote, between its renames, or before it cleaned up."""
    old, new = tmp_path / "jdoe", tmp_path / ".jdoe-abcd_123.partial"
    for folder, text in ((old, "old"), (new, "new")):
        folder.mkdir()
        (folder / "results.json").write_text(text)
        (folder / "grades.toml").write_text("by a person")
    if moment != "writing":
        old.rename(tmp_path / ".jdoe-abcd_123.old")
    if moment == "after":
        new.rename(old)

    recover(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["jdoe"]
    assert (old / "results.json").read_text() == ("new" if moment == "after" else "old")
    assert (old / "grades.toml").read_text() == "by a person"


def make_whole(out: Path) -> ResultFolder:
    with replacing(out, "jdoe") as folder:
        folder.evidence.mkdir()
        for name in ("evidence/x.npy", "evidence/plan.json", "results.json", "feedback.html"):
            (folder.root / name).write_text(name)
    return ResultFolder(root=out / "jdoe")


@pytest.mark.parametrize(
    "name", ["evidence/x.npy", "evidence/plan.json", "results.json", "feedback.html", ".files"]
)
def test_a_folder_that_lacks_a_file_is_not_whole(tmp_path: Path, name: str) -> None:
    folder = make_whole(tmp_path)
    assert is_whole(folder)
    (folder.root / name).unlink()
    assert not is_whole(folder)


def test_a_run_s_own_file_that_was_cut_off_is_seen_and_pages_may_be_written_anew(
    tmp_path: Path,
) -> None:
    folder = make_whole(tmp_path)
    folder.feedback_html.write_text("of other points")
    folder.grades.write_text("[parts.3c]")
    assert is_whole(folder)
    (folder.evidence / "x.npy").write_text("ev")
    assert not is_whole(folder)


KILLS = 20


def test_a_folder_is_the_old_one_or_the_new_one_whenever_its_writer_is_killed(
    tmp_path: Path,
) -> None:
    chance = random.Random(4)  # noqa: S311 -- moments, not secrets
    make_whole(tmp_path)
    for _ in range(KILLS):
        writer = os.fork()
        if writer == 0:
            while True:
                make_whole(tmp_path)
        time.sleep(chance.uniform(0.0, 0.01))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        recover(tmp_path)
        assert is_whole(ResultFolder(root=tmp_path / "jdoe"))
        assert [path.name for path in tmp_path.iterdir()] == ["jdoe"]
