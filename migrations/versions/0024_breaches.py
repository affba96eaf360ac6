"""Breaches of personal data, with their window and by whose keys or sessions they came about."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
WHOLE = "(closed_at IS NULL) = (conclusion IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "breaches",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("principals", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("begins < ends", name="breaches_end_after_they_begin"),
        sa.CheckConstraint(WHOLE, name="closures_are_whole"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_breaches_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_breaches"),
    )
    op.execute("ALTER TABLE breaches ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE breaches FORCE ROW LEVEL SECURITY")
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (conclusion, closed_by, closed_at) ON breaches"
        " TO simedsos_app"
    )
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON breaches TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
