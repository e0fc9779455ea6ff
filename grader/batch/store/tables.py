"""The tables. Times are ISO 8601 in UTC, durations seconds, digests SHA-256 in hexadecimal."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BATCH = Table(
    "batch",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("started_at", String(40), nullable=False),
    Column("assignment", String(200), nullable=False),
    Column("options", Text, nullable=False),  # JSON of what was asked for
    Column("notes", Text, nullable=False),  # JSON: sentences about the folder
)
"""One call of `make batch`."""

HAND_IN = Table(
    "hand_in",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("batch_id", ForeignKey("batch.id"), nullable=False),
    Column("kerberos", String(128), nullable=False),
    Column("course", String(8), nullable=False),
    Column("zip_sha256", String(64), nullable=False),  # empty: nothing was handed in
    Column("cache_key", String(64), nullable=False),  # of the run that it asks for
    Column("role", String(16), nullable=False),  # counted, superseded, missing
    Column("superseded_by", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("zip_name", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("platform", String(20), nullable=False),
    Column("platform_id", Text, nullable=False),
    Column("submitted", String(40), nullable=False),  # empty: not told
    Column("extension_days", Float, nullable=False),
    Index("ix_hand_in_batch_id", "batch_id"),
)
"""What one batch found in its folder."""

RUN = Table(
    "run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kerberos", String(128), nullable=False),
    Column("cache_key", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # graded, rejected, fault
    Column("sentence", Text, nullable=False),
    Column("zip_sha256", String(64), nullable=False),
    Column("assignment", String(200), nullable=False),
    Column("assignment_sha256", String(64), nullable=False),
    Column("code_version", String(80), nullable=False),
    Column("bundle", String(40), nullable=False),
    Column("bundle_sha256", String(64), nullable=False),
    Column("seed", Integer, nullable=True),
    Column("device", String(200), nullable=False),
    Column("isolation", String(40), nullable=False),
    Column("worker", String(200), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("stage_seconds", Text, nullable=False),  # JSON
    Column("sheet_sha256", String(64), nullable=False),  # blob of results.json; empty: none
    Column("finished_at", String(40), nullable=False),
    Index("ix_run_cache_key", "cache_key"),
    Index("ix_run_kerberos", "kerberos"),
)
"""One submission that was run, and what it gave."""

JUDGEMENT = Table(
    "judgement",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("judge_key", String(64), nullable=False),  # of checks, tolerances, expected outputs
    Column("code_version", String(80), nullable=False),
    Column("worker", String(200), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("judged_at", String(40), nullable=False),
    Index("ix_judgement_run_id", "run_id"),
)
"""A run's evidence was judged: after the run, and each time it was judged again."""

FINDING = Table(
    "finding",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("part_id", String(40), nullable=False),
    Column("check_id", String(80), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("credit", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("staff_detail", Text, nullable=False),
    Column("judgement_id", Integer, nullable=True),  # null: of a store's first form
    Index("ix_finding_run_id", "run_id"),
)
"""Verdict of one check in one judgement of a run."""

OVERRIDE = Table(
    "override",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("kerberos", String(128), nullable=False),
    Column("part_id", String(40), nullable=False),
    Column("points", Float, nullable=True),
    Column("comment", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("noted_at", String(40), nullable=False),
    Index("ix_override_kerberos", "kerberos"),
)
"""What a person decided, as noted before there were decisions; no row is added any more."""

DECISION = Table(
    "decision",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(64), nullable=False, unique=True),
    Column("kerberos", String(128), nullable=False),
    Column("part_id", String(40), nullable=False),
    Column("zip_sha256", String(64), nullable=False),  # empty: nothing was handed in
    Column("replaces", String(64), nullable=True),  # uuid, empty for a first; null: beside
    Column("body", Text, nullable=False),  # JSON of the record
    Column("digest", String(64), nullable=False),  # over the row before it, and `body`
    UniqueConstraint("kerberos", "part_id", "zip_sha256", "replaces", name="uq_decision_replaces"),
    Index("ix_decision_kerberos", "kerberos"),
    Index("ix_decision_part_id", "part_id"),
)
"""What a person decided about a part of a hand-in; of two that replace the same one, one is kept
in force and the other beside it."""

RUBRIC = Table(
    "rubric",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("part_id", String(40), nullable=False),
    Column("number", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("part_id", "number", name="uq_rubric_part_id"),
)
"""A rubric that a person changed; the offering's own is number 1 and not here."""

RELEASE = Table(
    "release",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(64), nullable=False, unique=True),
    Column("kerberos", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # publish, withdraw
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_release_kerberos", "kerberos"),
)
"""A grade was published or withdrawn."""


def _about_an_answer(name: str) -> Table:
    """A table of rows that are only added, each about a part of a student's submission."""
    return Table(
        name,
        METADATA,
        Column("id", Integer, primary_key=True),
        Column("uuid", String(64), nullable=False, unique=True),
        Column("kerberos", String(128), nullable=False),
        Column("part_id", String(40), nullable=False),
        Column("body", Text, nullable=False),
        Column("digest", String(64), nullable=False),
        Index(f"ix_{name}_kerberos", "kerberos"),
    )


REQUEST = _about_an_answer("request")
"""One entry of a regrade request."""

PLACE = _about_an_answer("place")
"""On which pages of a report a part is answered, as a person says."""

SCORING = Table(
    "scoring",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("offering", Text, nullable=False),  # its name, or where it lies
    Column("noted_at", String(40), nullable=False),
)
"""The class was scored by another offering than before; the newest holds."""

GRADE = Table(
    "grade",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("kerberos", String(128), nullable=False),
    Column("digest", String(64), nullable=False),  # of `sheet`
    Column("sheet", Text, nullable=False),  # JSON of the sheet without measurements and pictures
    Column("total", Float, nullable=False),
    Column("pending", Float, nullable=False),
    Column("assignment_sha256", String(64), nullable=False),
    Column("code_version", String(80), nullable=False),
    Column("scored_at", String(40), nullable=False),
    Index("ix_grade_run_id", "run_id"),
)
"""A run's points, each time they changed."""

PAGE = Table(
    "page",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("grade_id", ForeignKey("grade.id"), nullable=False),
    Column("written_at", String(40), nullable=False),
    Column("pages_key", String(64), nullable=True),  # null: of a store's first form
    Index("ix_page_grade_id", "grade_id"),
)
"""The results folder shows this grade."""

APPEND_ONLY = tuple(table.name for table in METADATA.sorted_tables)
"""Tables whose rows are never changed or taken away: all of them."""
