"""Two graders decide about the same answers at once.

Beside them a head applies, publishes and withdraws at the desk, and commands run in a terminal.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from grader.batch.store.store import open_store
from grader.model.records.decisions import DecisionKind, in_force
from tests.desk.beside import Applying, Commands, not_whole
from tests.desk.served import Person, addresses, desk_process

NAMES = ("ann", "ben")


@dataclass(frozen=True)
class RoundsDone:
    """What came of the rounds."""

    rounds: int
    seconds: float
    scored: int
    """Runs of `grader score` that ended while the graders worked, or because they had done so."""
    applied: int
    """How often a head applied, published or withdrew at the desk meanwhile."""
    wrong: tuple[str, ...]
    """What is not as it must be."""


def two_graders(
    results: Path,
    rounds: int,
    *,
    store: str | None = None,
    score: bool = True,
    publish: bool = True,
    part: str = "3c",
) -> RoundsDone:
    """Let both decide about each answer in turn, `rounds` times in all, both on the same state.

    Args:
        results: Of the class.
        rounds: How many.
        store: URL of another database.
        score: Whether commands run beside them, and a head applies before the last round.
        publish: Whether the head also applies, publishes and withdraws all the time.
        part: Whose answers.
    """
    wrong: list[str] = []
    sent: Counter[str] = Counter()
    last: dict[str, str] = {}
    names = ("ann:head", "ben:grader", "eve:head")
    with desk_process(results, *names, store=store) as desk, ExitStack() as leaving:
        *people, eve = (
            leaving.enter_context(closing(Person(desk, name))) for name in (*NAMES, "eve")
        )
        answers = addresses(people[0], part)
        commands, applying = Commands(results, store), Applying(eve)
        if score:
            commands.start()
            if publish:
                applying.start()
        began = time.perf_counter()

        def round_of(number: int) -> None:
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

        with ThreadPoolExecutor(len(people)) as at_once:
            for number in range(rounds - 1):
                round_of(number)
            seconds = time.perf_counter() - began
            if score:
                commands.stop()
                if publish:
                    applying.stop()
                applying.once("update")
                commands.once("decisions verify")  # takes itself for the last, if it can
            round_of(rounds - 1)
        wrong += not_whole(results, store, desk)
        desk.stop()
    wrong += [*commands.wrong, *applying.wrong, *not_whole(results, store)]
    wrong += _in_the_table(results, store, part, sent, last)
    return RoundsDone(rounds, seconds, commands.counted["score"], applying.done, tuple(wrong))


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
