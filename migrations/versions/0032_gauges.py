"""The figures of each government as a worker last read them, for Prometheus."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "tenant_gauges",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_tenant_gauges_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenant_gauges"),
    )
    op.execute("ALTER TABLE tenant_gauges ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE tenant_gauges FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON tenant_gauges TO simedsos_app")
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON tenant_gauges TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
    # Sums, and ids of campaigns and official accounts: of nobody is anything told.
    op.execute("GRANT SELECT ON tenant_gauges TO simedsos_system")
    op.execute("CREATE POLICY coordination ON tenant_gauges TO simedsos_system USING (true)")
