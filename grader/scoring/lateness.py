"""What a late submission costs (handout, Late Submission Policy).

Days late are rounded up. The coefficient falls linearly from 1 (in time) to its value on the last
day that is accepted, and is 0 afterwards. A day ends at the deadline's time of day in the course's
time zone, so a change to or from daylight saving neither gives nor takes an hour. Where the
offering says so, as ours do, the deadline's whole minute is in time: 23:59:30 for 23:59.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment, LatePolicy
from reference.errors import ConfigError

EASTERN = ZoneInfo("America/New_York")
"""Zone of a deadline that comes without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late a submission is, and what that costs."""

    deadline: str
    """ISO 8601 with offset."""
    submitted: str
    """ISO 8601 with offset; empty where not told, which counts as in time."""
    days_late: int
    """Rounded up; 0 where in time."""
    coefficient: float
    """1 where in time, falling to the policy's last coefficient, 0 after the last day."""
    remark: str = ""
    """How a local time was read that clocks show twice or never; empty otherwise."""


def late_coefficient(
    deadline: datetime, submitted: datetime | None, policy: LatePolicy
) -> Lateness:
    """Return how late `submitted` is; both times may come with an offset or as course time.

    Without an offset they are read in the deadline's zone, or in Eastern time. A local time that
    clocks show twice is read as the earlier one, and one that they skip as if they had been set
    already: for the student's good. `None` counts as in time.
    """
    zone = deadline.tzinfo or EASTERN
    due = deadline.replace(tzinfo=zone)
    if submitted is None:
        return Lateness(deadline=due.isoformat(), submitted="", days_late=0, coefficient=1.0)
    remark = ""
    if submitted.tzinfo is None:
        instant, remark = _earlier(submitted.replace(tzinfo=zone))
    else:
        instant = submitted.astimezone(UTC)
    counted = instant.replace(second=0, microsecond=0) if policy.whole_minute else instant
    days = _days_late(due, counted)
    share = min(days / policy.days, 1.0)
    coefficient = 1.0 - (1.0 - policy.coefficient_at_last_day) * share
    return Lateness(
        deadline=due.isoformat(),
        submitted=instant.astimezone(zone).isoformat(),
        days_late=days,
        coefficient=coefficient if days <= policy.days else 0.0,
        remark=remark,
    )


def lateness_of(hand_in: HandIn, assignment: Assignment) -> Lateness:
    """Return how late a hand-in is, its extension taken into account."""
    due = assignment.due + hand_in.extension
    return late_coefficient(due, hand_in.submitted, assignment.late)


def parse_submitted(text: str) -> datetime:
    """Return the time that `text` gives, such as 2021-04-02T10:00 or 2021-04-02T10:00-04:00.

    Raises:
        ConfigError: it gives none, or a day without a time of day.
    """
    expected = "expected a time such as 2021-04-02T10:00 (course time) or 2021-04-02T14:00Z"
    clean = text.strip()
    try:
        moment = datetime.fromisoformat(clean)
    except ValueError as error:
        raise ConfigError(f"submitted: {expected}, found {clean!r}") from error
    if ":" not in clean and "T" not in clean.upper():
        raise ConfigError(f"submitted: {expected}, found the day {clean!r} alone; add the time")
    return moment


def _days_late(due: datetime, instant: datetime) -> int:
    """Return the least number of days by which the deadline must move to be met."""
    if instant <= _later(due):
        return 0
    # Course days last 23 to 25 hours: start one below the estimate and walk up.
    days = max(0, (instant - _later(due)) // timedelta(days=1) - 1)
    while instant > _later(due + timedelta(days=days)):  # wall-clock arithmetic: same time of day
        days += 1
    return days


def _readings(local: datetime) -> tuple[datetime, datetime]:
    """Return both instants that a local time can mean; they are equal but for clock changes."""
    return local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _later(local: datetime) -> datetime:
    return max(_readings(local))


def _earlier(local: datetime) -> tuple[datetime, str]:
    """Return the earlier instant that a local time can mean, and a remark where there are two."""
    first, second = _readings(local)
    if first == second:
        return first, ""
    shown = local.strftime("%Y-%m-%d %H:%M")
    if first < second:
        return first, f"{shown} occurred twice because clocks changed; the first time is used."
    return second, f"{shown} was skipped when clocks changed; the time after the change is used."
