"""What identity providers call employees and work units, when they provision them by SCIM."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
GRANTS = {
    "scim_users": "SELECT, INSERT, UPDATE, DELETE",
    "scim_groups": "SELECT, INSERT, UPDATE",
}
# Whom an erasure names has no names at a provider either. It acts with the rights of who erases.
FORGET = """
CREATE FUNCTION forget_scim_user() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM scim_users
    WHERE tenant_id = NEW.tenant_id AND employee_id = NEW.employee_id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _users()
    _groups()
    for table, rights in GRANTS.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)
    op.execute(FORGET)
    op.execute("REVOKE EXECUTE ON FUNCTION forget_scim_user() FROM PUBLIC")
    op.execute("""
        CREATE TRIGGER forgets_scim_user AFTER INSERT ON erasures
        FOR EACH ROW EXECUTE FUNCTION forget_scim_user()
    """)


def _users() -> None:
    op.create_table(
        "scim_users",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("user_name_hash", sa.LargeBinary(), nullable=True),
        sa.Column("user_name", sa.LargeBinary(), nullable=True),
        sa.Column("external_id_hash", sa.LargeBinary(), nullable=True),
        sa.Column("external_id", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(user_name IS NULL) = (user_name_hash IS NULL)", name="scim_user_names_are_hashed"
        ),
        sa.CheckConstraint(
            "(external_id IS NULL) = (external_id_hash IS NULL)", name="scim_ids_are_hashed"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_scim_users_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name="fk_scim_users_tenant_id_employee_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "employee_id", name="pk_scim_users"),
    )
    for name, column in (
        ("one_scim_user_per_name", "user_name_hash"),
        ("one_scim_user_per_external_id", "external_id_hash"),
    ):
        op.create_index(name, "scim_users", ["tenant_id", column], unique=True)
    op.create_index("ix_scim_users_key", "scim_users", ["tenant_id", "key_id"])


def _groups() -> None:
    op.create_table(
        "scim_groups",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_scim_groups_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "unit_id"],
            ["work_units.tenant_id", "work_units.id"],
            name="fk_scim_groups_tenant_id_unit_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "unit_id", name="pk_scim_groups"),
    )
    op.create_index(
        "one_scim_group_per_external_id", "scim_groups", ["tenant_id", "external_id"], unique=True
    )
