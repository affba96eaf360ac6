"""Breaches tell which systems and which kinds of data they concern; some have no key or user."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for column in ("systems", "data_kinds"):
        op.execute(f"ALTER TABLE breaches ADD COLUMN {column} text[] NOT NULL DEFAULT '{{}}'")
