"""What employees show themselves, evidence in disputes, earlier stays of members, unread headings."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
SHOWN = "('self_export', 'screenshot')"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _self_evidence()
    _facts()
    _answers()
    _stays()
    op.add_column(
        "disputes",
        sa.Column(
            "evidence_ids",
            sa.ARRAY(sa.Uuid()),
            server_default="{}",
            nullable=False,
        ),
    )
    op.add_column(
        "imports",
        sa.Column("ignored_columns", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    for table in ("self_evidence", "self_evidence_facts", "campaign_stays"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{table}_tenant_id")


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
    )


def _self_evidence() -> None:
    op.create_table(
        "self_evidence",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "self_export",
                "screenshot",
                "self_declared",
                name="self_evidence_source_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(digest IS NULL) = (official_account_id IS NOT NULL)"
            " AND (source <> 'self_export' OR digest IS NOT NULL)"
            " AND (source <> 'self_declared' OR digest IS NULL)",
            name="self_evidence_is_a_file_or_names_an_official_account",
        ),
        sa.CheckConstraint(
            "source <> 'screenshot' OR btrim(COALESCE(officer, '')) <> ''",
            name="an_officer_has_reviewed_a_screenshot",
        ),
        sa.CheckConstraint(
            "taken_at <= recorded_at", name="self_evidence_is_recorded_after_it_was_made"
        ),
        _reference("self_evidence", "account_id", "accounts"),
        _reference("self_evidence", "official_account_id", "official_accounts"),
        _tenant("self_evidence"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_self_evidence"),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "source", "digest", name="a_file_is_shown_once"
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "account_id",
            "source",
            "official_account_id",
            "taken_at",
            name="a_look_is_shown_once",
        ),
    )


def _facts() -> None:
    op.create_table(
        "self_evidence_facts",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        _reference("self_evidence_facts", "evidence_id", "self_evidence"),
        _reference("self_evidence_facts", "official_account_id", "official_accounts"),
        _reference("self_evidence_facts", "answer_id", "pair_answers"),
        _tenant("self_evidence_facts"),
        sa.PrimaryKeyConstraint(
            "tenant_id", "evidence_id", "official_account_id", name="pk_self_evidence_facts"
        ),
        sa.UniqueConstraint("tenant_id", "answer_id", name="an_answer_is_one_fact"),
    )


def _answers() -> None:
    op.add_column("pair_answers", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    # Only what an employee shows has no slot; the release before gives every answer one.
    op.execute(
        "-- squawk-ignore ban-drop-not-null\nALTER TABLE pair_answers ALTER COLUMN slot DROP NOT NULL"
    )
    _check(
        "pair_answers", "only_platforms_answer_in_slots", f"(slot IS NULL) = (source IN {SHOWN})"
    )
    _check("pair_answers", "what_is_shown_is_never_a_no", "slot IS NOT NULL OR answer = 'follows'")


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )


def _stays() -> None:
    member = ["tenant_id", "campaign_id", "employee_id"]
    op.create_table(
        "campaign_stays",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=True),
        sa.Column("added_because", sa.Text(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("left_by", sa.Text(), nullable=False),
        sa.Column("left_because", sa.Text(), nullable=False),
        sa.CheckConstraint("joined_on <= left_on", name="stays_end_after_they_begin"),
        sa.ForeignKeyConstraint(
            member,
            [f"campaign_members.{name}" for name in member],
            name="fk_campaign_stays_tenant_id_campaign_id_employee_id",
        ),
        _tenant("campaign_stays"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_campaign_stays"),
    )
    op.create_index("ix_campaign_stays_member", "campaign_stays", member, unique=False)
