"""A class as `make batch` leaves it, written as records: nothing is run."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from grader.batch.store.rows import BatchRow, HandInRow, Judgement, RunRow
from grader.batch.store.store import Store
from grader.intake.hand_in import HandIn
from grader.model.records import Alignment, GradeSheet, Outcome, ReportReading, ReportSection
from grader.model.records.codec import save
from grader.model.records.report import NO_REPORT
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import GraderKeys
from grader.reading.hand_in import HandInReading
from tests.factories import ASSIGNMENT, finding, grade_sheet, run_facts, submission

HUMAN = tuple(part.id for part in ASSIGNMENT.parts if part.kind != "auto")
"""Parts that people grade in this class: in real hand-ins the mixed ones, too."""
_WORDS = (
    "Zeros are put around the signal since nothing is known beyond its ends.",
    "We pad with zeros, so $x_{out}$ has as many samples as $x_{in}$.",
    "The border is reflected: zeros would darken the ends.",
    "Only windows wholly inside count.",
)


def pdf_with_text(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of letter pages with lines of Helvetica."""
    bodies: list[bytes] = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    bodies.append(font)
    kids = []
    for lines in pages:
        shown = " ".join(f"({_escaped(line)}) Tj 0 -20 Td" for line in lines)
        content = f"BT /F1 12 Tf 72 720 Td {shown} ET".encode("latin-1", "replace")
        bodies.append(b"<< /Length %d >> stream\n%s\nendstream" % (len(content), content))
        bodies.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(bodies)
        )
        kids.append(b"%d 0 R" % len(bodies))
    bodies[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table)
    return made + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(bodies) + 1,
        start,
    )


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def write_class(
    results: Path,
    store: Store,
    students: int,
    *,
    words: Sequence[str] = _WORDS,
    seed: int = 1,
    scanned: Sequence[int] = (),
    each: Sequence[str] = (),
) -> tuple[str, ...]:
    """Write a class into a results folder and its store; return the kerberos names.

    Reports of those in `scanned` have no text, and their notebooks no answers. With `each`, the
    notebooks answer so, one after the other.
    """
    draw = random.Random(seed)  # noqa: S311 -- no secret
    names = tuple(f"kerb{index:03}" for index in range(students))
    hand_ins = []
    for index, kerberos in enumerate(names):
        course = ASSIGNMENT.courses[index % len(ASSIGNMENT.courses)]
        sha = hashlib.sha256(kerberos.encode()).hexdigest()
        answer = each[index] if each else draw.choice(list(words))
        sheet = human_sheet(kerberos, course, sha, answer)
        _write_folder(ResultFolder(root=results / kerberos), sheet, draw, scan=index in scanned)
        add_run(store, sheet)
        hand_ins.append(_hand_in(kerberos, course, sha))
    store.begin_batch(BatchRow(assignment=ASSIGNMENT.name, options="{}", notes=()), hand_ins)
    return names


def hand_in_again(store: Store, kerberos: str, sha: str) -> None:
    """Let a student hand in once more: a new batch in which another zip of theirs counts."""
    newest = store.newest_batch()
    assert newest is not None
    rows = [
        replace(row, zip_sha256=sha, cache_key=sha) if row.kerberos == kerberos else row
        for row in store.hand_ins(newest[0])
    ]
    store.begin_batch(BatchRow(assignment=ASSIGNMENT.name, options="{}", notes=()), rows)


def add_missing(store: Store, kerberos: str) -> None:
    """Let somebody be in the class who handed in nothing: a new batch."""
    newest = store.newest_batch()
    assert newest is not None
    course = ASSIGNMENT.courses[0]
    found = HandIn(path=Path(), course=course, kerberos=kerberos, source="", name="")
    rows = [*store.hand_ins(newest[0])]
    rows.append(HandInRow(hand_in=found, zip_sha256="", cache_key="", role="missing"))
    store.begin_batch(BatchRow(assignment=ASSIGNMENT.name, options="{}", notes=()), rows)


