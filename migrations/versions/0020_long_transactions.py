"""What a long transaction writes is known from its end, and not from its beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
KNOWN = "(SELECT current_setting(''simedsos.known_at'')::timestamptz)"
VALID = (
    "(SELECT COALESCE(nullif(current_setting(''simedsos.valid_at'', true), ''''), ''infinity'')"
    "::timestamptz)"
)
RECORDED = f"LEAST({KNOWN}, {VALID})"
WITHDRAWN = f"CASE WHEN withdrawn_at <= {VALID} THEN withdrawn_at END"
# Each table that answers read, as the past shows it; those without a moment of their own facts are
# as they were recorded.
DATED = {
    "account_checks": (f"checked_at <= {VALID}", ""),
    "count_snapshots": ("true", ""),
    "dispute_decisions": ("true", ""),
    "disputes": ("true", ""),
    "excuses": ("true", WITHDRAWN),
    "follower_lists": (f"taken_at <= {VALID}", ""),
    "follows": ("true", ""),
    "neutrality_windows": (f"declared_at <= {VALID}", WITHDRAWN),
    "pair_answers": (f"asked_at <= {VALID}", ""),
    "verdict_clearances": ("true", ""),
    "verdicts": ("true", ""),
}
RECORDED_ONLY = (
    "accounts", "campaign_members", "campaign_official_accounts", "campaigns", "duties",
    "employee_nips", "employees", "extensions", "official_accounts", "work_units",
)  # fmt: skip
# An array that is read once, and not for each row.
UNFINISHED = (
    "ARRAY(SELECT unnest(COALESCE(nullif(current_setting(''simedsos.unfinished'', true), ''''),"
    " ''{}'')::timestamptz[]))"
)
SHOW = f"""
CREATE OR REPLACE FUNCTION as_known.show(name text, moment text, holds text, withdrawn text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    live regclass := format('public.%I', name);
    past regclass := to_regclass(format('public.%I', name || '_past'));
    unfinished text := '{UNFINISHED}';
    columns text := (
        SELECT string_agg(CASE WHEN withdrawn <> '' AND attname = 'withdrawn_at'
                               THEN withdrawn || ' AS withdrawn_at' ELSE format('%I', attname) END,
                          ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = live AND attnum > 0 AND NOT attisdropped);
    shown text := format('SELECT %s FROM %s WHERE known_from <= %s AND known_from <> ALL (%s)'
                         ' AND %s', columns, live, moment, unfinished, holds);
BEGIN
    -- What an unfinished transaction was about to end had not ended yet.
    IF past IS NOT NULL THEN
        shown := shown || format(' UNION ALL SELECT %s FROM %s WHERE known_from <= %s'
                                 ' AND known_from <> ALL (%s)'
                                 ' AND (known_to > %s OR known_to = ANY (%s)) AND %s',
                                 columns, past, moment, unfinished, moment, unfinished, holds);
    END IF;
    EXECUTE format('CREATE OR REPLACE VIEW as_known.%I WITH (security_invoker = true) AS %s',
                   name, shown);
    EXECUTE format('GRANT SELECT ON as_known.%I TO simedsos_app', name);
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "long_transactions",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("began_at < ended_at", name="transactions_end_after_they_begin"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_long_transactions_tenant_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "began_at", "ended_at", name="pk_long_transactions"),
    )
    op.execute("ALTER TABLE long_transactions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE long_transactions FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT ON long_transactions TO simedsos_app")
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON long_transactions TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
    op.execute(SHOW)
    for table in RECORDED_ONLY:
        op.execute(f"SELECT as_known.show('{table}', '{RECORDED}', 'true', '')")
    for table, (holds, withdrawn) in DATED.items():
        op.execute(f"SELECT as_known.show('{table}', '{KNOWN}', '{holds}', '{withdrawn}')")
