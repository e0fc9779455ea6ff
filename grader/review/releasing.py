"""What is missing before grades are published; publishing, withdrawing, and the files for it.

A grade is provisional until somebody publishes it, and again once it is withdrawn; the feedback
says which. Each of the two is a row of the store, with the points and the digest of the grade: once
it is of another hand-in, or a part has other points, it is provisional until it is published again.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.batch.collect.canvas import parse_canvas_name
from grader.batch.exports.gradebook import is_decided, why_left_out
from grader.batch.records import ClassRow, State
from grader.batch.run.pdfs import are_missing, without_pdf
from grader.batch.store.decision_rows import new_uuid
from grader.batch.store.rows import Standing
from grader.batch.store.store import Store
from grader.intake.hand_in import HandIn
from grader.model.records import (
    Decision,
    DecisionKind,
    Release,
    ReleaseKind,
    RequestEvent,
    grade_digest,
    open_conflicts,
    settled_by,
    threads,
)
from grader.model.results_folder import ResultFolder
from grader.scoring.overrides import HumanGrades, override_of, share_today
from reference.errors import ConfigError

NOT_GRADED = "not graded yet"
"""Words for a part that waits for a person."""
_SAME_SHARE = 1e-9
"""Shares that differ by less are the same."""
_GRADESCOPE = re.compile(r"^submission_\d+$")
"""Gradescope's folders of an export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why a student's grade should not be published yet."""

    kerberos: str
    """Whose."""
    part_id: str
    """Such as `3c`; empty where it is about the whole grade."""
    why: str
    """Words that follow the name: `not graded yet`, `flagged: …`."""


def missing_before_release(
    rows: Iterable[ClassRow],
    zips: Mapping[str, str],
    human: HumanGrades,
    decisions: Iterable[Decision],
    requests: Iterable[RequestEvent],
) -> tuple[Missing, ...]:
    """Return what is missing: ungraded, flagged, conflicts, points lost without a word, requests.

    Args:
        rows: How each student stands.
        zips: Kerberos to the digest of the hand-in that counts; empty where there is none.
        human: What people decided.
        decisions: All decisions, as they were added.
        requests: All entries of regrade requests, as they were added.
    """
    known = tuple(decisions)
    ungraded = (one for row in rows if not is_decided(row) for one in _ungraded(row))
    counted = (one for key, one in human.decisions.items() if _counts(one, zips))
    conflicts = (
        _missing(one, f"{one.author} decided otherwise: a conflict")
        for one in open_conflicts(known)
        if _counts(one, zips)
    )
    found = (
        *ungraded,
        *(missing for one in counted for missing in _in_decision(one, human)),
        *conflicts,
        *_readings(known, human, zips),
        *_requests(requests),
    )
    return tuple(sorted(found, key=lambda one: (one.kerberos, one.part_id, one.why)))


def _ungraded(row: ClassRow) -> Iterator[Missing]:
    """Yield why a grade is not decided: part by part where people began without a grade sheet."""
    waiting = [part.id for part in row.parts if part.pending_points > 0]
    if row.state is State.GRADED or not waiting:
        yield Missing(kerberos=row.kerberos, part_id="", why=why_left_out(row))
        return
    for part_id in waiting:
        yield Missing(kerberos=row.kerberos, part_id=part_id, why=NOT_GRADED)


def _counts(decision: Decision, zips: Mapping[str, str]) -> bool:
    return zips.get(decision.kerberos) == decision.zip_sha256


def _in_decision(decision: Decision, human: HumanGrades) -> Iterator[Missing]:
    if decision.flag:
        yield _missing(decision, f"flagged by {decision.decided_by}: {decision.flag}")
    seen = override_of(decision, human.rubrics.get(decision.part_id), max_points=1.0)
    words = seen.comment or seen.items or seen.marks  # what the student reads
    if seen.points is not None and seen.points < 1 and not words:
        yield _missing(decision, f"loses points without a word ({decision.decided_by})")


def _readings(
    decisions: Iterable[Decision], human: HumanGrades, zips: Mapping[str, str]
) -> Iterator[Missing]:
    """Yield second readings that give other points than the first, until somebody settles them."""
    known = tuple(one for one in decisions if _counts(one, zips))
    settled = settled_by(known)
    latest = {(*one.key, one.author): one for one in known if one.kind is DecisionKind.SECOND}
    for one in latest.values():
        first = human.decisions.get(one.key)
        if first is None or first.share is None or one.share is None or one.uuid in settled:
            continue
        rubric = human.rubrics.get(one.part_id)
        given, again = share_today(first, rubric), share_today(one, rubric)
        if given is not None and again is not None and abs(given - again) > _SAME_SHARE:
            yield _missing(one, f"{one.author} gives other points in a second reading")


def _requests(events: Iterable[RequestEvent]) -> Iterator[Missing]:
    for thread in threads(events):
        if thread.waits:
            why = "a regrade request waits for an answer"
            yield Missing(kerberos=thread.kerberos, part_id=thread.part_id, why=why)


def _missing(decision: Decision, why: str) -> Missing:
    return Missing(kerberos=decision.kerberos, part_id=decision.part_id, why=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRequest:
    """What is to be done with whose grades."""

    kind: ReleaseKind
    """Publish or withdraw."""
    kerberos: frozenset[str]
    """Whose; empty for everybody."""
    author: str
    """Who does it."""
    note: str = ""
    """Why; for staff."""
    anyway: bool = False
    """Whether also grades are published of which something is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A grade that a release publishes or withdraws."""

    kerberos: str
    """Whose."""
    grade_sha256: str
    """Digest of the grade as it stands."""
    total: float | None
    """Points as they stand, after the late coefficient."""
    earlier: float | None
    """Points that are published now; None where none are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePlan:
    """What a release does, before it is done."""

    request: ReleaseRequest
    """What was asked for."""
    changes: tuple[Change, ...]
    """Grades that are published or withdrawn, by kerberos."""
    out_already: tuple[str, ...] = ()
    """Whose grade is published as it stands."""
    held_back: tuple[str, ...] = ()
    """Of whose grade something is missing."""
    without_points: tuple[str, ...] = ()
    """Who has no points to publish; where grades are withdrawn, whose is not published."""
    changed: tuple[str, ...] = ()
    """Whose grade was published and is another by now, whatever is asked for."""

    @property
    def digest(self) -> str:
        """Digest of what changes: what somebody confirmed is what is done."""
        facts = [f"{one.kerberos} {one.grade_sha256} {one.earlier}" for one in self.changes]
        return hashlib.sha256("\n".join((self.request.kind, *facts)).encode()).hexdigest()


