"""Finding what has been committed since a moment in the change log."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Built beside running requests, which a plain build would keep from writing.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_changes_transaction",
            "changes",
            ["tenant_id", "transaction"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
    op.execute("SET LOCAL lock_timeout = '5s'")
    # Whether anything has changed is coordination: ids and kinds, and not what they say.
    op.execute(
        'GRANT SELECT (tenant_id, sequence, "transaction", kind, subject_id) ON changes TO simedsos_system'
    )
    op.execute("CREATE POLICY coordination ON changes TO simedsos_system USING (true)")
