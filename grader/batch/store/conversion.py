"""Records of a class as rows of the database, and back."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from grader.batch.store.rows import HandInRow
from grader.intake.hand_in import HandIn
from grader.model.records import GradeSheet
from grader.model.records.codec import to_json


def now() -> str:
    """Return the time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def light(sheet: GradeSheet) -> GradeSheet:
    """Return the sheet without what only pages show: what points are made of."""
    parts = tuple(
        replace(
            part,
            findings=tuple(
                replace(finding, measurements=(), exhibits=(), staff_detail="", evidence_ids=())
                for finding in part.findings
            ),
        )
        for part in sheet.parts
    )
    return replace(sheet, parts=parts, answers=())


def sheet_digest(sheet: GradeSheet) -> str:
    """Return the digest of the sheet as the store keeps it."""
    return hashlib.sha256(to_json(light(sheet)).encode()).hexdigest()


def storable(text: str) -> str:
    """Return text as every database takes it: no NUL, no unpaired surrogate."""
    return text.replace("\0", "").encode(errors="replace").decode()


def values_of(kind: type, row: Any) -> dict[str, Any]:
    """Return the values of a record's fields that a row of the database holds."""
    return {field.name: getattr(row, field.name) for field in fields(kind)}


def grade_row(run_id: int, sheet: GradeSheet, code: str) -> dict[str, Any]:
    """Return the row of a run's points."""
    text = to_json(light(sheet))
    return {
        "run_id": run_id,
        "kerberos": sheet.kerberos,
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "sheet": text,
        "total": sheet.total,
        "pending": sheet.pending,
        "assignment_sha256": sheet.facts.assignment_sha256,
        "code_version": code,
        "scored_at": now(),
    }


def hand_in_of(row: Any) -> HandInRow:
    """Return a row of the database as a hand-in."""
    found = HandIn(
        path=Path(row.source),
        course=row.course,
        kerberos=row.kerberos,
        source=row.source,
        zip_name=row.zip_name,
        submitted=datetime.fromisoformat(row.submitted) if row.submitted else None,
        extension=timedelta(days=row.extension_days),
        name=row.name,
        platform_id=row.platform_id,
        platform=row.platform,
    )
    return HandInRow(
        hand_in=found,
        zip_sha256=row.zip_sha256,
        cache_key=row.cache_key,
        role=row.role,
        superseded_by=row.superseded_by,
    )


def columns(row: HandInRow) -> dict[str, Any]:
    """Return a hand-in as its row of the database."""
    found = row.hand_in
    submitted = found.submitted.isoformat() if found.submitted else ""
    days = found.extension / timedelta(days=1)
    facts = {**asdict(found), "submitted": submitted, "extension_days": days}
    kept = {name: facts[name] for name in facts if name not in {"path", "extension", "files"}}
    own = {field.name: getattr(row, field.name) for field in fields(row) if field.name != "hand_in"}
    return {**kept, **own}


def page_row(grade_id: int, pages_key: str) -> dict[str, Any]:
    """Return the row of pages that show a grade."""
    return {"grade_id": grade_id, "written_at": now(), "pages_key": pages_key}