def drop(store: Store, kerberos: str) -> None:
    """Take a student out of the class: a new batch that does not have them."""
    newest = store.newest_batch()
    assert newest is not None
    rows = [row for row in store.hand_ins(newest[0]) if row.kerberos != kerberos]
    store.begin_batch(BatchRow(assignment=ASSIGNMENT.name, options="{}", notes=()), rows)


def _hand_in(kerberos: str, course: str, sha: str) -> HandInRow:
    found = HandIn(
        path=Path(f"{kerberos}.zip"),
        course=course,
        kerberos=kerberos,
        source=f"{kerberos}.zip",
        name=f"Given{kerberos[-3:]} Familyname{kerberos[-3:]}",
    )
    return HandInRow(hand_in=found, zip_sha256=sha, cache_key=sha, role="counted")


def human_sheet(kerberos: str, course: str, sha: str, answer: str) -> GradeSheet:
    """A sheet of which every part that people grade waits."""
    waits = {
        part.id: tuple(finding(check.id, Outcome.NEEDS_HUMAN) for check in part.checks)
        for part in ASSIGNMENT.parts
        if part.id in HUMAN
    }
    return grade_sheet(
        waits,
        course=course,
        kerberos=kerberos,
        facts=run_facts(zip_sha256=sha),
        answers=tuple((part_id, answer) for part_id in HUMAN),
    )


def _write_folder(
    folder: ResultFolder, sheet: GradeSheet, draw: random.Random, *, scan: bool
) -> None:
    folder.evidence.mkdir(parents=True)
    folder.submission.mkdir()
    own = [part_id for part_id in HUMAN if draw.random() < 0.9]
    pages = [[f"Report of {sheet.kerberos}", *(text for _, text in sheet.answers[:3])]]
    pages += [[f"{part_id[0]}({part_id[1:]})", draw.choice(_WORDS)] for part_id in own]
    if scan:
        own, pages = [], [[], [], [], []]
    (folder.submission / "report.pdf").write_bytes(pdf_with_text(pages))
    reading = ReportReading(
        pages=len(pages),
        pages_read=len(pages),
        sections=tuple(
            ReportSection(
                part_ids=(part_id,),
                whole_problem=False,
                label=f"{part_id[0]}({part_id[1:]})",
                first_page=place,
                last_page=place,
                text=draw.choice(_WORDS),
            )
            for place, part_id in enumerate(own, start=2)
        ),
        pictures=(),
        trouble=(),
        seconds=0.1,
    )
    save(sheet, folder.results)
    save(
        submission(
            kerberos=sheet.kerberos,
            zip_sha256=sheet.facts.zip_sha256,
            report_pages=len(pages),
        ),
        folder.record("submission"),
    )
    answers = () if scan else sheet.answers
    save(Alignment(matches=(), missing=(), answers=answers), folder.record("alignment"))
    save(HandInReading(report=reading or NO_REPORT, notes=()), folder.record("reading"))


def add_run(store: Store, sheet: GradeSheet) -> None:
    sha = sheet.facts.zip_sha256
    run = RunRow(
        kerberos=sheet.kerberos,
        cache_key=sha,
        state="graded",
        sentence="",
        zip_sha256=sha,
        assignment=sheet.facts.assignment,
        assignment_sha256=sheet.facts.assignment_sha256,
        code_version="0",
        bundle="studio-narrow",
        bundle_sha256=sha,
        seed=1,
        device="cpu",
        isolation="none",
        worker="here",
        attempts=1,
        seconds=1.0,
        stage_seconds="{}",
        sheet_sha256="",
        finished_at=datetime.now(UTC).isoformat(),
    )
    keys = GraderKeys(evidence="e", judge="j", pages="p")
    store.add_run(
        run, Judgement(sheet=sheet, keys=keys, code_version="0", worker="here", seconds=0.1)
    )
