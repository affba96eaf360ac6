"""Erasing a person who has left, in every table and its past, while an id stays for the numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
GONE = "'(dihapus)'"
OF_PERSON = "tenant_id = tenant AND employee_id = person"
OWN_ACCOUNTS = "SELECT id FROM accounts WHERE tenant_id = tenant AND employee_id = person"
OF_ACCOUNTS = f"tenant_id = tenant AND account_id IN ({OWN_ACCOUNTS})"
USERS = f"SELECT id FROM users WHERE {OF_PERSON}"
NOTICES = f"SELECT id FROM notices WHERE {OF_PERSON}"
DISPUTES = f"SELECT id FROM disputes WHERE {OF_PERSON}"
PSEUDONYM = "'dihapus-' || right(CAST(id AS text), 12)"
ROSTER = f"""added_because = CASE WHEN added_because IS NOT NULL THEN {GONE} END,
    left_because = CASE WHEN left_because IS NOT NULL THEN {GONE} END"""
# What names a person goes; what only counts them stays. The order minds the references.
STATEMENTS = (
    f"DELETE FROM web_sessions WHERE tenant_id = tenant AND user_id IN ({USERS})",
    f"DELETE FROM users WHERE {OF_PERSON} AND role = 'employee'",
    f"UPDATE users SET employee_id = NULL, has_own_side = false WHERE {OF_PERSON}",
    f"DELETE FROM connection_attempts WHERE {OF_ACCOUNTS}",
    f"DELETE FROM connections WHERE {OF_ACCOUNTS}",
    f"DELETE FROM account_handles WHERE {OF_ACCOUNTS}",
    f"UPDATE self_evidence SET remark = NULL WHERE {OF_ACCOUNTS}",
    "DELETE FROM idempotency_records WHERE tenant_id = tenant AND told_of @> ARRAY[person]",
    f"DELETE FROM employee_contacts WHERE {OF_PERSON}",
    f"DELETE FROM employee_nips WHERE {OF_PERSON}",
    f"UPDATE disputes SET text = {GONE} WHERE {OF_PERSON}",
    (
        f"UPDATE dispute_decisions SET reason = {GONE}"
        f" WHERE tenant_id = tenant AND dispute_id IN ({DISPUTES})"
    ),
    (
        f"UPDATE notice_extensions SET reason = {GONE}"
        f" WHERE tenant_id = tenant AND notice_id IN ({NOTICES})"
    ),
    f"UPDATE findings SET reason = {GONE} WHERE tenant_id = tenant AND notice_id IN ({NOTICES})",
    f"UPDATE excuses SET reason = {GONE}, document_number = {GONE} WHERE {OF_PERSON}",
    f"UPDATE extensions SET reason = {GONE} WHERE {OF_PERSON}",
    f"UPDATE campaign_members SET {ROSTER} WHERE {OF_PERSON}",
    f"UPDATE campaign_stays SET {ROSTER} WHERE {OF_PERSON}",
    (
        f"UPDATE subject_requests SET text = {GONE},"
        f" reason = CASE WHEN reason IS NOT NULL THEN {GONE} END WHERE {OF_PERSON}"
    ),
    (
        f"UPDATE accounts SET handle = {PSEUDONYM}, platform_id = NULL, state = 'retired',"
        f" retired_at = COALESCE(retired_at, public.present_moment()) WHERE {OF_PERSON}"
    ),
    f"UPDATE employees SET name = {GONE}, position = NULL WHERE tenant_id = tenant AND id = person",
    # The past comes last: what stands above has just become a part of it.
    f"DELETE FROM employee_nips_past WHERE {OF_PERSON}",
    f"UPDATE accounts_past SET handle = {PSEUDONYM}, platform_id = NULL WHERE {OF_PERSON}",
    f"UPDATE excuses_past SET reason = {GONE}, document_number = {GONE} WHERE {OF_PERSON}",
    f"UPDATE campaign_members_past SET {ROSTER} WHERE {OF_PERSON}",
    (
        f"UPDATE employees_past SET name = {GONE}, position = NULL"
        " WHERE tenant_id = tenant AND id = person"
    ),
)
TOUCHED = (
    "account_handles", "accounts", "accounts_past", "campaign_members", "campaign_members_past",
    "campaign_stays", "connection_attempts", "connections", "dispute_decisions", "disputes",
    "employee_contacts", "employee_nips", "employee_nips_past", "employees", "employees_past",
    "erasures", "excuses", "excuses_past", "extensions", "findings", "idempotency_records",
    "notice_extensions", "notices", "self_evidence", "subject_requests", "users", "web_sessions",
)  # fmt: skip
BODY = ";\n    ".join(STATEMENTS)
# The app may not change what people have said; this function may, for whom an erasure names.
ERASE = f"""
CREATE FUNCTION erase_person(tenant uuid, person uuid) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF tenant IS DISTINCT FROM {TENANT} OR NOT EXISTS (
        SELECT 1 FROM erasures WHERE tenant_id = tenant AND employee_id = person) THEN
        RAISE EXCEPTION 'no erasure of this person was decided'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    {BODY};
    -- A wall in the function's way would hide every row from it, and nothing would be erased.
    IF NOT EXISTS (SELECT 1 FROM employees WHERE tenant_id = tenant AND id = person
                   AND name = {GONE}) THEN
        RAISE EXCEPTION 'the erasing function does not see the rows that it is to erase';
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "erasures",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_reference", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_erasures_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "employee_id"],
            ["employees.tenant_id", "employees.id"],
            name="fk_erasures_tenant_id_employee_id",
        ),
        sa.PrimaryKeyConstraint("tenant_id", "employee_id", name="pk_erasures"),
    )
    op.execute("ALTER TABLE erasures ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE erasures FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT ON erasures TO simedsos_app")
    op.execute(f"""
        CREATE POLICY inside_the_tenant ON erasures TO simedsos_app
        USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
    """)
    for table in TOUCHED:
        op.execute(f"""
            CREATE POLICY erased_by_function ON {table} TO CURRENT_USER
            USING (tenant_id = {TENANT})
        """)
    op.execute(ERASE)
    op.execute("REVOKE EXECUTE ON FUNCTION erase_person(uuid, uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION erase_person(uuid, uuid) TO simedsos_app")
