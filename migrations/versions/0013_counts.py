"""Counts of verdicts that are kept, and the marks that say which of them are outdated."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
TABLES = ("verdict_counts", "verdict_people", "verdict_tallies", "verdict_count_marks")
NUMBERS = ("eligible", "met", "unmet", "unknown", "excused", "disputed")

# So many marks cost more than counting everything.
MARK_VERDICTS = """
CREATE FUNCTION mark_counts_of_verdicts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) > 500 FROM (SELECT 1 FROM touched LIMIT 501) AS first) THEN
        INSERT INTO verdict_count_marks (tenant_id, campaign_id)
        SELECT DISTINCT tenant_id, campaign_id FROM touched;
    ELSE
        INSERT INTO verdict_count_marks (tenant_id, campaign_id, employee_id)
        SELECT DISTINCT tenant_id, campaign_id, employee_id FROM touched;
    END IF;
    RETURN NULL;
END $$
"""

# The lock makes a move and a recount wait for each other: a recount that has not seen the move is
# seen here, and one that begins later sees it. Moves themselves do not wait for each other.
MARK_EMPLOYEES = """
CREATE FUNCTION mark_counts_of_moved_employees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant uuid;
    units uuid[];
BEGIN
    FOR tenant, units IN
        SELECT moved.tenant_id, array_agg(DISTINCT place.unit_id)
        FROM moved
        JOIN touched ON touched.tenant_id = moved.tenant_id AND touched.id = moved.id
        CROSS JOIN LATERAL (VALUES (moved.unit_id), (touched.unit_id)) AS place (unit_id)
        WHERE (moved.unit_id, moved.category) IS DISTINCT FROM (touched.unit_id, touched.category)
        GROUP BY moved.tenant_id
    LOOP
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('counts:' || tenant, 0));
        INSERT INTO verdict_count_marks (tenant_id, campaign_id, unit_id)
        SELECT DISTINCT tally.tenant_id, tally.campaign_id,
               CASE WHEN cardinality(units) <= 100 THEN unit END
        FROM verdict_tallies AS tally CROSS JOIN unnest(units) AS unit
        WHERE tally.tenant_id = tenant;
    END LOOP;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _counts()
    _people()
    _tallies()
    _marks()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)
    op.execute(MARK_VERDICTS)
    op.execute(MARK_EMPLOYEES)
    for event, rows in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(f"""
            CREATE TRIGGER mark_counts_after_{event.lower()} AFTER {event} ON verdicts
            REFERENCING {rows} TABLE AS touched
            FOR EACH STATEMENT EXECUTE FUNCTION mark_counts_of_verdicts()
        """)
    op.execute("""
        CREATE TRIGGER mark_counts_after_move AFTER UPDATE ON employees
        REFERENCING OLD TABLE AS moved NEW TABLE AS touched
        FOR EACH STATEMENT EXECUTE FUNCTION mark_counts_of_moved_employees()
    """)


def _counts() -> None:
    op.create_table(
        "verdict_counts",
        _id("tenant_id"),
        _id("id"),
        _id("campaign_id"),
        sa.Column("duty_kind", sa.Text(), nullable=False),
        sa.Column("official_account_id", sa.Uuid(), nullable=True),
        _id("unit_id"),
        sa.Column("category", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in NUMBERS),
        sa.Column("reasons", sa.dialects.postgresql.JSONB(), nullable=False),
        _tenant("verdict_counts"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_verdict_counts"),
    )
    op.create_index(
        "one_count_per_unit_category_duty_and_account",
        "verdict_counts",
        ["tenant_id", "campaign_id", "official_account_id", "duty_kind", "unit_id", "category"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        "ix_verdict_counts_unit", "verdict_counts", ["tenant_id", "campaign_id", "unit_id"]
    )


def _people() -> None:
    op.create_table(
        "verdict_people",
        _id("tenant_id"),
        _id("campaign_id"),
        _id("unit_id"),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("duty_kind", sa.Text(), nullable=False),
        sa.Column("official_account_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        _tenant("verdict_people"),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "campaign_id",
            "unit_id",
            "category",
            "duty_kind",
            "official_account_ids",
            name="pk_verdict_people",
        ),
    )


def _tallies() -> None:
    op.create_table(
        "verdict_tallies",
        _id("tenant_id"),
        _id("campaign_id"),
        _tenant("verdict_tallies"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name="fk_verdict_tallies_tenant_id_campaign_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "campaign_id", name="pk_verdict_tallies"),
    )


def _marks() -> None:
    op.create_table(
        "verdict_count_marks",
        _id("tenant_id"),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        _id("campaign_id"),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("employee_id", sa.Uuid(), nullable=True),
        _tenant("verdict_count_marks"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_verdict_count_marks"),
    )
    op.create_index(
        "ix_verdict_count_marks_campaign", "verdict_count_marks", ["tenant_id", "campaign_id"]
    )


def _id(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=False)


def _tenant(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=f"fk_{table}_tenant_id")
