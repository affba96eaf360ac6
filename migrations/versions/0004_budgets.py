"""Budgets and breakers of the platforms, shared by all workers."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PLATFORMS = ("bluesky", "facebook", "instagram", "mastodon", "threads", "tiktok", "x", "youtube")
PAUSES = ("rate_limited", "usage", "credits_exhausted")


def closed_set(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "platform_budgets",
        sa.Column(
            "platform", closed_set(PLATFORMS, op.f("budget_platform_is_known")), nullable=False
        ),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        moment("busy_until"),
        sa.Column("left_in_window", sa.BigInteger(), nullable=True),
        moment("window_ends_at", nullable=True),
        sa.Column("pause", closed_set(PAUSES, op.f("pause_is_known")), nullable=True),
        moment("paused_until", nullable=True),
        moment("drawn_at"),
        sa.CheckConstraint("left_in_window >= 0", name=op.f("nothing_is_drawn_that_is_not_left")),
        sa.CheckConstraint(
            "(left_in_window IS NULL) = (window_ends_at IS NULL)", name=op.f("windows_have_an_end")
        ),
        sa.CheckConstraint(
            "(pause IS NULL) = (paused_until IS NULL)", name=op.f("pauses_have_an_end")
        ),
        sa.PrimaryKeyConstraint("platform", "host", "credential", name=op.f("pk_platform_budgets")),
    )
    op.create_table(
        "platform_breakers",
        sa.Column(
            "platform", closed_set(PLATFORMS, op.f("breaker_platform_is_known")), nullable=False
        ),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("failed_at"),
        sa.Column("openings", sa.Integer(), nullable=False),
        moment("opened_at", nullable=True),
        moment("retry_at", nullable=True),
        sa.Column("probing", sa.Boolean(), nullable=False),
        sa.CheckConstraint("failures > 0", name=op.f("a_breaker_counts_failures")),
        sa.CheckConstraint(
            "(openings > 0) = (retry_at IS NOT NULL)", name=op.f("open_breakers_are_retried")
        ),
        sa.PrimaryKeyConstraint("platform", "door", name=op.f("pk_platform_breakers")),
    )
    # They belong to the installation: no tenant's requests may read or change them.
    for table in ("platform_budgets", "platform_breakers"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO simedsos_system")
