"""What Canvas' names of files say."""

from __future__ import annotations

import pytest

from grader.batch.collect.canvas import parse_canvas_name


@pytest.mark.parametrize(
    ("file_name", "expected"),
    [
        ("doejane_123_4567_jdoe.zip", ("doejane", False, "123", 4567, "jdoe.zip")),
        ("doejane_LATE_123_4567_jdoe.zip", ("doejane", True, "123", 4567, "jdoe.zip")),
        ("doejane_late_123_4567_jdoe-2.zip", ("doejane", True, "123", 4567, "jdoe.zip")),
        ("slate_123_4567_a.zip", ("slate", False, "123", 4567, "a.zip")),
        ("müller_123_4567_my work.zip", ("müller", False, "123", 4567, "my work.zip")),
        ("doejane_123_4567_ps4_1_2_x.zip", ("doejane", False, "123", 4567, "ps4_1_2_x.zip")),
        ("anon_x9Yz_4567_jdoe.zip", ("", False, "x9Yz", 4567, "jdoe.zip")),
        ("LATE_anon_x9Yz_4567_jdoe.zip", ("", True, "x9Yz", 4567, "jdoe.zip")),
    ],
)
def test_each_piece_is_found(file_name: str, expected: tuple[str, bool, str, int, str]) -> None:
    found = parse_canvas_name(file_name)

    assert found is not None
    assert (found.name, found.late, found.user_id, found.file_id, found.original) == expected


@pytest.mark.parametrize("file_name", ["jdoe.zip", "jdoe-1.zip", "ps_4.zip", "a_1_b_2_c.zip", ""])
def test_other_names_are_not_canvas(file_name: str) -> None:
    assert parse_canvas_name(file_name) is None
