"""Requests of people about their own data, answered within 3 x 24 hours."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
RIGHTS = ("access", "correction", "erasure", "objection", "portability", "restriction")
ANSWERED = (
    "(outcome IS NULL) = (answered_at IS NULL) AND (outcome IS NULL) = (reason IS NULL)"
    " AND (outcome IS NULL) = (answered_by IS NULL)"
)


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "subject_requests",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _one_of("right_is_known", *RIGHTS), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", _one_of("outcome_is_known", "granted", "refused"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("legal_reference", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint(ANSWERED, name="answers_are_whole"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_subject_requests_tenant_id"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name="fk_subject_requests_tenant_id_employee_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_subject_requests"),
    )
    op.create_index(
        "ix_subject_requests_employee", "subject_requests", ["tenant_id", "employee_id"]
    )
    op.create_index(
        "ix_subject_requests_open",
        "subject_requests",
        ["tenant_id", "due_at"],
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.execute("ALTER TABLE subject_requests ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE subject_requests FORCE ROW LEVEL SECURITY")
    # What was asked stays as it was asked.
    op.execute(
        "GRANT SELECT, INSERT,"
        " UPDATE (outcome, reason, legal_reference, answered_by, answered_at)"
        " ON subject_requests TO simedsos_app"
    )
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON subject_requests TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
