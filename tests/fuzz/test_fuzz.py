"""A slice of the campaign, and all that once broke something; `make fuzz` runs the whole."""

from __future__ import annotations

import json
import mmap
from pathlib import Path

import pytest

from grader.kernel.channel import MIME
from tests.fuzz.campaign import Tally, campaign, resumed
from tests.fuzz.conversations import KINDS as MESSAGE_KINDS
from tests.fuzz.conversations import conversation
from tests.fuzz.entries import entries
from tests.fuzz.measure import Worst
from tests.fuzz.seeds import CRASHERS
from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.target import Case, Fault, _sentence, case, crasher, go_through
from tests.grader.execution.fake_kernel import NONCE

FILES = 40
SLICES = {"names": 60, "messages": 12}


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_damaged_files_are_read_or_refused_in_a_sentence() -> None:
    tally = campaign(Tally(subject="files", seed=7), FILES)
    assert tally.faults == []
    assert sum(tally.results.values()) == FILES
    assert {"read", "refused"} <= set(tally.results)


@pytest.mark.parametrize("name", SLICES)
@pytest.mark.filterwarnings("ignore")
def test_what_comes_from_outside_is_taken_or_refused_within_its_bounds(name: str) -> None:
    subject, results = SUBJECTS[name], set()
    for number in range(SLICES[name]):
        worst = Worst()
        results.add(subject.go_through(7, number, worst))
        assert 0 < worst.seconds <= subject.slow_s
        assert worst.mib <= subject.most_mib
    assert len(results) == 2


@pytest.mark.parametrize("path", sorted(CRASHERS.iterdir()), ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_what_once_broke_something(path: Path) -> None:
    if path.suffix == ".json":
        again, worst = json.loads(path.read_text(encoding="utf-8")), Worst()
        subject = SUBJECTS[again["subject"]]
        assert subject.go_through(again["seed"], again["number"], worst) != "fault"
        assert worst.seconds <= subject.slow_s
        assert worst.mib <= subject.most_mib
    else:
        assert go_through(crasher(path)) in {"read", "refused"}


def test_the_same_numbers_give_the_same_damage() -> None:
    assert case(3, 17) == case(3, 17)
    assert case(3, 17) != case(4, 17)
    assert entries(3, 17) == entries(3, 17)
    assert entries(3, 17) != entries(3, 18)
    assert repr(conversation(3, 17)) == repr(conversation(3, 17))
    assert repr(conversation(3, 17)) != repr(conversation(4, 17))


def test_every_kind_of_message_is_said_with_its_own_nonce_and_another() -> None:
    kinds, nonces = set(), set()
    for number in range(12):
        for message in conversation(5, number):
            data = message.content.get("data") if isinstance(message.content, dict) else None
            told = data.get(MIME) if isinstance(data, dict) else None
            if isinstance(told, dict):
                kinds.add(str(told.get("kind"))[:20])
                nonces.add(str(told.get("nonce"))[:20])
    assert kinds >= set(MESSAGE_KINDS)
    assert nonces >= {NONCE, "n1"}


def test_an_interrupted_campaign_goes_on_where_it_was(tmp_path: Path) -> None:
    saved = tmp_path / "names-7.json"
    tally = Tally(subject="names", seed=7, at=5, faults=["x"], seconds=2.0)
    tally.results["read"] = 5
    tally.worst.take(1.0, 3.0)
    tally.save(saved)
    assert resumed(saved, "names", 7) == tally
    assert resumed(saved, "names", 8) == Tally(subject="names", seed=8)
    saved.write_text("{", encoding="utf-8")
    assert resumed(saved, "names", 7) == Tally(subject="names", seed=7)


def test_what_takes_too_much_is_measured() -> None:
    worst = Worst()
    with worst.of():
        taken = mmap.mmap(-1, 64 << 20)  # not of what a free list still holds
        taken.write(bytes(1 << 20) * 64)
    assert len(taken) / 2**20 - 8 <= worst.mib <= 400
    assert worst.seconds > 0


@pytest.mark.parametrize("text", ["", "short", "two lines\nlong enough", "x" * 30 + "\x1b["])
def test_what_is_no_sentence_is_a_fault(text: str) -> None:
    with pytest.raises(Fault):
        _sentence(text)


def test_a_zip_of_nothing_is_refused() -> None:
    assert go_through(Case(kind="zip", data=b"", render=False)) == "refused"
