"""Endpoints of other systems, and the messages by which changes are told to them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:leaked",
    "api_key:revoked", "api_key:rotated", "api_key:updated", "breach:closed", "breach:recorded",
    "campaign:created", "campaign:evaluated", "campaign:updated", "connection:created",
    "connection:lost", "connection:removed", "consent:given", "consent:withdrawn",
    "contact:changed", "dispute:decided", "dispute:filed", "employee:created",
    "employee:erased", "employee:updated", "evidence:taken", "excuse:granted",
    "excuse:withdrawn", "extension:granted", "finding:recorded", "follower_list:taken",
    "import:applied", "import:previewed", "neutrality_window:declared",
    "neutrality_window:withdrawn", "notice:extended", "notice:sent",
    "official_account:created", "official_account:updated", "pair_answers:taken",
    "reminder_plan:changed", "reminders:planned", "reminders:stopped", "report:frozen",
    "retention:applied", "roster:changed", "session:closed", "session:opened",
    "snapshot:confirmed", "snapshot:taken", "subject_request:answered",
    "subject_request:extended", "subject_request:received", "unit_head:changed",
    "user:created", "user:updated", "webhook:created", "webhook:disabled", "webhook:redelivered", "webhook:removed",
    "webhook:secret_exchanged", "webhook:updated", "work_unit:created", "work_unit:updated",
)  # fmt: skip
TROUBLES = (
    "timed_out", "unreachable", "address_refused", "redirected", "refused", "server_error",
    "gone", "secret_unreadable",
)  # fmt: skip


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_change_kinds()
    _endpoints()
    _deliveries()
    for table in ("webhook_endpoints", "webhook_deliveries"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _widen_change_kinds() -> None:
    allowed = ", ".join(f"'{value}'" for value in CHANGE_KINDS)
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


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "disabled",
            _one_of("endpoint_disabling_is_known", "officer", "gone", "restored"),
            nullable=True,
        ),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        _moment("old_secret_ends_at", nullable=True),
        sa.Column("position_transaction", sa.BigInteger(), nullable=False),
        sa.Column("position_sequence", sa.BigInteger(), nullable=False),
        sa.Column("claim", sa.Uuid(), nullable=True),
        _moment("busy_until", nullable=True),
        _moment("created_at"),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("btrim(name) <> ''", name="endpoints_have_a_name"),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_ends_at IS NULL)", name="old_secrets_end"
        ),
        sa.CheckConstraint("(claim IS NULL) = (busy_until IS NULL)", name="endpoint_claims_end"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_webhook_endpoints_tenant_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_key", "webhook_endpoints", ["tenant_id", "key_id"])


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("transaction", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        _moment("at"),
        sa.Column(
            "state",
            _one_of("delivery_state_is_known", "waiting", "delivered", "dead"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _moment("first_attempt_at", nullable=True),
        _moment("last_attempt_at", nullable=True),
        _moment("next_attempt_at"),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("trouble", _one_of("delivery_trouble_is_known", *TROUBLES), nullable=True),
        _moment("finished_at", nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (finished_at IS NULL)", name="finished_messages_have_an_end"
        ),
        sa.CheckConstraint(
            "(attempts = 0) = (first_attempt_at IS NULL)", name="attempts_have_a_beginning"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_webhook_deliveries_tenant_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"],
            ["webhook_endpoints.tenant_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries_tenant_id_endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint(
            "tenant_id", "endpoint_id", "transaction", "sequence", name="one_message_each_change"
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["tenant_id", "endpoint_id", "transaction", "sequence"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_webhook_deliveries_finished", "webhook_deliveries", ["tenant_id", "finished_at"]
    )
