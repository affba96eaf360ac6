"""Frozen reports, and the people that they may list."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
# A report is never changed and never deleted by the service; people may be erased by law.
GRANTS = {"reports": "SELECT, INSERT", "report_people": "SELECT, INSERT, DELETE"}
REASONS = (
    "seen_in_list", "pair_positive", "shown_by_employee", "declared_account",
    "absent_from_two_complete_lists", "pair_negative", "undeclared", "declared_none",
    "platform_undeclared", "disputed", "dispute_upheld", "not_due_yet", "account_contested",
    "blocked", "awaiting_second_list", "stale", "account_unverified", "list_partial",
    "platform_cannot_tell", "never_checked",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _reports()
    _people()
    for table, rights in GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _reports() -> None:
    op.create_table(
        "reports",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("valid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("official_account_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("includes_people", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_reports_tenant_id"),
        _reference("reports", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_reports"),
        sa.UniqueConstraint("tenant_id", "year", "serial", name="one_report_for_each_number"),
        sa.CheckConstraint("serial >= 1", name="report_numbers_begin_at_one"),
        sa.CheckConstraint("digest = sha256(document)", name="reports_bear_their_digest"),
        sa.CheckConstraint("btrim(title) <> ''", name="reports_have_a_title"),
    )
    op.create_index("ix_reports_campaign", "reports", ["tenant_id", "campaign_id"])


def _people() -> None:
    op.create_table(
        "report_people",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        _closed_set("duty_kind", "report_duty_is_known", ("declare", "follow")),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        _closed_set("reason", "report_reason_is_known", REASONS),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_report_people_tenant_id"),
        _reference("report_people", "report_id", "reports"),
        _reference("report_people", "employee_id", "employees"),
        _reference("report_people", "unit_id", "work_units"),
        _reference("report_people", "official_account_id", "official_accounts"),
        sa.PrimaryKeyConstraint("tenant_id", "report_id", "position", name="pk_report_people"),
    )
    op.create_index("ix_report_people_employee", "report_people", ["tenant_id", "employee_id"])


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
    )


def _closed_set(column: str, name: str, values: tuple[str, ...]) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=False)
