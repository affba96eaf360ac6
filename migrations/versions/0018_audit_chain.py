"""The audit chain of each tenant: changes, looks at people and exports, linked by hashes."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import UserDefinedType

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('simedsos.tenant_id', true), '')::uuid)"
# The head only ever moves forward by one entry, which names the end before it.
HEAD_MOVES = """
CREATE FUNCTION audit_head_moves_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tenant_id <> OLD.tenant_id OR NEW.sequence <> OLD.sequence + 1
       OR NEW.previous <> OLD.hash THEN
        RAISE EXCEPTION 'the head of an audit chain moves forward by one entry'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""
# What was changed before there was a chain becomes its first entry.
ADOPT = """
WITH made AS (
    SELECT tenant_id, count(*) AS change_count, min(sequence) AS first_change,
           max(sequence) AS last_change, max(at) AS at,
           sha256(string_agg(sha256(convert_to(CAST(jsonb_build_array(
               change.tenant_id, change.sequence, CAST(change.transaction AS text), change.kind,
               change.subject_id, change.actor,
               CAST(extract(epoch FROM change.at) * 1000000 AS bigint), change.facts
           ) AS text), 'UTF8')), CAST('' AS bytea) ORDER BY sequence)) AS digest
    FROM changes AS change GROUP BY tenant_id
), body AS MATERIALIZED (
    SELECT made.*,
           sha256(convert_to('simedsos:audit:' || CAST(made.tenant_id AS text), 'UTF8')) AS genesis,
           sha256(convert_to(CAST(jsonb_build_array(
               made.tenant_id, 'adopted', CAST(extract(epoch FROM made.at) * 1000000 AS bigint),
               'migration:0018', CAST(NULL AS text), CAST('[]' AS jsonb), CAST(NULL AS uuid),
               CAST(NULL AS text), made.first_change, made.last_change, made.change_count,
               encode(made.digest, 'hex')
           ) AS text), 'UTF8')) AS content
    FROM made
), head AS (
    INSERT INTO audit_heads (tenant_id, sequence, previous, hash)
    SELECT tenant_id, 1, genesis, sha256(genesis || int8send(1) || content) FROM body
    RETURNING tenant_id, sequence, previous, hash
)
INSERT INTO audit_entries (
    tenant_id, sequence, previous, hash, kind, at, actor, employee_ids, first_change, last_change,
    change_count, digest
)
SELECT body.tenant_id, head.sequence, head.previous, head.hash, 'adopted', body.at,
       'migration:0018', '{}', body.first_change, body.last_change, body.change_count, body.digest
FROM head JOIN body ON body.tenant_id = head.tenant_id
"""


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # They run as the owner: behind a trigger of somebody's own temporary table they would write
    # any government's past. A trigger that is there already asks for no such right.
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA as_known FROM PUBLIC")
    op.add_column("idempotency_records", sa.Column("told_of", sa.ARRAY(sa.Uuid()), nullable=True))
    _entries()
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_audit_heads_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_audit_heads"),
    )
    # A change that is being written while earlier ones are adopted would belong to no entry.
    op.execute("LOCK TABLE changes IN SHARE ROW EXCLUSIVE MODE")
    # The owner of the tables is no tenant, and the walls would hide every row from it.
    op.execute("ALTER TABLE changes NO FORCE ROW LEVEL SECURITY")
    op.execute(ADOPT)
    op.execute("ALTER TABLE changes FORCE ROW LEVEL SECURITY")
    op.execute(HEAD_MOVES)
    op.execute(
        "CREATE TRIGGER audit_head_moves_by_one BEFORE UPDATE ON audit_heads"
        " FOR EACH ROW EXECUTE FUNCTION audit_head_moves_by_one()"
    )
    for table, rights in (
        ("audit_entries", "SELECT, INSERT"),
        ("audit_heads", "SELECT, INSERT, UPDATE (sequence, previous, hash)"),
    ):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT {rights} ON {table} TO simedsos_app")
        op.execute(f"""
            CREATE POLICY inside_the_tenant ON {table} TO simedsos_app
            USING (tenant_id = {TENANT}) WITH CHECK (tenant_id = {TENANT})
        """)
    # Anchors of all tenants are taken in one look; a head tells of nobody.
    op.execute("GRANT SELECT ON audit_heads TO simedsos_system")
    op.execute("CREATE POLICY coordination ON audit_heads TO simedsos_system USING (true)")


def _entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "adopted",
                "change",
                "export",
                "read",
                name="audit_entry_kind_is_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("employee_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("transaction", Xid8(), nullable=True),
        sa.Column("first_change", sa.BigInteger(), nullable=True),
        sa.Column("last_change", sa.BigInteger(), nullable=True),
        sa.Column("change_count", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "length(hash) = 32 AND length(previous) = 32", name="audit_entries_are_hashed"
        ),
        sa.CheckConstraint(
            "(kind IN ('adopted', 'change')) = (digest IS NOT NULL)"
            " AND (digest IS NULL) = (operation IS NOT NULL)"
            " AND (digest IS NULL) = (change_count IS NULL)"
            " AND (change_count IS NULL) = (first_change IS NULL)"
            " AND (first_change IS NULL) = (last_change IS NULL)"
            " AND (kind = 'change') = (transaction IS NOT NULL)",
            name="audit_entries_name_a_look_or_changes",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_audit_entries_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_audit_entries"),
        sa.UniqueConstraint("tenant_id", "previous", name="an_entry_has_one_successor"),
    )
    op.create_index(
        "ix_audit_entries_transaction", "audit_entries", ["tenant_id", "transaction"], unique=False
    )
    op.create_index(
        "ix_audit_entries_employees",
        "audit_entries",
        ["employee_ids"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("employee_ids <> '{}'"),
    )
