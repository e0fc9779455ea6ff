"""The desk as a process of its own: two graders at once, commands beside them, kill -9.

A slice: `python -m tests.desk` has 200 rounds and 50 kills.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from grader.batch.store.store import open_store
from tests.desk.killing import kill_while_it_answers
from tests.desk.rounds import two_graders
from tests.grader.review.desk.synthetic import write_class
from tests.lanes import more

ROUNDS = 4
KILLS = 1

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def results(tmp_path: Path, url: str | None) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    with open_store(folder, url) as store:
        write_class(folder, store, 2)
    return folder


@pytest.mark.parametrize("url", [*more("sqlite"), "postgresql"], indirect=True)
def test_two_graders_beside_score_lose_nothing_and_the_other_is_told(
    results: Path, url: str | None
) -> None:
    beside = url is None  # scoring takes most of the time, and is the same on both
    done = two_graders(results, ROUNDS, store=url, score=beside, publish=False)
    assert done.wrong == ()
    assert (done.scored >= 1, done.applied) == (beside, beside)


def test_killed_between_answer_and_reply_saved_is_never_said_without_the_row(
    results: Path, url: str | None
) -> None:
    done = kill_while_it_answers(results, KILLS, random.Random(5), store=url)  # noqa: S311
    assert done.wrong == []
    assert KILLS <= done.told <= done.there <= 2 * KILLS
