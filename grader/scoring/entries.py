"""From entries of a `grades.toml` to decisions. Pure: the store comes after it.

An entry that is as it was when it entered decides nothing. One that was edited is made on what its
author saw: the decision that the entry names, or the file's own last one. Where somebody decided
otherwise meanwhile, the store keeps it as a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from grader.model.records import (
    FIRST,
    Decision,
    DecisionKey,
    DecisionKind,
    Given,
    in_force,
)
from grader.scoring.grades_file import GradesEntry, GradesFile
from grader.scoring.overrides import ROUNDING_POINTS, held
from reference.errors import ConfigError

IMPORTER = "grades.toml"
"""Author of an entry that names none, where its file's owner is not known either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """Whose file it is."""

    kerberos: str
    """Whose."""
    zip_sha256: str
    """Digest of the hand-in that it is about where the file does not say; empty for nothing."""
    owner: str = ""
    """Account whose file it is, as the system says; empty where that is not known."""


def decisions_in(
    file: GradesFile,
    facts: FileFacts,
    known: Iterable[Decision],
    max_points: Callable[[str], float],
    new_uuid: Callable[[], str],
) -> tuple[Decision, ...]:
    """Return the decisions that the file's entries make, beyond those that are known.

    Args:
        file: What it says.
        facts: Whose it is.
        known: All decisions about the student, as they were added.
        max_points: Today's maximum of a part.
        new_uuid: Makes a name.

    Raises:
        ConfigError: new points are out of range; each of them is told.
    """
    decided = tuple(one for one in known if one.kerberos == facts.kerberos)
    about = file.submission or facts.zip_sha256
    made: list[Decision] = []
    faults: list[str] = []
    for entry in file.entries:
        of_part = [one for one in decided if one.part_id == entry.part_id]
        if not entry.says_something or _is_known(entry, about, of_part):
            continue
        key = DecisionKey(facts.kerberos, entry.part_id, about)
        try:
            one = _decision(entry, key, of_part, max_points(entry.part_id), new_uuid())
        except ConfigError as error:
            faults.append(str(error))
            continue
        made.append(replace(one, author=entry.author or _whose(facts)))
    if faults:
        raise ConfigError("; ".join(faults))
    return tuple(made)


def _whose(facts: FileFacts) -> str:
    """Return who stands for an entry without an author: nobody knows who edited, but whose file."""
    return f"{IMPORTER} of {facts.owner}" if facts.owner else IMPORTER


def _is_known(entry: GradesEntry, about: str, of_part: Sequence[Decision]) -> bool:
    """Whether the entry is as it was when it entered, or says what holds already."""
    imported = [one for one in of_part if one.given is not None]
    latest = [one for one in of_part if one.counts and one.zip_sha256 == about][-1:]
    named = [one for one in of_part if entry.decision and one.uuid == entry.decision]
    if entry.withdraw:
        return bool(latest) and latest[0].kind is DecisionKind.WITHDRAWN
    return any(_same(entry, one) for one in (*imported[-1:], *latest, *named))


def _same(entry: GradesEntry, decision: Decision) -> bool:
    if decision.kind is DecisionKind.WITHDRAWN:
        return False
    if entry.comment != decision.comment.strip():
        return False
    if entry.author not in {"", decision.author, decision.decided_by}:
        return False
    if entry.points is None:
        return True  # what an entry does not say, it does not take away
    if decision.given is not None and entry.points == decision.given.points:
        return entry.of in {None, decision.given.of}
    if entry.of is None or decision.share is None:
        return False
    return abs(decision.share * entry.of - entry.points) <= ROUNDING_POINTS


def _decision(
    entry: GradesEntry, key: DecisionKey, of_part: Sequence[Decision], maximum: float, uuid: str
) -> Decision:
    here = [one for one in of_part if one.key == key]
    latest = in_force(here).get(key)
    own = [one.uuid for one in here if one.given is not None and one.counts]
    parent = entry.decision or (own[-1] if own else FIRST)
    if entry.withdraw:  # it names what it takes back: what holds
        parent = entry.decision or (latest.uuid if latest else FIRST)
    of = entry.of or maximum
    points = None if entry.points is None else held(entry.points, of, entry.part_id, entry.place)
    made = Decision(uuid=uuid, **key._asdict())
    if points is None and latest is not None and not entry.withdraw:
        made = replace(
            latest,
            uuid=uuid,
            settles=(),
            noted_at="",
            seconds=0.0,
            group="",
            words_by="",
            takes_back="",
        )
    return replace(
        made,
        parent=parent,
        kind=DecisionKind.WITHDRAWN if entry.withdraw else DecisionKind.IMPORTED,
        share=made.share if points is None else (points / of if of else None),
        given=Given(points=entry.points, of=of),
        comment=entry.comment,
    )
