"""Gradescope's autograder: metadata, settings, seed, limits, and the end before the platform's."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from grader.app.gradescope import (
    Settings,
    limits_of,
    main,
    read_settings,
    seed_of,
)
from grader.batch.collect.gradescope_metadata import hand_in_of, read_submission_metadata
from grader.scoring.lateness import lateness_of
from reference.errors import ConfigError
from tests import factories
from tests.ci.gradescope_box import metadata_of

SALT = "0123456789abcdef"


def metadata(tmp_path: Path, **changes: object) -> Path:
    path = tmp_path / "submission_metadata.json"
    path.write_text(json.dumps(metadata_of(**changes)))
    return path


def test_metadata_give_student_time_and_lateness(tmp_path: Path) -> None:
    found = read_submission_metadata(metadata(tmp_path, created_at="2021-04-02T10:00:00-04:00"))
    hand_in = hand_in_of(found, tmp_path, factories.ASSIGNMENT, "6.869")
    assert (hand_in.kerberos, hand_in.zip_name, hand_in.name) == ("jdoe", "jdoe.zip", "Jane Doe")
    lateness = lateness_of(hand_in, factories.ASSIGNMENT)
    assert lateness.days_late == 2
    assert lateness.coefficient < 1


def test_the_students_own_due_date_counts(tmp_path: Path) -> None:
    own = {
        "email": "jdoe@mit.edu",
        "name": "J",
        "assignment": {"due_date": "2021-04-03T23:59:00-04:00"},
    }
    late = "2021-04-02T10:00:00-04:00"
    found = read_submission_metadata(metadata(tmp_path, created_at=late, users=[own]))
    hand_in = hand_in_of(found, tmp_path, factories.ASSIGNMENT, "6.869")
    assert lateness_of(hand_in, factories.ASSIGNMENT).days_late == 0
    assert hand_in.extension == found.due - factories.ASSIGNMENT.due  # type: ignore[operator]


def test_without_a_due_date_the_offerings_counts(tmp_path: Path) -> None:
    found = read_submission_metadata(
        metadata(tmp_path, assignment={"title": "x", "due_date": None})
    )
    assert hand_in_of(found, tmp_path, factories.ASSIGNMENT, "6.869").extension == timedelta(0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"id": 1, "created_at": "2021", "users": []}'])
def test_other_files_are_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="expected Gradescope's metadata"):
        read_submission_metadata(path)


def test_a_submission_has_one_seed_and_nobody_without_the_salt_knows_it(tmp_path: Path) -> None:
    first = read_submission_metadata(metadata(tmp_path))
    again = read_submission_metadata(metadata(tmp_path, created_at="2021-04-02T10:00:00-04:00"))
    other = read_submission_metadata(metadata(tmp_path, id=7))
    settings = Settings(salt=SALT)
    assert seed_of(first, settings) == seed_of(again, settings)
    assert seed_of(other, settings) != seed_of(first, settings)
    assert seed_of(first, Settings(salt=SALT[::-1])) != seed_of(first, settings)
    assert 0 <= seed_of(first, settings) < 2**31


def test_a_run_ends_before_the_platforms_limit() -> None:
    for limit_s in (600.0, 2400.0):
        limits = limits_of(Settings(salt=SALT, time_limit_s=limit_s))
        assert limits.notebook_timeout_s + limits.probes_timeout_s < 0.7 * limit_s
        assert limits.cell_timeout_s <= limits.notebook_timeout_s


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "salt"),
        (f'salt = "{SALT}"\ntime_limit = 3', "time_limit"),
        (f'salt = "{SALT}"\ntime_limit_s = 9000', "time_limit_s"),
        (f'salt = "{SALT}"\nvisibility = "soon"', "visibility"),
        ("salt", "settings"),
    ],
)
def test_wrong_settings_are_one_sentence(line: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(line)
    with pytest.raises(ConfigError, match=sentence):
        read_settings(path)


def test_a_fault_gives_no_points_and_no_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    results = json.loads((tmp_path / "results/results.json").read_text())
    assert "score" not in results
    assert "settings" in capsys.readouterr().err
    assert oct((tmp_path / "results").stat().st_mode)[-3:] == "700"


def test_what_cannot_be_graded_has_0_points_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/settings.toml").write_text(f'salt = "{SALT}"\nisolation = "auto"\n')
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission/notes.txt").write_text("later")
    metadata(tmp_path)
    assert main([str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results/results.json").read_text())
    assert (results["score"], results["tests"]) == (0, [])
    assert "expected report.pdf and a notebook" in results["output"]


def test_what_takes_too_long_is_ended_with_a_sentence(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from grader.app.gradescope import _watch; "
        "_watch(Path(sys.argv[1]), 0.2); time.sleep(60)"
    )
    path = tmp_path / "results" / "results.json"
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=50)
    assert done.returncode == 1
    assert "Staff will grade it" in json.loads(path.read_text())["output"]
