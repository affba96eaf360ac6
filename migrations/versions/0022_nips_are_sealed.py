"""NIPs are stored sealed, and found by a keyed hash; those that were stored as they are, too."""

import base64
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from app.core.crypto import Place, RegistryKeys, registry_keys_of
from app.employees.sealing import sealed_nip
from app.settings import get_settings
from migrations.keys import RegistryKeysNeeded

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BATCH = 5_000
DROPPED_FROM = {
    "employee_nips": "pk_employee_nips",
    "employee_nips_past": "employee_nips_past_pkey",
}
CHANGED_IN = ("idempotency_records", "import_rows")
OTHERS = ("idempotency_records", "import_rows", "imports")
KNOWN = "(SELECT current_setting(''simedsos.known_at'')::timestamptz)"
VALID = (
    "(SELECT COALESCE(nullif(current_setting(''simedsos.valid_at'', true), ''''), ''infinity'')"
    "::timestamptz)"
)
RECORDED = f"LEAST({KNOWN}, {VALID})"
# Sealing a NIP anew changes nothing that anybody is told.
QUIET = "'key_id', 'known_from', 'sealed', 'updated_at', 'version'"
TABLES = ("employee_nips", "employee_nips_past")
# A preview may wait for days; its rows hold the NIP as their first value.
# Answers that are kept for repeated requests may hold NIPs.
ANSWERS = """
SELECT tenant_id, caller_id, key, body, request_digest FROM idempotency_records
WHERE body IS NOT NULL AND key_id IS NULL LIMIT 5000
"""
# A digest of one short row can be searched for the NIP in it, unless the digest is keyed.
FILES = "SELECT tenant_id, id, digest FROM imports WHERE kind <> 'work_units'"
STAGED = """
SELECT row.tenant_id, row.import_id, row.line, row.fields[1] AS nip, made.kind
FROM import_rows AS row
JOIN imports AS made ON made.tenant_id = row.tenant_id AND made.id = row.import_id
WHERE made.kind IN ('employees', 'accounts') AND length(row.fields[1]) = 18
LIMIT 5000
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    _may("ban-drop-view", "DROP VIEW as_known.employee_nips")
    op.execute("DROP TRIGGER known_anew ON employee_nips")
    for table in TABLES:
        # The owner of the tables is no tenant, and the walls would hide every row from it.
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        for column, kind in (("nip_hash", "bytea"), ("key_id", "text"), ("sealed", "bytea")):
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    op.add_column("idempotency_records", sa.Column("key_id", sa.Text(), nullable=True))
    for table in OTHERS:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    if not context.is_offline_mode():
        # What is rewritten here was known as it is: no trigger may keep the former rows.
        op.execute("ALTER TABLE employee_nips DISABLE TRIGGER USER")
        _hide(op.get_bind())
        op.execute("ALTER TABLE employee_nips ENABLE TRIGGER USER")
    _forget_plain_nips()
    for table, key in DROPPED_FROM.items():
        # A dropped column stays in the files until its rows are written anew.
        op.execute(f"CLUSTER {table} USING {key}")
        op.execute(f"ALTER TABLE {table} SET WITHOUT CLUSTER")
    for table in CHANGED_IN:
        # So do former versions of rows, which CLUSTER would copy; TRUNCATE begins a new file.
        op.execute(f"CREATE TEMP TABLE kept ON COMMIT DROP AS TABLE {table}")
        _may("ban-truncate-cascade", f"TRUNCATE {table}")
        op.execute(f"INSERT INTO {table} SELECT * FROM kept")
        _may("ban-drop-table", "DROP TABLE kept")
    for table in (*TABLES, *OTHERS):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"SELECT as_known.remember('employee_nips', ARRAY[{QUIET}])")
    op.execute(f"SELECT as_known.show('employee_nips', '{RECORDED}', 'true', '')")
    op.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA as_known FROM PUBLIC")


def _hide(connection: sa.Connection) -> None:
    keys = context.config.attributes.get("registry") or registry_keys_of(get_settings())
    _hide_nips(connection, keys)
    # Without keys there is no NIP, and no answer and no file that holds one.
    if keys is not None:
        _hide_answers(connection, keys)
        _key_files(connection, keys)


def _hide_nips(connection: sa.Connection, keys: RegistryKeys | None) -> None:
    for table in TABLES:
        while rows := connection.execute(sa.text(_open_rows(table))).mappings().all():
            hidden = [_hidden(_needed(keys), row) for row in rows]
            connection.execute(sa.text(_hide_row(table)), hidden)
    while rows := connection.execute(sa.text(STAGED)).mappings().all():
        for row in rows:
            _hide_staged(connection, _needed(keys), row)


def _needed(keys: RegistryKeys | None) -> RegistryKeys:
    if keys is None:
        raise RegistryKeysNeeded
    return keys


def _hide_answers(connection: sa.Connection, keys: RegistryKeys) -> None:
    while rows := connection.execute(sa.text(ANSWERS)).mappings().all():
        for row in rows:
            _hide_answer(connection, keys, row)


def _key_files(connection: sa.Connection, keys: RegistryKeys) -> None:
    keyed = "UPDATE imports SET digest = :digest WHERE tenant_id = :tenant_id AND id = :id"
    for row in connection.execute(sa.text(FILES)).mappings().all():
        connection.execute(sa.text(keyed), {**row, "digest": keys.keyed(row["digest"])})


def _open_rows(table: str) -> str:
    past = ", known_to" if table.endswith("_past") else ""
    return f"SELECT tenant_id, id, nip{past} FROM {table} WHERE nip_hash IS NULL LIMIT {BATCH}"


def _hide_row(table: str) -> str:
    past = " AND known_to = :known_to" if table.endswith("_past") else ""
    return (
        f"UPDATE {table} SET nip_hash = :nip_hash, key_id = :key_id, sealed = :sealed"
        f" WHERE tenant_id = :tenant_id AND id = :id{past}"
    )


def _hidden(keys: RegistryKeys, row: sa.RowMapping) -> dict[str, Any]:
    return {**row, **sealed_nip(keys, row["tenant_id"], row["nip"])}


def _hide_staged(connection: sa.Connection, keys: RegistryKeys, row: sa.RowMapping) -> None:
    hidden = sealed_nip(keys, row["tenant_id"], row["nip"])
    cell = f"{hidden['key_id']}:{base64.b64encode(hidden['sealed']).decode()}"
    appended = " || ARRAY[CAST(:cell AS text)]" if row["kind"] == "employees" else ""
    connection.execute(
        sa.text(
            f"UPDATE import_rows SET fields = (ARRAY[CAST(:hash AS text)] || fields[2:]){appended}"
            " WHERE tenant_id = :tenant_id AND import_id = :import_id AND line = :line"
        ),
        {**row, "hash": hidden["nip_hash"].hex(), "cell": cell},
    )


def _hide_answer(connection: sa.Connection, keys: RegistryKeys, row: sa.RowMapping) -> None:
    place = Place(row["tenant_id"], row["caller_id"], f"idempotency_records.body:{row['key']}")
    connection.execute(
        sa.text(
            "UPDATE idempotency_records SET body = :body, key_id = :key_id,"
            " request_digest = :request_digest"
            " WHERE tenant_id = :tenant_id AND caller_id = :caller_id AND key = :key"
        ),
        {
            **row,
            "body": keys.ring.seal(row["body"].decode(), place),
            "key_id": keys.ring.current,
            "request_digest": keys.keyed(row["request_digest"]),
        },
    )


def _forget_plain_nips() -> None:
    _may("ban-drop-column", "ALTER TABLE employee_nips_past DROP COLUMN nip")
    # The index and the check over the column go with it.
    _may("ban-drop-column", "ALTER TABLE employee_nips DROP COLUMN nip")
    for column in ("nip_hash", "key_id", "sealed"):
        for table in TABLES:
            _may(
                "adding-not-nullable-field",
                f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL",
            )
    _may(
        "constraint-missing-not-valid",
        "ALTER TABLE employee_nips ADD CONSTRAINT nips_are_hashed CHECK (length(nip_hash) = 32)",
    )
    _may(
        "require-concurrent-index-creation",
        "CREATE UNIQUE INDEX one_live_employee_per_nip ON employee_nips (tenant_id, nip_hash)"
        " WHERE valid_to IS NULL",
    )


def _may(rule: str, statement: str) -> None:
    """A statement that a rule warns of; nobody else uses the table during this release's upgrade."""
    op.execute(f"-- squawk-ignore {rule}\n{statement}")
