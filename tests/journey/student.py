"""The steps of a student, and what each must say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pypdf import PdfReader

from grader.model.assignment import load_assignment
from tests.solved_answers import RELEASE_NOTEBOOK, fill_in, read

ME = "jdoe"
BUNDLE = ("--bundle", "studio-narrow")
LIMIT_S = 1800
_GAP = re.compile(r"^- (\d)\((\w)\)(?: is not answered|: no answer was found)", re.MULTILINE)
_NEXT = re.compile(r"^- (\d)\((\w)\), .*: not attempted", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """Where a student works."""

    folder: Path
    """A notebook in `home/`, and what commands write."""

    @property
    def notebook(self) -> Path:
        """The notebook."""
        return self.folder / "home/pset4.ipynb"

    def types(self, *command: str, status: int = 0) -> str:
        """Run a command of `grader`; return what it said.

        Raises:
            AssertionError: it ended otherwise.
        """
        ended = subprocess.run(
            [sys.executable, "-m", "grader.app", *command],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        said = ended.stdout
        assert ended.returncode == status, f"{command}: status {ended.returncode}\n{said[-3000:]}"
        assert "Traceback" not in said, said[-3000:]
        return said

    def packs(self) -> set[str]:
        """Pack anew; return the parts that are said to be unanswered."""
        said = self.types("pack", "home", "--kerberos", ME)
        with zipfile.ZipFile(self.folder / f"{ME}.zip") as archive:
            assert sorted(archive.namelist()) == ["pset4.ipynb", "report.pdf"]
        return gaps(said)


def gaps(said: str) -> set[str]:
    """Return the parts that a command says are not answered."""
    return {"".join(found) for found in _GAP.findall(said)}


def travel(place: Path) -> Iterator[str]:
    """Go from the release to the hand-in; yield what was seen.

    Raises:
        AssertionError: a step does not say or do what it must.
    """
    me = Student(folder=place)
    me.notebook.parent.mkdir()
    yield from _half_done(me)
    yield from _done(me)
    yield from _looked_at(me)


def _half_done(me: Student) -> Iterator[str]:
    written = {
        str(cell.metadata.pset4.part)
        for cell in read(RELEASE_NOTEBOOK).cells
        if cell.metadata.pset4.kind == "answer"
    }
    shutil.copyfile(RELEASE_NOTEBOOK, me.notebook)
    assert "grader pack" in me.types("check", "home", status=2)
    assert me.packs() == written
    yield "the release: a folder is offered pack, which names every written part as unanswered"

    fill_in(RELEASE_NOTEBOOK, me.notebook, "13")
    said = me.types("check", str(me.notebook), "--only", "1,3", "--isolation", "auto")
    assert said.count("Passed") >= 5, said
    assert "no points were given" in said
    yield "half done: parts are tried alone, before there is anything to hand in"

    assert me.packs() == {one for one in written if one[0] not in "13"}
    said = me.types("check", f"{ME}.zip", *BUNDLE, status=1)
    attacks = {one.part_id for one in load_assignment().experiments}
    assert attacks <= {"".join(found) for found in _NEXT.findall(said)}, said
    assert {one for one in gaps(said) if one[0] in "13"} == set(), said
    assert "output2prob is still the unfinished stub" in said
    yield "half done: check says what to do next, and only that"


def _done(me: Student) -> Iterator[str]:
    fill_in(RELEASE_NOTEBOOK, me.notebook, "1234")
    assert me.packs() == set()
    me.types("grade", f"{ME}.zip", *BUNDLE)
    # As after "Run all" in Colab: the outputs are saved in the notebook.
    shutil.copyfile(me.folder / f"results/{ME}/executed.ipynb", me.notebook)
    assert me.packs() == set()
    yield "done and run: nothing is unanswered"

    said = me.types("check", f"{ME}.zip", *BUNDLE)
    assert "Policy not met" not in said, said
    assert "Not answered" not in said, said
    yield "the hand-in meets the check"


def _looked_at(me: Student) -> Iterator[str]:
    me.types("report", f"{ME}.zip", *BUNDLE, "--stored", "--out", "mine.pdf")
    with zipfile.ZipFile(me.folder / f"{ME}.zip") as archive:
        archive.extract("report.pdf", me.folder)
    parts = [part.id for part in load_assignment().parts]
    for name in ("report.pdf", "mine.pdf"):
        pages = PdfReader(me.folder / name).pages
        text = "\n".join(page.extract_text() for page in pages)
        missing = [one for one in parts if f"{one[0]}({one[1:]})" not in text]
        assert missing == [], f"{name}: {missing}"
        assert "not answered" not in text, name
        assert sum(len(page.images) for page in pages) >= 4, name
    yield "report.pdf has all parts, answers and pictures"
