"""Decisions about hand-ins, rubrics, releases and regrade requests."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from grader.batch.store.migrations.versions.v0001_first import only_add

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LONGEST = {"uuid": 64, "kerberos": 128, "part_id": 40, "zip_sha256": 64, "kind": 16}


def _table(
    name: str, *columns: str, more: tuple[sa.Column[Any] | sa.UniqueConstraint, ...] = ()
) -> None:
    unique = ("uuid",) if "uuid" in columns else ()
    op.create_table(
        name,
        sa.Column("id", sa.Integer, nullable=False),
        *(sa.Column(column, sa.String(LONGEST[column]), nullable=False) for column in columns),
        *more,
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *(sa.UniqueConstraint(column, name=f"uq_{name}_{column}") for column in unique),
    )
    for column in ("kerberos", "part_id"):
        if (name, column) in (
            ("decision", "kerberos"), ("decision", "part_id"), ("release", "kerberos"),
            ("request", "kerberos"),
        ):  # fmt: skip
            op.create_index(f"ix_{name}_{column}", name, [column])
    only_add(name)


def upgrade() -> None:
    """Add the tables."""
    _table(
        "decision",
        *("uuid", "kerberos", "part_id", "zip_sha256"),
        more=(
            sa.Column("replaces", sa.String(64), nullable=True),
            sa.UniqueConstraint(
                *("kerberos", "part_id", "zip_sha256", "replaces"), name="uq_decision_replaces"
            ),
        ),
    )
    _table(
        "rubric",
        "part_id",
        more=(
            sa.Column("number", sa.Integer, nullable=False),
            sa.UniqueConstraint("part_id", "number", name="uq_rubric_part_id"),
        ),
    )
    _table("release", "uuid", "kerberos", "kind")
    _table("request", "uuid", "kerberos", "part_id")


def downgrade() -> None:
    """Rows are never taken away."""
    raise NotImplementedError("rows are only added")