def plan_release(
    standings: Iterable[Standing],
    rows: Mapping[str, ClassRow],
    missing: Iterable[Missing],
    before: Iterable[Release],
    request: ReleaseRequest,
) -> ReleasePlan:
    """Return what a release does; nothing is written.

    What is published already, as it stands, is not published again. A grade of which something is
    missing is left out unless the request says otherwise; one without points always is.

    Args:
        standings: How each student stands.
        rows: The same in the tables of the class, by kerberos.
        missing: What is missing.
        before: All releases, as they were added.
        request: What is asked for.
    """
    held = frozenset() if request.anyway else {one.kerberos for one in missing}
    last = {one.kerberos: one for one in before}
    public = {name: one for name, one in last.items() if one.kind is ReleaseKind.PUBLISH}
    found: dict[str, list[Change]] = {"change": [], "out": [], "held": [], "none": []}
    others: list[str] = []
    for standing in standings:
        kerberos = standing.hand_in.kerberos
        if standing.hand_in.role == "superseded":
            continue
        out = public.get(kerberos)
        change = Change(
            kerberos=kerberos,
            grade_sha256=grade_digest(
                standing.hand_in.zip_sha256, rows[kerberos].total, rows[kerberos].parts
            ),
            total=rows[kerberos].total,
            earlier=out.total if out else None,
        )
        if out is not None and out.grade_sha256 != change.grade_sha256:
            others.append(kerberos)
        if request.kerberos and kerberos not in request.kerberos:
            continue
        found[_what(change, out, request, held=kerberos in held)].append(change)
    return ReleasePlan(
        request=request,
        changes=tuple(found["change"]),
        out_already=tuple(one.kerberos for one in found["out"]),
        held_back=tuple(one.kerberos for one in found["held"]),
        without_points=tuple(one.kerberos for one in found["none"]),
        changed=tuple(others),
    )


def _what(change: Change, out: Release | None, request: ReleaseRequest, *, held: bool) -> str:
    if request.kind is ReleaseKind.WITHDRAW:
        return "change" if out else "none"
    if change.total is None:
        return "none"
    if out is not None and out.grade_sha256 == change.grade_sha256:
        return "out"
    return "held" if held else "change"


def release_grades(store: Store, plan: ReleasePlan) -> tuple[str, ...]:
    """Publish or withdraw grades as planned; return whose changed, by kerberos."""
    for one in plan.changes:
        store.release(
            Release(
                uuid=new_uuid(),
                kind=plan.request.kind,
                kerberos=one.kerberos,
                grade_sha256=one.grade_sha256,
                total=one.total,
                author=plan.request.author,
                note=plan.request.note,
            )
        )
    return tuple(one.kerberos for one in plan.changes)


def feedback_zip(hand_ins: Iterable[HandIn], results: Path) -> bytes:
    """Return a zip with everybody's feedback.pdf, by the names that the platform gave.

    Canvas takes it back by "Upload Submissions", Gradescope's names are those of its export;
    whoever came from neither is there by kerberos. Who has no feedback is not in it.

    Raises:
        ConfigError: some PDFs are not written yet.
    """
    hand_ins = tuple(hand_ins)
    missing = without_pdf((one.kerberos for one in hand_ins), results)
    if missing:
        raise ConfigError(
            f"{results}: {are_missing(missing)} not written yet, such as that of {missing[0]}; "
            "`make score` writes them"
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for hand_in in hand_ins:
            page = ResultFolder(root=results / hand_in.kerberos).feedback_pdf
            if page.is_file():
                packed.writestr(feedback_name(hand_in), page.read_bytes())
    return buffer.getvalue()


def feedback_name(hand_in: HandIn) -> str:
    """Return the name of a student's feedback in the zip."""
    path = PurePosixPath(hand_in.source)
    canvas = parse_canvas_name(path.name) if hand_in.platform == "canvas" else None
    if canvas is not None:
        return f"{path.name.removesuffix(canvas.given)}feedback.pdf"
    folder = next((one for one in path.parts if _GRADESCOPE.match(one)), "")
    if hand_in.platform == "gradescope" and folder:
        return f"{folder}/feedback.pdf"
    return f"{hand_in.kerberos}.pdf"
