"""A part in figures: shares per course, items, graders, and drift in the order of grading."""

from __future__ import annotations

from dataclasses import replace

from grader.model.records.decisions import AppliedItem, Decision
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.figure_view import figure_view
from grader.review.desk.holding import holdings
from tests.grader.review.desk.conftest import RUBRIC, Opened


def seats(opened: Opened, many: int) -> Classroom:
    room = opened.desk.attendance.room
    own = tuple(
        replace(room.seats[n % 2], kerberos=f"s{n:03}", code=f"C{n:06}") for n in range(many)
    )
    return Classroom(seats=own, key=room.key, assignment=room.assignment)


def graded(seat: Seat, number: int, share: float, author: str) -> Decision:
    return Decision(
        uuid=f"d{number}",
        kerberos=seat.kerberos,
        part_id="3c",
        zip_sha256=seat.zip_sha256,
        rubric_number=0,
        items=(AppliedItem(id="half", share=0.5, title="Half"),) if share == 0.5 else (),
        share=share,
        author=author,
        seconds=10.0 * (number + 1),
        noted_at=f"2026-11-30T10:{number:02}:00+00:00",
    )


def test_shares_of_each_course_items_graders_and_drift_are_counted(opened: Opened) -> None:
    room = seats(opened, 20)
    rows = [
        graded(seat, n, 1.0 if n < 9 else 0.5, "ann" if n % 3 else "ben")
        for n, seat in enumerate(room.seats[:18])
    ]
    view = figure_view(room, RUBRIC, holdings(rows, room, RUBRIC))
    assert [(one.course, one.answers) for one in view.histograms] == [
        (course, 9) for course in room.assignment.courses
    ]
    first = view.histograms[0]
    assert [bar.count for bar in first.bars] == [0, 0, 0, 0, 0, 4, 0, 0, 0, 5]
    assert (first.mean, first.median) == ("78 %", "100 %")
    counts = {bar.label: bar.count for bar in view.items}
    assert counts["Right, not explained"] == 9
    assert [(one.name, one.answers) for one in view.graders] == [("ann", 12), ("ben", 6)]
    assert view.graders[0].mean.startswith("75 % ± ")
    assert [bar.count for bar in view.drift] == [100, 100, 100, 50, 50, 50]
    assert "50 percentage points lower" in view.change


def test_a_part_that_nobody_graded_has_figures_of_the_checks_alone(opened: Opened) -> None:
    room = opened.desk.attendance.room
    view = figure_view(room, RUBRIC, {})
    assert (view.graded, view.drift, view.change, view.graders) == (0, (), "", ())
    client = opened.client()
    assert "Nobody graded this part yet" in client.get("/part/3c/figures").text
    assert "with points; mean" in client.get("/part/2b/figures").text
    assert client.get("/figures").text.count("/figures") > 10
