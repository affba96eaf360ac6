"""Campaigns whose time is over: their numbers stay, and who stood behind them is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
OF_CAMPAIGN = "tenant_id = tenant AND campaign_id = campaign"
TOUCHED = (
    "campaign_archives", "reminders", "report_people", "reports", "verdict_count_marks",
    "verdict_tallies", "verdicts", "verdicts_past",
)  # fmt: skip
# The numbers are those of the last count: a mark would have them counted anew, from nothing.
FORGET = f"""
CREATE FUNCTION forget_campaign(tenant uuid, campaign uuid) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF tenant IS DISTINCT FROM {TENANT} OR NOT EXISTS (
        SELECT 1 FROM campaign_archives WHERE {OF_CAMPAIGN}) THEN
        RAISE EXCEPTION 'this campaign is not archived'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    DELETE FROM reminders WHERE {OF_CAMPAIGN};
    DELETE FROM report_people WHERE tenant_id = tenant AND report_id IN (
        SELECT id FROM reports WHERE {OF_CAMPAIGN});
    DELETE FROM verdict_tallies WHERE {OF_CAMPAIGN};
    DELETE FROM verdicts WHERE {OF_CAMPAIGN};
    DELETE FROM verdicts_past WHERE {OF_CAMPAIGN};
    DELETE FROM verdict_count_marks WHERE {OF_CAMPAIGN};
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "campaign_archives",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_campaign_archives_tenant_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaigns.tenant_id", "campaigns.id"],
            name="fk_campaign_archives_tenant_id_campaign_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "campaign_id", name="pk_campaign_archives"),
    )
    op.execute("ALTER TABLE campaign_archives ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE campaign_archives FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT ON campaign_archives TO simedsos_app")
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON campaign_archives TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
    for table in TOUCHED:
        op.execute(f"""
            CREATE POLICY forgotten_by_function ON {table} TO CURRENT_USER
            USING (tenant_id = {TENANT})
        """)
    op.execute(FORGET)
    op.execute("REVOKE EXECUTE ON FUNCTION forget_campaign(uuid, uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION forget_campaign(uuid, uuid) TO simedsos_app")
