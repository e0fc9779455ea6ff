"""Uids of boxes."""

from __future__ import annotations

import pytest

from grader.sandbox.launch import uid_for

WHOLE = "         0          0 4294967295\n"
CONTAINER = "         0     100000      65536\n"


@pytest.mark.parametrize("pid", [1, 4711, 4_194_303])
@pytest.mark.parametrize("uid_map", [WHOLE, CONTAINER])
def test_a_uid_is_there_and_is_nobody_elses(pid: int, uid_map: str) -> None:
    uid = uid_for(pid, uid_map)
    size = int(uid_map.split()[2])
    assert 30_000 < uid < size - 2
    assert uid not in {65_534, 65_535}


def test_two_processes_have_two_uids() -> None:
    assert len({uid_for(pid, WHOLE) for pid in range(1, 5000)}) == 4999
    assert len({uid_for(pid, CONTAINER) for pid in range(1, 5000)}) == 4999


@pytest.mark.parametrize("uid_map", [WHOLE, CONTAINER])
def test_no_driver_has_the_uid_of_a_box(uid_map: str) -> None:
    pids = range(1, 5000)
    drivers = {uid_for(pid, uid_map, outside=True) for pid in pids}
    assert len(drivers) == 4999
    assert not drivers & {uid_for(pid, uid_map) for pid in pids}
