"""Two graders decide about the same answers at once, with `grader score` beside them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from grader.batch.store.store import open_store
from grader.model.records.decisions import DecisionKind, in_force
from tests.desk.served import Person, addresses, desk_process, grader_process

NAMES = ("ann", "ben")


@dataclass(frozen=True)
class RoundsDone:
    """What came of the rounds."""

    rounds: int
    seconds: float
    scored: int
    """Runs of `grader score` that ended while the graders worked, or because they had done so."""
    wrong: tuple[str, ...]
    """What is not as it must be."""


def two_graders(
    results: Path, rounds: int, *, store: str | None = None, score: bool = True, part: str = "3c"
) -> RoundsDone:
    """Let both decide about each answer in turn, `rounds` times in all, both on the same state.

    Args:
        results: Of the class.
        rounds: How many.
        store: URL of another database.
        score: Whether `grader score` runs beside them.
        part: Whose answers.
    """
    wrong: list[str] = []
    sent: Counter[str] = Counter()
    last: dict[str, str] = {}
    stop = threading.Event()
    scores: list[int] = []
    with (
        desk_process(results, "ann:head", "ben:grader", store=store) as desk,
        ExitStack() as leaving,
    ):
        people = [leaving.enter_context(closing(Person(desk, name))) for name in NAMES]
        answers = addresses(people[0], part)
        scoring = threading.Thread(target=_score, args=(results, store, stop, scores))
        if score:
            scoring.start()
        began = time.perf_counter()
        with ThreadPoolExecutor(len(people)) as at_once:
            for number in range(rounds):
                address = answers[number % len(answers)]
                fields = people[0].fields(address)
                asked = [
                    at_once.submit(one.decide, address, fields, f"round {number}, {one.name}")
                    for one in people
                ]
                said = [one.result() for one in asked]
                states = sorted(one["state"] for one in said)
                if states != ["conflict", "saved"]:
                    wrong.append(f"round {number}: {states}, expected one saved and one told")
                sent[address] += len(said)
                last[address] = next((o["uuid"] for o in said if o["state"] == "saved"), "")
        seconds = time.perf_counter() - began
        stop.set()
        if score:
            scoring.join()
        desk.stop()
    wrong += [f"grader score: exit status {one}" for one in scores if one]
    wrong += _in_the_table(results, store, part, sent, last)
    return RoundsDone(rounds, seconds, len(scores), tuple(wrong))


def _score(results: Path, store: str | None, stop: threading.Event, scores: list[int]) -> None:
    """Score the class again and again, at least once after the graders have begun."""
    argv = ["score", str(results), *(("--store", store) if store else ())]
    while not stop.is_set() or not scores:
        process = grader_process(argv, results.parent / "score.txt")
        process.join()
        scores.append(process.exitcode or 0)


def _in_the_table(
    results: Path, store: str | None, part: str, sent: Counter[str], last: dict[str, str]
) -> list[str]:
    """Every decision is in the table, one is in force, the others stand beside it."""
    wrong: list[str] = []
    with open_store(results, store) as opened:
        rows = opened.decisions(part_id=part)
        wrong += opened.broken_chains()
    held = in_force(rows)
    counted = Counter(row.kind for row in rows)
    many = sum(sent.values())
    if len(rows) != many:
        wrong.append(f"{len(rows)} decisions in the table, {many} were made")
    if counted[DecisionKind.CONFLICT] != many // 2:
        wrong.append(f"{counted[DecisionKind.CONFLICT]} conflicts, expected {many // 2}")
    if {one.uuid for one in held.values()} != set(last.values()):
        wrong.append("what is in force is not what was saved last")
    return wrong
