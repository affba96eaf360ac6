"""Control accounts of lists, and intervals of follows that rest on any kind of evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
KINDS = "('follower_list', 'pair_answer')"
COUNTS = (
    "present_expected", "present_found", "absent_expected", "absent_violations",
    "controls_uncounted",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _controls()
    # The owner of the tables is no tenant, and the walls would hide every row from it.
    op.execute("ALTER TABLE follows NO FORCE ROW LEVEL SECURITY")
    _list_matches()
    _evidence_of_follows()
    op.execute("ALTER TABLE follows FORCE ROW LEVEL SECURITY")
    for table, rights in (
        ("official_account_controls", "SELECT, INSERT, UPDATE, DELETE"),
        ("list_matches", "SELECT, INSERT"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)


def _check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}"
    )


def _controls() -> None:
    op.add_column("official_accounts", sa.Column("opened_at", sa.Date(), nullable=True))
    op.add_column("follower_lists", sa.Column("pages", sa.Integer(), nullable=True))
    for name in COUNTS:
        op.add_column(
            "follower_lists", sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        )
    op.create_table(
        "official_account_controls",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "expected",
            sa.Enum(
                "present",
                "absent",
                name="expectation_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "official_account_id"],
            ["official_accounts.tenant_id", "official_accounts.id"],
            name="fk_official_account_controls_tenant_id_official_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_official_account_controls_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_official_account_controls_tenant_id"
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "official_account_id", "account_id", name="pk_official_account_controls"
        ),
    )


def _list_matches() -> None:
    op.create_table(
        "list_matches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "list_id"],
            ["follower_lists.tenant_id", "follower_lists.id"],
            name="fk_list_matches_tenant_id_list_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_list_matches_tenant_id_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_list_matches_tenant_id"),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "official_account_id",
            "account_id",
            "taken_at",
            "list_id",
            name="pk_list_matches",
        ),
    )
    # Of the lists before this one only the ends of each interval are still known.
    op.execute("""
        INSERT INTO list_matches
            (tenant_id, official_account_id, account_id, taken_at, list_id, began_at)
        SELECT tenant_id, official_account_id, account_id, first_seen_at, first_list_id, began_at
        FROM follows
        UNION
        SELECT tenant_id, official_account_id, account_id, last_seen_at, last_list_id, began_at
        FROM follows
    """)


def _evidence_of_follows() -> None:
    for end in ("first", "last"):
        op.add_column(
            "follows",
            sa.Column(
                f"{end}_kind", sa.String(length=40), server_default="follower_list", nullable=False
            ),
        )
        op.add_column("follows", sa.Column(f"{end}_id", sa.Uuid(), nullable=True))
        # A worker of the release before goes on writing it until it is replaced.
        op.execute(
            "-- squawk-ignore ban-drop-not-null\n"
            f"ALTER TABLE follows ALTER COLUMN {end}_list_id DROP NOT NULL"
        )
        _check("follows", f"{end}_evidence_is_known", f"{end}_kind IN {KINDS}")
    for name in ("first_listed_at", "last_listed_at"):
        op.add_column("follows", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("follows", sa.Column("closed_by_kind", sa.String(length=40), nullable=True))
    op.add_column("follows", sa.Column("closed_by_id", sa.Uuid(), nullable=True))
    op.execute("""
        UPDATE follows SET first_id = first_list_id, last_id = last_list_id,
            first_listed_at = first_seen_at, last_listed_at = last_seen_at,
            closed_by_id = closed_by_list_id,
            closed_by_kind = CASE WHEN closed_at IS NOT NULL THEN 'follower_list' END
    """)
    _check("follows", "closing_evidence_is_known", f"closed_by_kind IN {KINDS}")
    _check(
        "follows",
        "follows_name_their_evidence",
        "COALESCE(first_id, first_list_id) IS NOT NULL"
        " AND COALESCE(last_id, last_list_id) IS NOT NULL",
    )
    op.execute(
        "-- squawk-ignore ban-drop-constraint\n"
        "ALTER TABLE follows DROP CONSTRAINT closed_follows_name_the_list_that_closed_them"
    )
    _check(
        "follows",
        "closed_follows_name_what_closed_them",
        "(closed_at IS NULL) = (COALESCE(closed_by_id, closed_by_list_id) IS NULL)"
        " AND (closed_by_id IS NULL) = (closed_by_kind IS NULL)",
    )
    _check("follows", "follows_close_after_they_were_last_seen", "closed_at > last_seen_at")
