"""A later hand-in whose answer reads the same is told from one that does not."""

from __future__ import annotations

import json
from pathlib import Path

from grader.review.desk.seen import answer_digest
from tests.factories import ASSIGNMENT, notebook
from tests.grader.outputs.pages.test_answer_pictures import attached
from tests.grader.review.factory import hand_in


def digest(tmp_path: Path, *names: str, text: str = "So:") -> str:
    """Of an answer with the last of these pictures; each is of another size."""
    place = tmp_path / f"{len(names)}{len(text)}"
    folder = hand_in(place, answers=[("3c", f"{text} ![](attachment:1/{names[-1]})")])
    folder.submission.mkdir()
    cells = [attached(*names)]
    (folder.submission / "pset4.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    return answer_digest(folder, ASSIGNMENT, "3c", {})


def test_another_picture_of_the_same_name_is_another_answer(tmp_path: Path) -> None:
    first = digest(tmp_path, "a.png")
    again = digest(tmp_path / "again", "a.png")
    other = digest(tmp_path, "b.png", "a.png")
    assert first == again != other
    assert digest(tmp_path, "a.png", text="Thus:") != first
