"""OAuth connections of accounts, with their tokens encrypted, and attempts to make one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
PLATFORMS = (
    "bluesky", "facebook", "instagram", "mastodon", "threads", "tiktok", "x", "youtube",
)  # fmt: skip
CHANGE_KINDS = (
    "account:declared", "account:retired", "account:updated", "account:verified",
    "api_key:created", "api_key:revoked", "campaign:created", "campaign:evaluated",
    "campaign:updated", "connection:created", "connection:lost", "connection:removed",
    "employee:created", "employee:updated", "follower_list:taken", "import:applied",
    "import:previewed", "official_account:created", "official_account:updated",
    "snapshot:confirmed", "snapshot:taken", "work_unit:created", "work_unit:updated",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _connections()
    _attempts()
    for table in ("connections", "connection_attempts"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)
    # A browser that comes back brings a state and no tenant; nothing else may be looked up so.
    op.execute("GRANT SELECT (tenant_id, state_hash) ON connection_attempts TO simedsos_system")
    op.execute("CREATE POLICY coordination ON connection_attempts TO simedsos_system USING (true)")
    _widen_change_kinds()


def _closed_set(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=op.f(name), native_enum=False, create_constraint=True, length=40)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _foreign_keys(table: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name=op.f(f"fk_{table}_tenant_id_official_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name=op.f(f"fk_{table}_tenant_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
    ]


def _connections() -> None:
    op.create_table(
        "connections",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column(
            "platform", _closed_set("connected_platform_is_known", PLATFORMS), nullable=False
        ),
        sa.Column("platform_id", sa.Text(), nullable=True),
        sa.Column(
            "state",
            _closed_set("connection_state_is_known", ("connected", "refreshing", "needs_reauth")),
            nullable=False,
        ),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        _moment("expires_at", nullable=True),
        _moment("refresh_expires_at", nullable=True),
        _moment("connected_at"),
        sa.Column("connected_by", sa.Text(), nullable=False),
        _moment("renewed_at"),
        sa.Column("epoch", sa.BigInteger(), server_default="0", nullable=False),
        _moment("lease_until", nullable=True),
        _moment("retry_at", nullable=True),
        sa.Column(
            "loss_reason",
            _closed_set("loss_reason_is_known", ("grant_refused", "lost_answer", "lost_worker")),
            nullable=True,
        ),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(official_account_id IS NULL) <> (account_id IS NULL)"
            " AND subject_id = coalesce(official_account_id, account_id)",
            name=op.f("connections_have_one_subject"),
        ),
        sa.CheckConstraint(
            "(state = 'needs_reauth') = (access_token IS NULL)"
            " AND (state <> 'needs_reauth' OR refresh_token IS NULL)",
            name=op.f("lost_connections_hold_no_token"),
        ),
        sa.CheckConstraint(
            "(state = 'refreshing') = (lease_until IS NOT NULL)", name=op.f("refreshes_are_leased")
        ),
        sa.CheckConstraint(
            "(state = 'needs_reauth') = (loss_reason IS NOT NULL)",
            name=op.f("losses_have_a_reason"),
        ),
        *_foreign_keys("connections"),
        sa.PrimaryKeyConstraint("tenant_id", "subject_id", name=op.f("pk_connections")),
    )
    op.create_index("ix_connections_key", "connections", ["tenant_id", "key_id"])


def _attempts() -> None:
    op.create_table(
        "connection_attempts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("platform", _closed_set("attempt_platform_is_known", PLATFORMS), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        _moment("expires_at"),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(official_account_id IS NULL) <> (account_id IS NULL)",
            name=op.f("attempts_have_one_subject"),
        ),
        sa.CheckConstraint("length(state_hash) = 32", name=op.f("attempt_states_are_hashed")),
        *_foreign_keys("connection_attempts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_connection_attempts")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_connection_attempts_state_hash")),
    )


def _widen_change_kinds() -> None:
    allowed = ", ".join(f"'{kind}'" for kind in CHANGE_KINDS)
    op.execute(
        "-- squawk-ignore ban-drop-constraint\n"
        "ALTER TABLE changes DROP CONSTRAINT change_kind_is_known"
    )
    op.execute(
        "ALTER TABLE changes ADD CONSTRAINT change_kind_is_known"
        f" CHECK (kind IN ({allowed})) NOT VALID"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE changes VALIDATE CONSTRAINT change_kind_is_known"
    )
