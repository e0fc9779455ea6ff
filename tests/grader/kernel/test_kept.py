"""No copy, move, refused download or upload of a course file onto itself leaves it empty."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import pytest

from grader.kernel import colab, compat, kept

FORK = multiprocessing.get_context("fork")
CORGI = "WelshCorgi.jpeg"
DRIVE = f"/content/drive/MyDrive/6.819/pset4/{CORGI}"

SNIPPETS = f"""
for f in ('{CORGI}', 'imagenet_classes.txt'): shutil.copy('/content/drive/MyDrive/pset4/' + f, '.')
shutil.copy2('{DRIVE}', '{CORGI}')
shutil.copyfile(pathlib.Path('{DRIVE}'), pathlib.Path('{CORGI}'))
shutil.move('{DRIVE}', '.')
os.rename('{DRIVE}', '{CORGI}'); pathlib.Path('{DRIVE}').replace('{CORGI}')
shutil.move('{DRIVE}', 'mine.jpeg'); assert cv2.imread('mine.jpeg') is not None
with open('{DRIVE}', 'rb') as a, open('{CORGI}', 'wb') as b: shutil.copyfileobj(a, b)
open('{CORGI}', 'wb').write(pathlib.Path('{DRIVE}').read_bytes())
up = files.upload(); [open(name, 'wb').write(up[name]) for name in up]
open('{CORGI}', 'wb').close()
subprocess.run(': > {CORGI}; : > imagenet_classes.txt', shell=True)
os.remove('{CORGI}'); os.remove('imagenet_classes.txt')
os.mkdir('data'); shutil.move('{CORGI}', 'data')
""".strip().split("\n")
"""What notebooks do with a file that they have on a Drive, or fetch."""
AFTER = f"""
assert numpy.array_equal(cv2.imread('{CORGI}'), picture)
assert open('imagenet_classes.txt').read() == 'tench'
assert os.path.getsize('{CORGI}') == os.path.getsize(ORIGINALS + '/{CORGI}')
"""
BEFORE = (
    "import cv2, numpy, os, pathlib, shutil, subprocess\nfrom google.colab import files\n"
    f"picture = cv2.imread('{CORGI}')\n"
)


class Events:
    """Of a shell."""

    def __init__(self) -> None:
        self.after: list[Any] = []

    def register(self, _: str, function: Any) -> None:
        self.after.append(function)


def _failures(work: Path, originals: Path, there: Connection) -> None:
    """Run every line as a cell; in a process of its own, for the shims stay for good."""
    os.chdir(work)
    nobody = cast("Any", SimpleNamespace(send=lambda *_: None))
    events = Events()
    compat.install(nobody, ["paths", "kept-files"])
    colab.install(lambda: None)
    compat.install_in_shell(nobody, ["kept-files"], SimpleNamespace(events=events), str(originals))
    found = []
    for snippet in SNIPPETS:
        for file in originals.iterdir():
            (work / file.name).write_bytes(file.read_bytes())
        space = {"ORIGINALS": str(originals)}
        try:
            exec(BEFORE + snippet, space)  # noqa: S102
            events.after[0]()
            exec(AFTER, space)  # noqa: S102
        except Exception as error:  # noqa: BLE001 -- told to the test
            found.append(f"{snippet}: {error!r}")
    there.send(found)


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / CORGI), noise)
    (folder / "imagenet_classes.txt").write_text("tench")
    return folder


def test_a_course_file_copied_onto_itself_is_whole_when_it_is_read(
    tmp_path: Path, originals: Path
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_failures, args=(work, originals, there))
    process.start()
    there.close()
    assert here.recv() == []
    process.join()


@pytest.fixture
def keeping(tmp_path: Path, originals: Path) -> Iterator[tuple[Path, list[int]]]:
    told: list[int] = []
    shell = SimpleNamespace(events=Events())
    kept.install(shell, str(tmp_path), str(originals), lambda: told.append(1))
    yield tmp_path, told
    kept._kept.clear()


def test_what_a_notebook_writes_into_a_file_is_the_notebooks(
    keeping: tuple[Path, list[int]],
) -> None:
    work, told = keeping
    for name in (CORGI, "own.txt"):
        (work / name).write_bytes(b"mine" if name == CORGI else b"")
        kept.put_back(str(work / name))
    assert ((work / CORGI).read_bytes(), (work / "own.txt").read_bytes()) == (b"mine", b"")
    assert not told


def test_a_file_that_was_put_back_is_told(keeping: tuple[Path, list[int]]) -> None:
    work, told = keeping
    kept.put_back(str(work / CORGI))
    assert (work / CORGI).stat().st_size
    assert told == [1]
