"""The set-up cell of the release: mirrors, digests, a clear sentence for a missing file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from grader.app.files_cli import files_command
from grader.model.assignment import load_assignment
from reference.bundle_files import BUNDLE_FILES

COURSE = "http://6.869.csail.mit.edu/fa19/psets19/pset6/"
ROBUST = "imagenet_l2_3_0.pt"


class Requests:
    """Stands for the library: some addresses answer, the others do not."""

    class RequestException(OSError):
        pass

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def get(self, url: str, timeout: int) -> Any:
        self.asked.append(url)
        if url not in self.files:
            raise self.RequestException(f"no route to {url}")
        kind = type(
            "Response", (), {"content": self.files[url], "raise_for_status": lambda _: None}
        )
        return kind()


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the set-up cell defines, without its imports and before it fetches anything."""
    monkeypatch.chdir(tmp_path)
    (source,) = (c.source for c in load_assignment().template if c.cell_id == "p0-setup-000")
    begin, end = source.index("MIRRORS = "), source.index("download(COURSE_FILES")
    names: dict[str, Any] = {"requests": Requests(), "os": os, "hashlib": hashlib}
    exec(source[begin:end], names)  # noqa: S102 -- our own notebook
    return names


def test_a_file_comes_from_the_course_or_from_a_mirror(cell: dict[str, Any]) -> None:
    (mirror,) = cell["MIRRORS"][ROBUST]
    cell["requests"].files = {mirror: b"weights"}
    assert cell["download"](COURSE + ROBUST) == ROBUST
    assert Path(ROBUST).read_bytes() == b"weights"
    assert cell["requests"].asked == [COURSE + ROBUST, mirror]
    cell["download"](COURSE + ROBUST)  # it is there
    assert len(cell["requests"].asked) == 2


def test_a_file_that_is_not_to_be_had_is_one_clear_sentence(cell: dict[str, Any]) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        cell["download"](COURSE + "WelshCorgi.jpeg")
    said = str(caught.value)
    assert said.startswith(f"WelshCorgi.jpeg is not to be had: no route to {COURSE}")
    assert "Put the file beside this notebook" in said


@pytest.mark.parametrize("content", [b"<html>Not found</html>", b"other"])
def test_a_page_or_a_file_of_another_digest_is_not_taken(
    cell: dict[str, Any], content: bytes
) -> None:
    cell["SHA256"]["WelshCorgi.jpeg"] = hashlib.sha256(b"corgi").hexdigest()
    cell["requests"].files = {COURSE + "WelshCorgi.jpeg": content}
    with pytest.raises(FileNotFoundError, match="sent another file"):
        cell["download"](COURSE + "WelshCorgi.jpeg")
    cell["requests"].files = {COURSE + "WelshCorgi.jpeg": b"corgi"}
    assert cell["download"](COURSE + "WelshCorgi.jpeg") == "WelshCorgi.jpeg"
    assert [path.name for path in Path().iterdir()] == ["WelshCorgi.jpeg"]


def test_the_studio_s_files_lie_beside_the_notebook_by_the_names_it_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "WelshCorgi.jpeg").write_text("mine")
    files_command(tmp_path)
    for name in BUNDLE_FILES:
        assert (tmp_path / name.removeprefix("files/")).is_file()
    assert (tmp_path / "WelshCorgi.jpeg").read_text() == "mine"
    assert "os.environ['TORCH_HOME'] = " in capsys.readouterr().out
