"""Whatever is done to the rows of a trail, verifying it says what, and where."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit.rules import Anchor
from app.changes.models import AuditEntry, AuditHead, Change
from app.identity import service as identity
from tests.audit.trails import as_owner, inspect, kinds, lay, numbers, unguard
from tests.support import NOW

ALTERED_BYTES = "set_byte({0}, 31, get_byte({0}, 31) # 1)"
# What each column is altered to, as little as it can be.
ENTRY = {
    "sequence": "sequence + 1000",
    "previous": ALTERED_BYTES.format("previous"),
    "hash": ALTERED_BYTES.format("hash"),
    "kind": "CASE kind WHEN 'read' THEN 'export' ELSE 'read' END",
    "at": "at + interval '1 microsecond'",
    "actor": "actor || ' '",
    "operation": "COALESCE(operation, '') || '.'",
    "employee_ids": "employee_ids || gen_random_uuid()",
    "subject_id": "gen_random_uuid()",
    "transaction": "CAST('7' AS xid8)",
    "first_change": "COALESCE(first_change, 0) + 1",
    "last_change": "COALESCE(last_change, 0) + 1",
    "change_count": "COALESCE(change_count, 0) + 1",
    "digest": f"COALESCE({ALTERED_BYTES.format('digest')}, '\\x00')",
}
CHANGE = {
    "sequence": "sequence + 1000",
    "transaction": "CAST('7' AS xid8)",
    "kind": "'employee:updated'",
    "subject_id": "gen_random_uuid()",
    "actor": "actor || ' '",
    "at": "at + interval '1 microsecond'",
    "facts": 'facts || \'{"state": "verified"}\'',
}
HEAD = {
    "sequence": "sequence + 1",
    "previous": ALTERED_BYTES.format("previous"),
    "hash": ALTERED_BYTES.format("hash"),
}
WHERE = "WHERE tenant_id = :tenant_id AND sequence = :sequence"


def test_the_tables_above_name_every_column():
    for table, model in ((ENTRY, AuditEntry), (CHANGE, Change), (HEAD, AuditHead)):
        assert {"tenant_id", *table} == set(model.__table__.columns.keys())


async def test_an_untouched_trail_is_intact(services, api, government, other_api, other_government):
    await lay(api)
    await lay(other_api)
    for each in (government, other_government):
        found = await inspect(services, each.tenant_id)
        assert (found.fault_count, found.entries, found.changes) == (0, 8, 7)


async def test_no_trail_at_all_is_intact(services):
    async with services.database.system() as session:
        tenant_id = await identity.create_tenant(session, slug="bengkulu", name="Pemprov")
    found = await inspect(services, tenant_id)
    assert (found.fault_count, found.entries) == (0, 0)


@pytest.mark.parametrize("column", ENTRY)
@pytest.mark.parametrize("kind", ["change", "export", "read"])
async def test_an_altered_entry_is_found(services, api, government, connection, kind, column):
    await lay(api)
    number = (await numbers(connection, government.tenant_id, kind))[0]
    await unguard(connection)
    statement = f"UPDATE audit_entries SET {column} = {ENTRY[column]} {WHERE}"  # noqa: S608 - Constants.
    where = {"tenant_id": government.tenant_id, "sequence": number}
    await as_owner(connection, statement, **where)
    found = await inspect(services, government.tenant_id)
    told = "entry_missing" if column == "sequence" else "entry_altered"
    assert told in kinds(found)
    assert number in {fault.sequence for fault in found.faults}


@pytest.mark.parametrize("column", CHANGE)
@pytest.mark.parametrize("place", ["of an import", "alone", "the first"])
async def test_an_altered_change_is_found(services, api, government, connection, column, place):
    await lay(api)
    await unguard(connection)
    chosen = {
        "of an import": "SELECT min(sequence) FROM changes WHERE facts ? 'import_id'",
        "alone": "SELECT max(sequence) FROM changes WHERE kind = 'employee:created'",
        "the first": "SELECT min(sequence) FROM changes",
    }[place]
    altered = f"{column} = {CHANGE[column]}"
    await as_owner(connection, f"UPDATE changes SET {altered} WHERE sequence = ({chosen})")  # noqa: S608
    found = await inspect(services, government.tenant_id)
    if column in {"sequence", "transaction"}:
        assert kinds(found) == ["change_unlinked", "changes_missing"]
    else:
        assert kinds(found) == ["changes_altered"]
        assert found.fault_count == 1


@pytest.mark.parametrize("column", HEAD)
async def test_an_altered_head_is_found(services, api, government, connection, column):
    await lay(api)
    await unguard(connection)
    await as_owner(connection, f"UPDATE audit_heads SET {column} = {HEAD[column]}")  # noqa: S608
    told = "tail_cut" if column == "sequence" else "head_differs"
    assert kinds(await inspect(services, government.tenant_id)) == [told]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        pytest.param(
            "DELETE FROM audit_entries WHERE tenant_id = :tenant_id AND sequence = 4",
            ["entry_missing"],
            id="an-entry-in-the-middle-deleted",
        ),
        pytest.param(
            "DELETE FROM audit_entries WHERE tenant_id = :tenant_id AND sequence = 1",
            ["change_unlinked", "entry_missing"],
            id="the-first-entry-deleted",
        ),
        pytest.param(
            "UPDATE audit_entries SET sequence = 9 - sequence"
            " WHERE tenant_id = :tenant_id AND sequence IN (4, 5)",
            ["entry_altered", "link_broken"],
            id="two-entries-exchanged",
        ),
        pytest.param(
            "INSERT INTO audit_entries SELECT entry.tenant_id, 9, entry.previous, entry.hash,"
            " 'read', at, actor, 'get_employee', '{}', NULL, NULL, NULL, NULL, NULL, NULL"
            " FROM audit_entries AS entry WHERE tenant_id = :tenant_id AND sequence = 8",
            ["entry_altered", "head_behind", "link_broken"],
            id="an-entry-added",
        ),
        pytest.param(
            "INSERT INTO audit_entries SELECT entry.tenant_id, 8, entry.previous,"
            " sha256(entry.hash), 'read', at, actor, 'get_employee', '{}', NULL, NULL, NULL, NULL,"
            " NULL, NULL FROM audit_entries AS entry WHERE tenant_id = :tenant_id AND sequence = 8",
            ["chain_forked"],
            id="a-fork",
        ),
        pytest.param(
            "DELETE FROM audit_entries WHERE tenant_id = :tenant_id AND sequence > 6",
            ["tail_cut"],
            id="the-tail-cut",
        ),
        pytest.param(
            "DELETE FROM audit_entries WHERE tenant_id = :tenant_id",
            ["change_unlinked", "tail_cut"],
            id="all-entries-deleted",
        ),
        pytest.param(
            "DELETE FROM audit_heads WHERE tenant_id = :tenant_id",
            ["head_missing"],
            id="the-head-deleted",
        ),
        pytest.param(
            "DELETE FROM changes WHERE tenant_id = :tenant_id AND sequence ="
            " (SELECT min(sequence) FROM changes WHERE facts ? 'import_id')",
            ["changes_missing"],
            id="a-change-of-an-import-deleted",
        ),
        pytest.param(
            "DELETE FROM changes WHERE tenant_id = :tenant_id AND kind = 'employee:created'",
            ["changes_missing"],
            id="whole-changes-deleted",
        ),
        pytest.param(
            "INSERT INTO changes (tenant_id, sequence, transaction, kind, subject_id, actor, at,"
            " facts) SELECT tenant_id, 99999999, '7', kind, subject_id, actor, at, facts"
            " FROM changes WHERE tenant_id = :tenant_id AND kind = 'api_key:created'",
            ["change_unlinked"],
            id="a-change-added",
        ),
    ],
)
async def test_rows_taken_away_or_put_in_are_found(
    services, api, government, connection, statement, told
):
    await lay(api)
    await unguard(connection)
    await as_owner(connection, statement, tenant_id=government.tenant_id)
    found = kinds(await inspect(services, government.tenant_id))
    assert set(told) <= set(found)
    assert set(found) <= {*told, "head_differs", "entry_altered"}


@pytest.mark.parametrize("table", ["audit_entries", "changes", "audit_heads"])
async def test_rows_exchanged_between_governments_are_found(
    services, api, other_api, government, other_government, connection, table
):
    await lay(api)
    await lay(other_api)
    await unguard(connection)
    if table == "audit_heads":
        await as_owner(connection, "ALTER TABLE audit_heads DROP CONSTRAINT pk_audit_heads")
    one, other = government.tenant_id, other_government.tenant_id
    chosen = {"audit_entries": "sequence = 5", "audit_heads": "true"}.get(
        table, "kind = 'employee:created'"
    )
    moved = "CASE tenant_id WHEN :one THEN CAST(:other AS uuid) ELSE CAST(:one AS uuid) END"
    where = f"tenant_id IN (:one, :other) AND {chosen}"
    statement = f"UPDATE {table} SET tenant_id = {moved} WHERE {where}"  # noqa: S608 - Constants.
    await as_owner(connection, statement, one=one, other=other)
    told = {
        "audit_entries": {"entry_altered", "link_broken"},
        "changes": {"changes_missing", "change_unlinked"},
        "audit_heads": {"head_differs"},
    }[table]
    for each in (one, other):
        assert told & set(kinds(await inspect(services, each)))


async def anchored(connection, tenant_id, slug="sumsel") -> Anchor:
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    row = (
        await connection.execute(
            text("SELECT sequence, hash FROM audit_heads WHERE tenant_id = :tenant_id"),
            {"tenant_id": tenant_id},
        )
    ).one()
    return Anchor(tenant_id, slug, row.sequence, row.hash, NOW)


CUT_WITH_HEAD = (
    (
        "DELETE FROM changes WHERE tenant_id = :tenant_id AND sequence >= (SELECT first_change"
        " FROM audit_entries WHERE tenant_id = :tenant_id AND sequence = 5)"
    ),
    "DELETE FROM audit_entries WHERE tenant_id = :tenant_id AND sequence > 4",
    (
        "UPDATE audit_heads AS head SET sequence = 4, previous = entry.previous, hash = entry.hash"
        " FROM audit_entries AS entry WHERE entry.tenant_id = head.tenant_id AND entry.sequence = 4"
        " AND head.tenant_id = :tenant_id"
    ),
)


async def test_only_an_anchor_tells_of_a_tail_that_was_cut_with_its_head(
    services, api, government, connection
):
    await lay(api)
    tenant_id = government.tenant_id
    anchor = await anchored(connection, tenant_id)
    assert (await inspect(services, tenant_id, [anchor])).anchors_met == 1
    await unguard(connection)
    for statement in CUT_WITH_HEAD:
        await as_owner(connection, statement, tenant_id=tenant_id)
    assert kinds(await inspect(services, tenant_id)) == []
    assert kinds(await inspect(services, tenant_id, [anchor])) == ["anchor_missing"]
    for _ in range(6):
        assert (await api.get("/v1/employees")).status_code == 200
    assert kinds(await inspect(services, tenant_id)) == []
    assert kinds(await inspect(services, tenant_id, [anchor])) == ["anchor_differs"]


async def test_an_anchor_of_another_government_is_none_of_this_one(
    services, api, other_api, government, other_government, connection
):
    await lay(api)
    await lay(other_api)
    other = await anchored(connection, other_government.tenant_id, "jambi")
    found = await inspect(services, government.tenant_id, [other])
    assert (found.fault_count, found.anchors_met) == (0, 0)


async def test_the_guards_of_the_tables_hold(services, api, government, connection):
    await lay(api)
    for statement, refused in (
        ("UPDATE audit_heads SET sequence = sequence - 1", "moves forward by one entry"),
        ("UPDATE audit_heads SET sequence = sequence + 1", "moves forward by one entry"),
        (
            (
                "INSERT INTO audit_entries SELECT tenant_id, 99, previous, hash, kind, at, actor,"
                " operation, employee_ids, subject_id FROM audit_entries WHERE sequence = 8"
            ),
            "an_entry_has_one_successor",
        ),
        ("UPDATE audit_entries SET hash = '\\x00' WHERE sequence = 8", "audit_entries_are_hashed"),
        (
            "UPDATE audit_entries SET operation = NULL WHERE sequence = 8",
            "audit_entries_name_a_look_or_changes",
        ),
    ):
        savepoint = await connection.begin_nested()
        with pytest.raises(DBAPIError, match=refused):
            await as_owner(connection, statement)
        await savepoint.rollback()
