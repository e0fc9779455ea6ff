"""Part of the sample class, killed at random moments: nothing is lost, nothing is graded twice."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from authoring.class_samples import ExpectedRow, build_class, expected_gradebook, read_class
from grader.model.assignment import load_assignment
from tests.classroom.comparing import differences, read_gradebook
from tests.classroom.running import coordinator, driver, run, run_and_kill, worker
from tests.kills.killing import kill_early

SOME = ("gextended", "jtwice", "lcanvas", "mscope", "omissing", "pbroken")
"""Four are run: one more than the kills, each of which comes after a result. `make classroom` and
`python -m tests.kills` take the whole class."""
OPTIONS = ("--workers", "2", "--bundle", "studio-narrow")

pytestmark = [pytest.mark.kernel, pytest.mark.whole, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_class(tmp_path_factory.mktemp("in") / "class", only=SOME)


EXPECTED = [
    one for one in expected_gradebook(read_class(), load_assignment()) if one.kerberos in SOME
]


def runs(results: Path) -> list[tuple[str, str]]:
    """Every run that the store knows: (kerberos, state)."""
    engine = create_engine(f"sqlite:///{results}/.store/store.sqlite")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT kerberos, state FROM run ORDER BY id")).all()
    engine.dispose()
    return [(row.kerberos, row.state) for row in rows]


def all_as_expected(results: Path, expected: Sequence[ExpectedRow]) -> None:
    assert differences(expected, read_gradebook(results / "gradebook.csv")) == []
    done = [kerberos for kerberos, state in runs(results) if state != "fault"]
    handed_in = {one.kerberos for one in expected if one.state != "missing"}
    assert (len(done), set(done)) == (len(handed_in), handed_in)  # nobody was run twice
    left = [path.name for path in results.glob(".*") if path.name != ".store"]
    assert left == []


def test_killed_again_and_again_it_ends_with_the_same_grades(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 -- moments, not secrets
    # All of it in the first moments of a results folder; then one by one, the command last.
    # `python -m tests.kills` kills a hundred times.
    kill_early(folder, tmp_path / "r", chance, *OPTIONS)
    victims = [worker, driver, coordinator]
    ended = run_and_kill(folder, tmp_path / "r", victims, chance, *OPTIONS)
    assert "Traceback" not in ended.output, ended.output
    assert ended.status == -signal.SIGKILL
    ended = run(folder, tmp_path / "r", *OPTIONS, "--workers", "1")  # quicker for one or two
    assert ended.status == 0, ended.output
    all_as_expected(tmp_path / "r", EXPECTED)


def test_on_a_cluster_that_loses_a_worker(
    tmp_path: Path, dask: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = dask
    chance = random.Random(8)  # noqa: S311

    def lose_a_worker(_: object) -> list[subprocess.Popen[bytes]]:
        return [workers[0]]

    few = ("gextended", "lcanvas", "mscope", "pbroken")
    folder = build_class(tmp_path / "class", only=few)
    options = ("--scheduler", address, "--bundle", "studio-narrow")
    ended = run_and_kill(folder, tmp_path / "r", [lose_a_worker], chance, *options)  # type: ignore[list-item]
    assert ended.status == 0, ended.output
    all_as_expected(tmp_path / "r", [one for one in EXPECTED if one.kerberos in few])
