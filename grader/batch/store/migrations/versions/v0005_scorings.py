"""By which offering a class was scored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grader.batch.store.migrations.versions.v0001_first import only_add

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "scoring",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("offering", sa.Text, nullable=False),
        sa.Column("noted_at", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scoring"),
    )
    only_add("scoring")


def downgrade() -> None:
    """Rows are never taken away."""
    raise NotImplementedError("rows are only added")
