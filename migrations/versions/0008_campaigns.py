"""Grace and extensions, the acts that change a roster, and neutrality windows."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
CHANGE_KINDS = (
    "account:checked", "account:contested", "account:declared", "account:retired",
    "account:updated", "account:verified", "api_key:created", "api_key:revoked",
    "campaign:created", "campaign:evaluated", "campaign:updated",
    "connection:created", "connection:lost", "connection:removed", "employee:created",
    "employee:updated", "extension:granted", "follower_list:taken", "import:applied",
    "import:previewed", "neutrality_window:declared", "neutrality_window:withdrawn",
    "official_account:created", "official_account:updated", "pair_answers:taken",
    "roster:changed", "snapshot:confirmed", "snapshot:taken", "work_unit:created",
    "work_unit:updated",
)  # fmt: skip
REASONS = (
    "seen_in_list", "pair_positive", "declared_account", "absent_from_two_complete_lists",
    "pair_negative", "undeclared", "declared_none", "platform_undeclared", "disputed",
    "not_due_yet", "account_contested", "blocked", "awaiting_second_list", "stale",
    "account_unverified", "list_partial", "platform_cannot_tell", "never_checked",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _replace("changes", "change_kind_is_known", "kind", CHANGE_KINDS)
    _replace("verdicts", "reason_is_known", "reason", REASONS)
    op.add_column(
        "campaigns", sa.Column("grace_days", sa.Integer(), server_default="0", nullable=False)
    )
    _check("campaigns", "grace_is_not_negative", "grace_days >= 0")
    for name in ("added_by", "added_because", "left_by", "left_because"):
        op.add_column("campaign_members", sa.Column(name, sa.Text(), nullable=True))
    _check(
        "campaign_members",
        "who_leaves_is_let_go_by_an_officer",
        "(left_on IS NULL) = (left_by IS NULL) AND (left_by IS NULL) = (left_because IS NULL)",
    )
    _check(
        "campaign_members",
        "who_joins_is_added_with_a_reason",
        "(added_by IS NULL) = (added_because IS NULL)",
    )
    _extensions()
    _neutrality_windows()
    for table, rights in (
        ("extensions", "SELECT, INSERT"),
        ("neutrality_windows", "SELECT, INSERT, UPDATE"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _replace(table: str, name: str, column: str, values: tuple[str, ...]) -> None:
    """Give a closed set more values."""
    allowed = ", ".join(f"'{value}'" for value in values)
    op.execute(f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT {name}")
    _check(table, name, f"{column} IN ({allowed})")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )


def _extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "btrim(officer) <> '' AND btrim(reason) <> ''",
            name="extensions_name_an_officer_and_a_reason",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id", "employee_id"],
            [
                "campaign_members.tenant_id",
                "campaign_members.campaign_id",
                "campaign_members.employee_id",
            ],
            name="fk_extensions_tenant_id_campaign_id_employee_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_extensions_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_extensions"),
    )
    op.create_index(
        "ix_extensions_member",
        "extensions",
        ["tenant_id", "campaign_id", "employee_id"],
        unique=False,
    )


def _neutrality_windows() -> None:
    op.create_table(
        "neutrality_windows",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.CheckConstraint("starts_on <= ends_on", name="neutrality_windows_end_after_they_start"),
        sa.CheckConstraint(
            "btrim(legal_basis) <> '' AND btrim(document_number) <> ''",
            name="neutrality_windows_have_a_legal_basis",
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"
            " AND (withdrawn_at IS NULL) = (withdrawn_because IS NULL)",
            name="withdrawals_name_an_officer_and_a_reason",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_neutrality_windows_tenant_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_neutrality_windows"),
    )
