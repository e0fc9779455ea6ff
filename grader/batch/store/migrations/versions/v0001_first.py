"""The first form of the tables, and the triggers that let rows only be added."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("batch", "hand_in", "run", "finding", "override", "grade", "page")


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _string(length: int, *names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(length), nullable=False) for name in names]


def _number(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=False) for name in names]


def _key(table: str) -> list[sa.Column[int] | sa.PrimaryKeyConstraint]:
    return [
        sa.Column("id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    ]


def _link(table: str, column: str, other: str) -> list[sa.Column[int] | sa.ForeignKeyConstraint]:
    return [
        sa.Column(column, sa.Integer, nullable=False),
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}"),
    ]


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table(
        "batch",
        *_key("batch"),
        *_string(40, "started_at"),
        *_string(200, "assignment"),
        *_text("options", "notes"),
    )
    op.create_table(
        "hand_in",
        *_key("hand_in"),
        *_link("hand_in", "batch_id", "batch"),
        *_string(128, "kerberos"),
        *_string(8, "course"),
        *_string(64, "zip_sha256", "cache_key"),
        *_string(16, "role"),
        *_text("superseded_by", "source", "zip_name", "name", "platform_id"),
        *_string(20, "platform"),
        *_string(40, "submitted"),
        *_number("extension_days"),
    )
    op.create_table(
        "run",
        *_key("run"),
        *_string(128, "kerberos"),
        *_string(64, "cache_key"),
        *_string(16, "state"),
        *_text("sentence"),
        *_string(64, "zip_sha256"),
        *_string(200, "assignment"),
        *_string(64, "assignment_sha256"),
        *_string(80, "code_version"),
        *_string(40, "bundle"),
        *_string(64, "bundle_sha256"),
        sa.Column("seed", sa.Integer, nullable=True),
        *_string(200, "device"),
        *_string(40, "isolation"),
        *_string(200, "worker"),
        sa.Column("attempts", sa.Integer, nullable=False),
        *_number("seconds"),
        *_text("stage_seconds"),
        *_string(64, "sheet_sha256"),
        *_string(40, "finished_at"),
    )
    op.create_table(
        "finding",
        *_key("finding"),
        *_link("finding", "run_id", "run"),
        *_string(40, "part_id"),
        *_string(80, "check_id"),
        *_string(20, "outcome"),
        *_number("credit"),
        *_text("message", "staff_detail"),
    )
    op.create_table(
        "override",
        *_key("override"),
        *_string(128, "kerberos"),
        *_string(40, "part_id"),
        sa.Column("points", sa.Float, nullable=True),
        *_text("comment", "author"),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
        *_string(40, "noted_at"),
    )
    op.create_table(
        "grade",
        *_key("grade"),
        *_link("grade", "run_id", "run"),
        *_string(128, "kerberos"),
        *_string(64, "digest"),
        *_text("sheet"),
        *_number("total", "pending"),
        *_string(64, "assignment_sha256"),
        *_string(80, "code_version"),
        *_string(40, "scored_at"),
    )
    op.create_table(
        "page", *_key("page"), *_link("page", "grade_id", "grade"), *_string(40, "written_at")
    )
    for table, column in (
        ("hand_in", "batch_id"), ("run", "cache_key"), ("run", "kerberos"), ("finding", "run_id"),
        ("override", "kerberos"), ("grade", "run_id"), ("page", "grade_id"),
    ):  # fmt: skip
        op.create_index(f"ix_{table}_{column}", table, [column])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION only_add() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME; END $$"
        )
    only_add(*TABLES)


def only_add(*tables: str) -> None:
    """Let the database itself refuse to change or remove a row."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in tables:
        for deed in ("UPDATE", "DELETE"):
            action = (
                "EXECUTE FUNCTION only_add()"
                if postgresql
                else f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
            )
            each = "FOR EACH ROW " if postgresql else ""
            op.execute(
                f'CREATE TRIGGER only_add_{table}_{deed.lower()} BEFORE {deed} ON "{table}" '
                f"{each}{action}"
            )


def downgrade() -> None:
    """Nothing lies before the first form."""
    raise NotImplementedError("the first form has none before it")
