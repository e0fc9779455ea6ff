"""A run can be judged more than once; pages know what they were made by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.batch.store.migrations.versions.v0001_first import only_add

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of judgements, and which of them a finding is of."""
    op.create_table(
        "judgement",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("judge_key", sa.String(64), nullable=False),
        sa.Column("code_version", sa.String(80), nullable=False),
        sa.Column("worker", sa.String(200), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("judged_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judgement"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_judgement_run_id"),
    )
    op.create_index("ix_judgement_run_id", "judgement", ["run_id"])
    op.add_column("finding", sa.Column("judgement_id", sa.Integer, nullable=True))
    op.add_column("page", sa.Column("pages_key", sa.String(64), nullable=True))
    only_add("judgement")


def downgrade() -> None:
    """Rows are never taken away."""
    raise NotImplementedError("rows are only added")
