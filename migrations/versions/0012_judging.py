"""Verdicts are written as sets: no look-ups row by row, and room on each page for the next word."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REDUNDANT = (
    "fk_verdicts_tenant_id",
    "fk_verdicts_tenant_id_campaign_id_employee_id",
    "fk_verdicts_tenant_id_duty_id",
    "fk_verdicts_tenant_id_official_account_id",
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in REDUNDANT:
        op.execute(
            f"-- squawk-ignore ban-drop-constraint\nALTER TABLE verdicts DROP CONSTRAINT {name}"
        )
    # One index serves both: led by the employee, it finds a person's verdicts of every campaign.
    op.execute("DROP INDEX one_verdict_per_duty_and_account")
    op.create_index(
        "one_verdict_per_duty_and_account",
        "verdicts",
        ["tenant_id", "employee_id", "campaign_id", "duty_id", "official_account_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute("DROP INDEX ix_verdicts_employee")
    # A new list changes the evidence of nearly every verdict, and no indexed column of it.
    op.execute("ALTER TABLE verdicts SET (fillfactor = 50)")
