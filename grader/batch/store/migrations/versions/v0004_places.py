"""Where people say that a report answers a part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.batch.store.migrations.versions.v0001_first import only_add

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "place",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("uuid", sa.String(64), nullable=False),
        sa.Column("kerberos", sa.String(128), nullable=False),
        sa.Column("part_id", sa.String(40), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
        sa.UniqueConstraint("uuid", name="uq_place_uuid"),
    )
    op.create_index("ix_place_kerberos", "place", ["kerberos"])
    only_add("place")


def downgrade() -> None:
    """Rows are never taken away."""
    raise NotImplementedError("rows are only added")
