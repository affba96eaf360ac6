"""Anybody may ask whose official account an account is, across all governments."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# Nothing but what a government publishes anyway.
COLUMNS = (
    "tenant_id, platform, handle, platform_id, name, active, office_term_start, office_term_end"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"GRANT SELECT ({COLUMNS}) ON official_accounts TO simedsos_system")
    op.execute("""
        CREATE POLICY looked_up_by_anybody ON official_accounts FOR SELECT TO simedsos_system
        USING (active)
    """)
    for column in ("handle", "platform_id"):
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX ix_official_accounts_{column} ON official_accounts (platform, {column})"
        )
