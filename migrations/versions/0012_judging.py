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
    # The unique index lists the verdicts of a campaign in order of the employee, and each index more
    # costs a first evaluation seconds.
    for name in ("ix_verdicts_employee", "ix_verdicts_worklist"):
        op.execute(f"-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX {name}")
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_verdicts_worklist ON verdicts (tenant_id, campaign_id, employee_id)"
        " WHERE verdict = 'unmet'"
    )
    # A new list changes the evidence of some verdicts of each page, and no indexed column of it.
    op.execute("ALTER TABLE verdicts SET (fillfactor = 80)")
    # The latest answer is found without sorting: the id, which breaks ties, ends the index.
    op.execute(
        "-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_pair_answers_latest"
    )
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_pair_answers_latest ON pair_answers"
        " (tenant_id, official_account_id, account_id, answer, asked_at, id)"
    )
