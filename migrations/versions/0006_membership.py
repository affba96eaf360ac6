"""Checks of declared accounts, and the platforms' answers about pairs of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
LIVE = "state NOT IN ('contested', 'retired')"
PLATFORMS = (
    "bluesky", "facebook", "instagram", "mastodon", "threads", "tiktok", "x", "youtube",
)  # fmt: skip
ACCOUNT_STATES = (
    "declared", "exists", "missing", "private", "suspended", "deactivated", "renamed",
    "verified", "contested", "retired",
)  # fmt: skip
EXISTENCE_STATES = (
    "exists", "missing", "private", "suspended", "deactivated", "ambiguous", "blocked",
)  # fmt: skip
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:revoked",
    "campaign:created", "campaign:evaluated", "campaign:updated",
    "connection:created", "connection:lost", "connection:removed", "employee:created",
    "employee:updated", "follower_list:taken", "import:applied", "import:previewed",
    "official_account:created", "official_account:updated", "pair_answers:taken",
    "snapshot:confirmed", "snapshot:taken", "work_unit:created", "work_unit:updated",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_closed_sets()
    _account_columns()
    _account_history()
    _pair_answers()
    _lists_and_runs()
    for table in ("account_checks", "account_handles", "pair_answers"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _closed_set(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _widen_closed_sets() -> None:
    _replace("accounts", "account_state_is_known", "state", ACCOUNT_STATES)
    _replace("changes", "change_kind_is_known", "kind", CHANGE_KINDS)


def _replace(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """Give a closed set more values; the rows there are few yet."""
    allowed = ", ".join(f"'{value}'" for value in values)
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}")
    _check(table, name, f"{column} IN ({allowed})")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )


def _account_columns() -> None:
    for name in (
        "last_checked_at",
        "next_check_at",
        "platform_id_since",
        "seen_since",
        "unseen_since",
    ):
        op.add_column("accounts", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # A government declares some thousands of accounts: the index is there within a second.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_accounts_next_check ON accounts (tenant_id, platform, next_check_at)"
        f" WHERE {LIVE}"
    )


def _account_history() -> None:
    op.create_table(
        "account_checks",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "state", _closed_set("existence_state_is_known", EXISTENCE_STATES), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_account_checks_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_account_checks_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_account_checks"),
    )
    op.create_index(
        "ix_account_checks_account",
        "account_checks",
        ["tenant_id", "account_id", "checked_at"],
        unique=False,
    )
    op.create_table(
        "account_handles",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_account_handles_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_account_handles_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "account_id", "held_until", name="pk_account_handles"),
    )


def _pair_answers() -> None:
    op.create_table(
        "pair_answers",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "answer",
            _closed_set(
                "pair_answer_is_known", ("follows", "does_not_follow", "blocked", "not_told")
            ),
            nullable=False,
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name="fk_pair_answers_tenant_id_official_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_pair_answers_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_pair_answers_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_pair_answers"),
        sa.UniqueConstraint(
            "tenant_id",
            "official_account_id",
            "account_id",
            "slot",
            name="a_pair_is_answered_once_a_slot",
        ),
    )
    op.create_index(
        "ix_pair_answers_latest",
        "pair_answers",
        ["tenant_id", "official_account_id", "account_id", "answer", "asked_at"],
        unique=False,
    )


def _lists_and_runs() -> None:
    op.add_column(
        "official_accounts",
        sa.Column("read_list", sa.Boolean(), server_default="true", nullable=False),
    )
    # Each page of X's list costs money, so somebody must want it.
    op.execute("UPDATE official_accounts SET read_list = false WHERE platform = 'x'")
    for name in ("slot", "matched_at"):
        op.add_column("follower_lists", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # No row has a slot yet, so the index is empty.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE UNIQUE INDEX one_list_per_slot"
        " ON follower_lists (tenant_id, official_account_id, slot) WHERE slot IS NOT NULL"
    )
    op.add_column(
        "poll_runs",
        sa.Column("kind", sa.String(length=40), server_default="count", nullable=False),
    )
    op.add_column("poll_runs", sa.Column("platform", sa.String(length=40), nullable=True))
    op.add_column("poll_runs", sa.Column("asked", sa.Integer(), nullable=True))
    op.add_column("poll_runs", sa.Column("answered", sa.Integer(), nullable=True))
    # Existence is asked of a whole platform; `runs_name_what_they_asked` keeps the old promise.
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE poll_runs ALTER COLUMN official_account_id DROP NOT NULL"
    )
    op.alter_column("poll_runs", "epoch", server_default="0")
    _check("poll_runs", "poll_kind_is_known", "kind IN ('count', 'existence', 'pairs', 'list')")
    _check("poll_runs", "poll_platform_is_known", f"platform IN {PLATFORMS}")
    _check(
        "poll_runs",
        "runs_name_what_they_asked",
        "(official_account_id IS NULL) = (kind = 'existence')"
        " AND (kind <> 'existence' OR platform IS NOT NULL)",
    )
