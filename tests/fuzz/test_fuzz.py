"""A slice of the campaign, and all that once broke something. `make fuzz` runs 10,000 files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.target import KINDS, Case, Fault, _sentence, case, crasher, crashers, go_through

COUNT = 250


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_damaged_files_are_read_or_refused_in_a_sentence() -> None:
    tally = campaign(seed=7, count=COUNT)
    assert tally.faults == []
    assert sum(tally.results.values()) == COUNT
    assert {kind for kind, result in tally.results if result in {"read", "stopped"}} == set(KINDS)


@pytest.mark.parametrize("path", crashers(), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_what_once_broke_something(path: Path) -> None:
    assert go_through(crasher(path)) in {"read", "refused"}


def test_the_same_numbers_give_the_same_damage() -> None:
    assert case(3, 17) == case(3, 17)
    assert case(3, 17) != case(4, 17)


@pytest.mark.parametrize("text", ["", "short", "two lines\nlong enough", "x" * 30 + "\x1b["])
def test_what_is_no_sentence_is_a_fault(text: str) -> None:
    with pytest.raises(Fault):
        _sentence(text)


def test_a_zip_of_nothing_is_refused() -> None:
    assert go_through(Case(kind="zip", data=b"", render=False)) == "refused"
