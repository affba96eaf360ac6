"""Tables that remember their past: whole, walled in, and written by nobody but their triggers."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.db import Base, look_back
from app.models import TABLES
from migrations import migrate
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.migrations.test_upgrading import (  # noqa: F401
    CAMPAIGN,
    PERSON,
    TENANT,
    connected,
    empty,
    in_use,
)
from tests.support import NOW

KNOWN = sorted(
    name for name, table in Base.metadata.tables.items() if "known_from" in table.columns
)
COLUMNS = text("""
SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute
WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")
PASTS = text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '%\\_past'")
CONDITION = text("""
SELECT pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = to_regclass(:name) AND tgname = 'known_anew'
""")
# Columns that no answer reads, beside those that every table with an ETag has.
QUIET = {
    "accounts": {"last_checked_at", "next_check_at"},
    "employee_nips": {"key_id", "sealed"},
    "follows": {"last_id", "last_kind", "last_list_id", "last_listed_at", "last_seen_at"},
    "official_accounts": {"facts_revision"},
}
A_MOMENT = timedelta(microseconds=1)


async def columns_of(connection, name: str) -> list[tuple[str, str]]:
    return [tuple(each) for each in await connection.execute(COLUMNS, {"name": name})]


@pytest.mark.parametrize("name", KNOWN)
async def test_past_and_view_have_every_column_of_the_table(connection, name):
    live = await columns_of(connection, f"public.{name}")
    assert await columns_of(connection, f"as_known.{name}") == live
    past = await columns_of(connection, f"public.{name}_past")
    if past:
        assert set(past) == {*live, ("known_to", "timestamp with time zone")}
        condition = (await connection.scalar(CONDITION, {"name": name})).replace('"', "")
        quiet = QUIET.get(name, set()) | {"known_from", "updated_at", "version"}
        silent = {column for column, _ in live if f"new.{column}" not in condition.lower()}
        assert silent == quiet & {column for column, _ in live}


async def test_tables_without_a_past_cannot_be_changed_by_the_app(connection):
    assert len(KNOWN) > 15
    assert set(KNOWN) < TABLES
    kept = {name.removesuffix("_past") for name in await connection.scalars(PASTS)}
    assert kept < set(KNOWN)
    for name in KNOWN:
        rights = text("SELECT has_any_column_privilege('simedsos_app', :name, 'UPDATE')")
        assert (await connection.scalar(rights, {"name": name})) is (name in kept), name


@pytest.mark.parametrize("right", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
async def test_nobody_but_the_triggers_writes_a_past(connection, right):
    for name in await connection.scalars(PASTS):
        asked = text("SELECT has_table_privilege('simedsos_app', :name, :right)")
        assert await connection.scalar(asked, {"name": name, "right": right}) is False


VERSIONS = text("SELECT count(*) FROM employees_past")


async def rename(services, tenant_id: UUID, name: str) -> int:
    """Name everybody so; answers how many versions are kept."""
    async with services.database.transaction(tenant_id) as session:
        await session.execute(text("UPDATE employees SET name = :name"), {"name": name})
        return await session.scalar(VERSIONS)


async def test_only_a_real_change_of_another_moment_leaves_a_version(
    services, government, other_government, registry, clock
):
    tenant = government.tenant_id
    assert await rename(services, tenant, "Satu") == 0
    clock.at += timedelta(days=1)
    assert await rename(services, tenant, "Dua") == 8
    assert await rename(services, tenant, "Tiga") == 8
    clock.at += timedelta(days=1)
    assert await rename(services, tenant, "Tiga") == 8
    async with services.database.transaction(tenant) as session:
        await session.execute(text("UPDATE employees SET updated_at = now(), version = 99"))
        assert await session.scalar(VERSIONS) == 8
    assert await rename(services, tenant, "Empat") == 16
    # A machine whose clock lags does not write a past that ends before it begins.
    clock.at -= timedelta(hours=1)
    assert await rename(services, tenant, "Lima") == 16
    assert await rename(services, other_government.tenant_id, "Enam") == 0


async def names_at(services, tenant_id: UUID, moment: datetime) -> set[str]:
    async with services.database.transaction(tenant_id) as session:
        await look_back(session, moment)
        return set(await session.scalars(text("SELECT name FROM employees")))


async def test_a_version_is_known_from_its_moment_up_to_the_next(
    services, government, other_government, registry, clock
):
    tenant = government.tenant_id
    await rename(services, tenant, "Satu")
    clock.at += timedelta(days=1)
    await rename(services, tenant, "Dua")
    assert await names_at(services, tenant, NOW - A_MOMENT) == set()
    assert await names_at(services, tenant, NOW) == {"Satu"}
    assert await names_at(services, tenant, clock.at - A_MOMENT) == {"Satu"}
    assert await names_at(services, tenant, clock.at) == {"Dua"}
    for moment in (NOW, clock.at):
        assert await names_at(services, other_government.tenant_id, moment) == set()


async def test_what_is_deleted_was_known_until_then(services, government, registry, clock):
    clock.at += timedelta(days=1)
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        await session.execute(text("DELETE FROM employee_nips"))
    for moment, people in ((clock.at - A_MOMENT, 8), (clock.at, 0)):
        async with services.database.transaction(government.tenant_id) as session:
            await look_back(session, moment)
            found = await session.scalar(text("SELECT count(*) FROM employee_nips"))
        assert found == people


async def test_a_table_without_a_past_cannot_be_asked_about_the_past(services, government):
    with pytest.raises(ProgrammingError, match="does not exist"):
        async with services.database.transaction(government.tenant_id) as session:
            await look_back(session, NOW)
            await session.execute(text("SELECT count(*) FROM notices"))


OF_THE_OWNER = f"""
SET LOCAL ROLE simedsos_app;
SELECT set_config('simedsos.tenant_id', '{TENANT}', true),
       set_config('simedsos.now', '2027-01-01', true);
UPDATE employees SET name = 'Lain' WHERE id = '{PERSON}';
DELETE FROM verdicts WHERE campaign_id = '{CAMPAIGN}';
"""  # noqa: S608 - Only the constants above are put into the statement.
KEPT = """
SELECT (SELECT name FROM employees_past), (SELECT known_to FROM employees_past),
       (SELECT verdict FROM verdicts_past), (SELECT count(*) FROM employees_past)
"""


async def test_rows_from_before_are_known_since_the_upgrade_and_versions_are_kept(in_use):
    owned, url = in_use
    await migrate(owned)
    async with connected(url) as connection:
        began = await connection.fetchval("SELECT known_from FROM campaigns")
        moments = await connection.fetch(
            "SELECT known_from FROM employees UNION ALL "
            "SELECT known_from FROM verdicts UNION ALL "
            "SELECT known_from FROM follower_lists"
        )
        assert {each["known_from"] for each in moments} == {began}
        assert abs(await connection.fetchval("SELECT now() - known_from FROM campaigns")) < (
            timedelta(minutes=5)
        )
        async with connection.transaction():
            await connection.execute(OF_THE_OWNER)
        kept = await connection.fetchrow(KEPT)
    moment = datetime.fromisoformat("2027-01-01T00:00:00+00:00")
    assert (kept[0], kept[2], kept[3]) == ("Pegawai 1", "unmet", 1)
    assert kept[1] == moment
