"""Lateness over any pair of instants, around clock changes above all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.model.assignment import LatePolicy
from grader.scoring.lateness import late_coefficient

ZONES = tuple(
    ZoneInfo(name)
    for name in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "UTC")
)
"""Clocks that change by an hour, by half an hour, on other days, and never."""

CHANGES = (
    datetime(2021, 3, 14, 2, 30),
    datetime(2021, 11, 7, 1, 30),
    datetime(2021, 3, 28, 2, 30),
    datetime(2021, 10, 31, 2, 30),
    datetime(2021, 4, 4, 1, 45),
    datetime(2021, 10, 3, 2, 15),
)
"""Local times in the middle of a change in one of the zones: skipped, or shown twice."""

near_changes = st.builds(
    lambda change, seconds: change + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-9 * 86400, 9 * 86400),
)
local_times = st.one_of(near_changes, st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1)))
zones = st.sampled_from(ZONES)
policies = st.builds(
    LatePolicy,
    days=st.integers(1, 14),
    coefficient_at_last_day=st.floats(0, 1),
    whole_minute=st.booleans(),
)


def instants(local: datetime) -> tuple[datetime, datetime]:
    """What a local time can mean, the earlier first; the two are equal but at a change."""
    both = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    first, second = sorted(both)
    return first, second


def met_by(due: datetime, days: int, submitted: datetime) -> bool:
    """Whether the deadline, moved by whole course days, is met: at the same time of day."""
    return (
        submitted
        <= instants((due.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=due.tzinfo))[1]
    )


@given(due=local_times, zone=zones, submitted=local_times, policy=policies)
@example(
    CHANGES[0],
    ZONES[0],
    CHANGES[0] + timedelta(days=1),
    LatePolicy(days=7, coefficient_at_last_day=0.5),
)
def test_days_late_are_the_fewest_that_meet_the_deadline(
    due: datetime, zone: ZoneInfo, submitted: datetime, policy: LatePolicy
) -> None:
    at = submitted.replace(tzinfo=UTC)

    found = late_coefficient(due.replace(tzinfo=zone), at, policy)

    days = found.days_late
    counted = at.replace(second=0, microsecond=0) if policy.whole_minute else at
    assert met_by(due.replace(tzinfo=zone), days, counted)
    assert days == 0 or not met_by(due.replace(tzinfo=zone), days - 1, counted)


@given(due=local_times, zone=zones, submitted=local_times, policy=policies)
def test_the_coefficient_is_the_handouts_line(
    due: datetime, zone: ZoneInfo, submitted: datetime, policy: LatePolicy
) -> None:
    found = late_coefficient(due.replace(tzinfo=zone), submitted.replace(tzinfo=UTC), policy)

    if found.days_late > policy.days:
        assert found.coefficient == 0
    else:
        lost = (1 - policy.coefficient_at_last_day) * found.days_late / policy.days
        assert found.coefficient == pytest.approx(1 - lost, abs=1e-12)


@given(due=local_times, zone=zones, submitted=local_times, hours=st.integers(-14, 14))
def test_the_zone_in_which_a_time_is_told_does_not_matter(
    due: datetime, zone: ZoneInfo, submitted: datetime, hours: int
) -> None:
    policy = LatePolicy(days=7, coefficient_at_last_day=0.5)
    at = submitted.replace(tzinfo=UTC)
    elsewhere = at.astimezone(timezone(timedelta(hours=hours)))

    here = late_coefficient(due.replace(tzinfo=zone), at, policy)
    there = late_coefficient(due.replace(tzinfo=zone), elsewhere, policy)

    assert here == there


@given(due=local_times, zone=zones, submitted=local_times)
def test_a_local_time_is_read_for_the_students_good(
    due: datetime, zone: ZoneInfo, submitted: datetime
) -> None:
    policy = LatePolicy(days=7, coefficient_at_last_day=0.5)
    deadline = due.replace(tzinfo=zone)
    readings = instants(submitted.replace(tzinfo=zone))

    local = late_coefficient(deadline, submitted, policy)

    told = [late_coefficient(deadline, at, policy) for at in readings]
    assert local.days_late == min(t.days_late for t in told)
    assert bool(local.remark) == (readings[0] != readings[1])
    assert datetime.fromisoformat(local.submitted) == readings[0]


@given(due=local_times, zone=zones, first=local_times, second=local_times, policy=policies)
def test_handing_in_later_never_pays_in_any_zone(
    due: datetime, zone: ZoneInfo, first: datetime, second: datetime, policy: LatePolicy
) -> None:
    early, late = sorted(at.replace(tzinfo=UTC) for at in (first, second))

    before, after = (late_coefficient(due.replace(tzinfo=zone), at, policy) for at in (early, late))

    assert before.days_late <= after.days_late
    assert before.coefficient >= after.coefficient


@given(due=local_times, zone=zones)
def test_the_deadline_itself_is_in_time_and_a_moment_later_is_not(
    due: datetime, zone: ZoneInfo
) -> None:
    policy = LatePolicy(days=7, coefficient_at_last_day=0.5, whole_minute=False)
    deadline = due.replace(tzinfo=zone)
    last = instants(deadline)[1]

    assert late_coefficient(deadline, last, policy).days_late == 0
    assert late_coefficient(deadline, last + timedelta(microseconds=1), policy).days_late == 1
