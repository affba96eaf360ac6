"""What is kept of people when its time is over, and that every table has a time."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import text

from app.core.db import Base
from app.models import TABLES
from app.privacy import retention
from app.privacy.retention import PERIODS, PREVIEWS, Class
from app.settings import Settings
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_imports import put, table
from tests.connecting import KEYS
from tests.me.test_erasing import left, numbers, settle  # noqa: F401
from tests.support import nip
from workers.jobs import run_job

DAY = timedelta(days=1)


def test_every_table_is_kept_for_a_time_that_somebody_has_thought_of():
    classed = [name for names in retention.TABLES.values() for name in names]
    assert sorted(classed) == sorted(set(classed)), "a table stands in two classes"
    assert set(classed) == TABLES
    assert set(retention.TABLES) == set(PERIODS) == set(Class)


def test_tables_of_people_are_told_by_their_columns():
    telling = {"employee_id", "handle", "email", "nip_hash", "account_id"}
    # An official account's handle is the government's own.
    for name, found in Base.metadata.tables.items():
        if telling & set(found.columns.keys()) and name != "official_accounts":
            assert name not in retention.TABLES[Class.NOBODY], name


async def names(services, government) -> list[str]:
    async with services.database.transaction(government.tenant_id) as session:
        return list(await session.scalars(text("SELECT name FROM employees ORDER BY name")))


async def test_who_has_long_left_is_erased_by_night(api, services, government, left, clock):
    await settle(api, services, government, clock, left)
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_left_days=90)
    before = await numbers(api, left)
    clock.at += 20 * DAY
    await run_job(services, "apply_retention", b"{}", 0)
    assert "(dihapus)" not in await names(services, government)
    clock.at += 30 * DAY
    for _ in range(2):
        await run_job(services, "apply_retention", b"{}", 0)
    found = await names(services, government)
    assert found.count("(dihapus)") == 1
    assert await numbers(api, left) == before
    async with services.database.transaction(government.tenant_id) as session:
        noted = await session.scalars(
            text("SELECT facts FROM changes WHERE kind = 'retention:applied'")
        )
        assert [each["erased"] for each in noted] == [1]


async def test_without_a_period_an_officer_decides(api, services, government, left, clock):
    await settle(api, services, government, clock, left)
    clock.at += 5000 * DAY
    await run_job(services, "apply_retention", b"{}", 0)
    assert "(dihapus)" not in await names(services, government)


async def test_who_is_still_needed_waits(services, government, left, clock):
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_left_days=1)
    clock.at += 2 * DAY
    await run_job(services, "apply_retention", b"{}", 0)
    assert "(dihapus)" not in await names(services, government)


async def test_a_preview_that_nobody_applied_is_removed(api, services, registry, clock):
    row = table(f"{nip(55)},Pegawai 55,pppk,16.01,,")
    kept = await put(api, "employees", row, dry_run="true")
    path = f"/v1/imports/{kept['id']}"
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        moved = "UPDATE imports SET created_at = :at WHERE id = :id"
        await session.execute(text(moved), {"at": clock.at - PREVIEWS, "id": kept["id"]})
    await run_job(services, "apply_retention", b"{}", 0)
    assert (await api.get(path)).status_code == 200
    clock.at += DAY
    await run_job(services, "apply_retention", b"{}", 0)
    assert (await api.get(path)).status_code == 404
