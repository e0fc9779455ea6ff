"""How far each part is, and what needs somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from grader.model.records.decisions import Decision
from grader.model.records.releases import threads
from grader.model.records.rubrics import Rubric
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label, seconds
from grader.review.desk.classroom import Classroom
from grader.review.desk.desk_view import parts_of
from grader.review.desk.holding import Holding, Stand, begun_by_people, count_part, holdings
from grader.review.desk.ledger import Ledger, rubrics_of

LONGEST_S = 1_800.0
"""An answer that was open for longer was left open; it tells nothing of the pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One part."""

    part_id: str
    """Which."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    of: int
    """Answers that somebody may grade."""
    graded: int
    """By people."""
    needs: int
    """That nobody looked at yet."""
    flagged: int
    """For the head."""
    conflicts: int
    """To be settled."""
    requests: int
    """Regrade requests that wait for an answer."""
    checked: int
    """Graded by checks alone."""
    percent: float
    """Graded, of those that a person has to see."""
    mean: str
    """Mean share of the points that people gave, in percent; empty for none."""
    pace: str
    """Median time of an answer; empty where none was measured."""
    left: str
    """Time that the rest takes at that pace; empty where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All parts that people decide."""

    parts: tuple[PartLine, ...]
    """In the handout's order."""
    others: tuple[tuple[str, str, str], ...]
    """(part id, label, title) of parts that checks decide."""
    students: int
    """In the class."""
    to_do: int
    """Answers that wait for a person."""
    conflicts: int
    """To be settled, all parts."""
    flagged: int
    """For the head, all parts."""
    requests: int
    """Regrade requests that wait for an answer, all parts."""


def overview(room: Classroom, ledger: Ledger) -> Overview:
    """Return how far the class is."""
    rows: dict[str, list[Decision]] = {}
    every = ledger.decisions()
    begun = begun_by_people(room, every)
    for row in every:
        rows.setdefault(row.part_id, []).append(row)
    rubrics = rubrics_of(ledger, room.assignment)
    known = {part.id: part for part in room.assignment.parts}
    asked = Counter(
        one.part_id
        for one in threads(ledger.requests())
        if one.waits and one.kerberos in room.by_kerberos
    )
    by_hand = (part_id for name in begun for part_id in parts_of(room, room.by_kerberos[name]))
    wanted = {*room.human_parts, *rows, *asked, *by_hand}
    shown = [part_id for part_id in known if part_id in wanted]
    parts = tuple(
        _line(
            room,
            rubrics[part_id],
            rows.get(part_id, []),
            holdings(rows.get(part_id, []), room, rubrics[part_id], begun),
            asked[part_id],
        )
        for part_id in shown
    )
    return Overview(
        parts=parts,
        others=tuple(
            (part.id, part_label(part.id), plain(part.title))
            for part in room.assignment.parts
            if part.id not in shown
        ),
        students=len(room.seats),
        to_do=sum(line.needs for line in parts),
        conflicts=sum(line.conflicts for line in parts),
        flagged=sum(line.flagged for line in parts),
        requests=sum(asked.values()),
    )


def _line(
    room: Classroom,
    rubric: Rubric,
    rows: list[Decision],
    held: Mapping[str, Holding],
    requests: int,
) -> PartLine:
    part_id = rubric.part_id
    count = count_part(room, part_id, held)
    whole = count.to_do + count.settled
    times = [row.seconds for row in rows if 0 < row.seconds <= LONGEST_S]
    pace = median(times) if times else 0.0
    waits = count.of(Stand.NEEDS)
    return PartLine(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        of=whole,
        graded=count.settled,
        needs=waits,
        flagged=count.of(Stand.FLAGGED),
        conflicts=count.of(Stand.CONFLICT),
        requests=requests,
        checked=count.of(Stand.CHECKED),
        percent=round(100 * count.settled / whole, 1) if whole else 100.0,
        mean="" if count.mean is None else f"{100 * count.mean:.0f} %",
        pace=seconds(pace) if pace else "",
        left=seconds(pace * waits) if pace and waits else "",
    )
