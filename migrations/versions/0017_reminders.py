"""Addresses of employees, heads of units, reminder plans and the outbox of reminders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
GRANTS = {
    "employee_contacts": "SELECT, INSERT, UPDATE",
    "unit_heads": "SELECT, INSERT, UPDATE (ends_on, ended_by)",
    "reminder_plans": "SELECT, INSERT, UPDATE",
    "reminders": "SELECT, INSERT, UPDATE (state, stop_reason, attempts, next_attempt_at,"
    " lease_until, epoch, message_id, last_error, finished_at)",
}
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:revoked",
    "campaign:created", "campaign:evaluated", "campaign:updated", "connection:created",
    "connection:lost", "connection:removed", "contact:changed", "dispute:decided",
    "dispute:filed", "employee:created", "employee:updated", "evidence:taken",
    "excuse:granted", "excuse:withdrawn", "extension:granted", "finding:recorded",
    "follower_list:taken", "import:applied", "import:previewed",
    "neutrality_window:declared", "neutrality_window:withdrawn", "notice:extended",
    "notice:sent", "official_account:created", "official_account:updated",
    "pair_answers:taken", "reminder_plan:changed", "reminders:planned", "reminders:stopped",
    "report:frozen", "roster:changed", "snapshot:confirmed", "snapshot:taken",
    "unit_head:changed", "work_unit:created", "work_unit:updated",
)  # fmt: skip
CHANNELS = ("email", "whatsapp")
DUTIES = ("declare", "follow")
STATES = ("planned", "sending", "sent", "failed", "stopped", "undeliverable")
WITHHELD = (
    "plan_off", "plan_changed", "campaign_not_running", "neutrality_window", "left_campaign",
    "not_active", "excused", "disputed", "nothing_missing", "not_due_yet", "no_channel",
    "no_address", "address_undeliverable", "already_planned", "at_most_reached",
    "not_its_turn", "no_head",
)  # fmt: skip
TROUBLES = (
    "channel_off", "unreachable", "timed_out", "broke_off", "try_later", "server_error",
    "credentials_refused", "sender_refused", "message_refused", "recipient_refused",
    "address_unreadable",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _widen_change_kinds()
    _contacts()
    _heads()
    _plans()
    _outbox()
    for table, rights in GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
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


def _contacts() -> None:
    _table(
        "employee_contacts",
        _id("employee_id"),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        _text("key_id"),
        _closed_set("source", "contact_source_is_known", ("import", "officer")),
        _text("set_by"),
        _moment("set_at"),
        _text("recorded_by"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        _reference("employee_contacts", "employee_id", "employees"),
        sa.CheckConstraint("btrim(set_by) <> ''", name="contacts_name_who_set_them"),
        key="employee_id",
    )
    _index("ix_employee_contacts_key", "employee_contacts", "key_id")


def _heads() -> None:
    _table(
        "unit_heads",
        _id("id"),
        _id("unit_id"),
        _id("employee_id"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        _text("set_by"),
        _moment("set_at"),
        sa.Column("ended_by", sa.Text(), nullable=True),
        _text("recorded_by"),
        _reference("unit_heads", "unit_id", "work_units"),
        _reference("unit_heads", "employee_id", "employees"),
        sa.CheckConstraint("ends_on >= starts_on", name="heads_end_after_they_start"),
        sa.CheckConstraint(
            "(ends_on IS NULL) = (ended_by IS NULL)", name="who_ends_a_headship_is_named"
        ),
        sa.CheckConstraint("btrim(set_by) <> ''", name="heads_name_who_set_them"),
    )
    _index("one_head_per_unit", "unit_heads", "unit_id", unique=True, where="ends_on IS NULL")
    _index("ix_unit_heads_employee", "unit_heads", "employee_id")


def _plans() -> None:
    _table(
        "reminder_plans",
        _id("campaign_id"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("duties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("channels", postgresql.ARRAY(sa.Text()), nullable=False),
        _closed_set("first_from", "first_from_is_known", ("start", "due")),
        _number("first_after_days"),
        _number("every_days"),
        _number("at_most"),
        sa.Column("escalate_after", sa.Integer(), nullable=True),
        sa.Column("ahead_of_due", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_until", sa.Time(), nullable=False),
        sa.Column("quiet_weekends", sa.Boolean(), nullable=False),
        sa.Column("holidays", postgresql.ARRAY(sa.Date()), nullable=False),
        _text("language"),
        _moment("counts_from"),
        _text("set_by"),
        _moment("set_at"),
        _text("recorded_by"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        _reference("reminder_plans", "campaign_id", "campaigns"),
        sa.CheckConstraint("cardinality(channels) > 0", name="plans_name_a_channel"),
        sa.CheckConstraint("cardinality(duties) > 0", name="plans_name_a_duty"),
        sa.CheckConstraint(
            "first_after_days >= 0 AND every_days > 0 AND at_most > 0 AND escalate_after > 0",
            name="plans_have_sound_numbers",
        ),
        sa.CheckConstraint("btrim(set_by) <> ''", name="plans_name_the_officer"),
        key="campaign_id",
    )


def _outbox() -> None:
    _table(
        "reminders",
        _id("id"),
        _id("campaign_id"),
        _closed_set("recipient", "recipient_is_known", ("employee", "head")),
        _id("employee_id"),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        _closed_set("duty_kind", "reminder_duty_is_known", DUTIES),
        _closed_set("channel", "reminder_channel_is_known", CHANNELS),
        _number("number"),
        _moment("slot"),
        _moment("planned_for"),
        _closed_set("state", "reminder_state_is_known", STATES),
        _closed_set("stop_reason", "stop_reason_is_known", WITHHELD, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        _moment("next_attempt_at"),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("message_id", sa.Text(), nullable=True),
        _closed_set("last_error", "trouble_is_known", TROUBLES, nullable=True),
        _moment("created_at"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        _reference("reminders", "campaign_id", "campaigns"),
        _reference("reminders", "employee_id", "employees"),
        _reference("reminders", "unit_id", "work_units"),
        sa.CheckConstraint(
            "(recipient = 'head') = (unit_id IS NOT NULL)", name="digests_name_a_unit"
        ),
        sa.CheckConstraint(
            "recipient = 'employee' OR duty_kind = 'declare'",
            name="heads_are_told_of_declarations_only",
        ),
        sa.CheckConstraint(
            "(state = 'stopped') = (stop_reason IS NOT NULL)", name="stops_have_a_reason"
        ),
        sa.CheckConstraint(
            "(state IN ('planned', 'sending')) = (finished_at IS NULL)",
            name="finished_reminders_are_dated",
        ),
        sa.CheckConstraint(
            "(state = 'sending') = (lease_until IS NOT NULL)", name="sending_is_leased"
        ),
    )
    whose = ("campaign_id", "recipient", "employee_id", "unit_id", "duty_kind")
    waits = "finished_at IS NULL"
    _index("one_reminder_of_a_number", "reminders", *whose, "number", unique=True)
    _index("one_reminder_waits", "reminders", *whose, unique=True, where=waits)
    _index("ix_reminders_due", "reminders", "next_attempt_at", where=waits)
    _index("ix_reminders_employee", "reminders", "employee_id")


def _table(name: str, *parts: sa.schema.SchemaItem, key: str = "id") -> None:
    op.create_table(
        name,
        _id("tenant_id"),
        *parts,
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{name}_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", key, name=f"pk_{name}"),
    )


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _closed_set(
    column: str, name: str, values: tuple[str, ...], *, nullable: bool = False
) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=nullable)


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
    )


def _index(
    name: str, table: str, *columns: str, unique: bool = False, where: str | None = None
) -> None:
    op.create_index(
        name,
        table,
        ["tenant_id", *columns],
        unique=unique,
        postgresql_where=where,
        postgresql_nulls_not_distinct=True if unique and "unit_id" in columns[:-1] else None,
    )
