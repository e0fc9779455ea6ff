"""The late coefficient: the handout's line, its edges, and clocks that change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import LatePolicy, load_assignment
from grader.scoring.lateness import late_coefficient, parse_submitted
from reference.errors import ConfigError

EASTERN = ZoneInfo("America/New_York")
POLICY = LatePolicy(days=7, coefficient_at_last_day=0.5)
DUE = load_assignment().due


@pytest.mark.parametrize(
    ("submitted", "days", "coefficient"),
    [
        ("2021-03-24T00:00", 0, 1),
        ("2021-03-31T23:59", 0, 1),
        ("2021-03-31T23:59:00.000001", 0, 1),
        ("2021-03-31T23:59:30", 0, 1),
        ("2021-03-31T23:59:59.999999", 0, 1),
        ("2021-04-01T00:00", 1, 1 - 0.5 / 7),
        ("2021-04-01T23:59", 1, 1 - 0.5 / 7),
        ("2021-04-01T23:59:59", 1, 1 - 0.5 / 7),
        ("2021-04-02T10:00", 2, 1 - 1 / 7),
        ("2021-04-04T12:00", 4, 1 - 2 / 7),
        ("2021-04-07T23:59", 7, 0.5),
        ("2021-04-08T00:00", 8, 0),
        ("2031-04-08T00:00", 3660, 0),
        ("2021-04-01T03:59Z", 0, 1),
        ("2021-04-01T04:00Z", 1, 1 - 0.5 / 7),
        ("2021-04-01T05:59+02:00", 0, 1),
        ("2021-04-01T06:00+02:00", 1, 1 - 0.5 / 7),
    ],
)
def test_the_line_of_the_handout(submitted: str, days: int, coefficient: float) -> None:
    lateness = late_coefficient(DUE, parse_submitted(submitted), POLICY)

    assert lateness.days_late == days
    assert lateness.coefficient == pytest.approx(coefficient, abs=1e-12)


def test_a_deadline_is_in_time_for_its_whole_minute_unless_the_offering_says_otherwise() -> None:
    due = datetime(2021, 3, 31, 23, 59, 59, tzinfo=EASTERN)
    exact = LatePolicy(days=7, coefficient_at_last_day=0.5, whole_minute=False)

    assert load_assignment("pset4_sp21").late.whole_minute
    assert load_assignment("pset4_sp22").late.whole_minute
    assert late_coefficient(due, datetime(2021, 3, 31, 23, 59, 59, 5), POLICY).days_late == 0
    assert late_coefficient(due, datetime(2021, 4, 1), POLICY).days_late == 1
    assert late_coefficient(DUE, datetime(2021, 3, 31, 23, 59, 30), exact).days_late == 1
    assert late_coefficient(DUE, datetime(2021, 3, 31, 23, 59), exact).days_late == 0


def test_no_time_counts_as_in_time() -> None:
    lateness = late_coefficient(DUE, None, POLICY)

    assert (lateness.days_late, lateness.coefficient, lateness.submitted) == (0, 1.0, "")
    assert lateness.deadline == "2021-03-31T23:59:00-04:00"


def test_times_are_told_in_course_time() -> None:
    lateness = late_coefficient(DUE, datetime(2021, 4, 2, 14, 0, tzinfo=UTC), POLICY)

    assert lateness.submitted == "2021-04-02T10:00:00-04:00"


def test_a_deadline_without_zone_is_eastern() -> None:
    naive = late_coefficient(DUE.replace(tzinfo=None), datetime(2021, 4, 2, 10), POLICY)

    assert naive == late_coefficient(DUE, datetime(2021, 4, 2, 10), POLICY)


@pytest.mark.parametrize(
    ("deadline", "submitted", "days"),
    [
        # Clocks are set forward on 2021-03-14: the day has 23 hours, and still is one day.
        (datetime(2021, 3, 13, 23, 59), "2021-03-14T23:59", 1),
        (datetime(2021, 3, 13, 23, 59), "2021-03-15T00:00", 2),
        # Back on 2021-11-07: the day has 25 hours.
        (datetime(2021, 11, 6, 23, 59), "2021-11-07T23:59", 1),
        (datetime(2021, 11, 6, 23, 59), "2021-11-08T00:00", 2),
    ],
)
def test_a_day_ends_at_the_time_of_the_deadline(
    deadline: datetime, submitted: str, days: int
) -> None:
    lateness = late_coefficient(
        deadline.replace(tzinfo=EASTERN), parse_submitted(submitted), POLICY
    )

    assert lateness.days_late == days


def test_a_time_shown_twice_is_read_as_the_first() -> None:
    due = datetime(2021, 11, 7, 0, 0, tzinfo=EASTERN)

    lateness = late_coefficient(due, datetime(2021, 11, 7, 1, 30), POLICY)

    assert lateness.submitted == "2021-11-07T01:30:00-04:00"
    assert "occurred twice" in lateness.remark


def test_a_time_that_is_skipped_is_read_as_the_earlier() -> None:
    due = datetime(2021, 3, 14, 1, 45, tzinfo=EASTERN)

    lateness = late_coefficient(due, datetime(2021, 3, 14, 2, 30), POLICY)

    assert (lateness.days_late, lateness.submitted) == (0, "2021-03-14T01:30:00-05:00")
    assert "was skipped" in lateness.remark


moments = st.datetimes(datetime(2021, 1, 1), datetime(2022, 1, 1))
policies = st.builds(LatePolicy, days=st.integers(1, 14), coefficient_at_last_day=st.floats(0, 1))


@given(due=moments, first=moments, second=moments, policy=policies)
def test_later_never_pays(
    due: datetime, first: datetime, second: datetime, policy: LatePolicy
) -> None:
    early, late = sorted(moment.replace(tzinfo=UTC) for moment in (first, second))

    before = late_coefficient(due.replace(tzinfo=EASTERN), early, policy)
    after = late_coefficient(due.replace(tzinfo=EASTERN), late, policy)

    assert before.coefficient >= after.coefficient
    assert before.days_late <= after.days_late


@given(due=moments, submitted=moments, policy=policies)
def test_bounds(due: datetime, submitted: datetime, policy: LatePolicy) -> None:
    lateness = late_coefficient(due, submitted, policy)

    assert 0 <= lateness.coefficient <= 1
    assert (lateness.coefficient == 0) >= (lateness.days_late > policy.days)
    if lateness.days_late <= policy.days:
        assert lateness.coefficient >= policy.coefficient_at_last_day - 1e-12


@given(due=moments, submitted=moments)
def test_days_agree_with_elapsed_time_up_to_a_change_of_clocks(
    due: datetime, submitted: datetime
) -> None:
    aware = submitted.replace(tzinfo=UTC)

    days = late_coefficient(due, aware, POLICY).days_late

    elapsed = aware - due.replace(tzinfo=EASTERN).astimezone(UTC)
    slack = timedelta(hours=1)
    assert days == 0 or elapsed > timedelta(days=days - 1) - slack
    assert elapsed <= timedelta(days=days) + slack


@pytest.mark.parametrize("text", ["", "yesterday", "2021-04-02", "20210402", "2021-13-02T10:00"])
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected a time such as 2021-04-02T10:00.*found"):
        parse_submitted(text)
