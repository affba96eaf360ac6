"""What is kept of people when its time is over, and that every table has a time."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.db import Base
from app.models import TABLES
from app.privacy import retention
from app.privacy.retention import PERIODS, PREVIEWS, Class
from app.settings import Settings
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    START,
    account,  # noqa: F401
    judge,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_imports import put, table
from tests.connecting import KEYS
from tests.me.test_erasing import left, numbers, retire, settle, short_campaign  # noqa: F401
from tests.support import NOW, nip
from workers.jobs import run_job

DAY = timedelta(days=1)


def test_every_table_is_kept_for_a_time_that_somebody_has_thought_of():
    classed = [name for names in retention.TABLES.values() for name in names]
    assert sorted(classed) == sorted(set(classed)), "a table stands in two classes"
    assert set(classed) == TABLES
    assert set(retention.TABLES) == set(PERIODS) == set(Class)


SCHEMA = text("""
SELECT each.relname FROM pg_class AS each
WHERE each.relkind IN ('r', 'p') AND NOT each.relispartition
  AND each.relnamespace = ANY(ARRAY['public'::regnamespace, 'as_known'::regnamespace])
""")


async def test_every_table_of_the_schema_has_a_class(services):
    async with services.database.system() as session:
        found = set(await session.scalars(SCHEMA))
    assert len([name for name in found if name.endswith("_past")]) > 10
    # The past of a table is kept as long as the table's own rows.
    unclassed = {name for name in found if name.removesuffix("_past") not in TABLES}
    # The queue made its own tables, and the migrations theirs.
    assert unclassed - {"alembic_version"} == {n for n in unclassed if n.startswith("pgqueuer")}


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


async def test_who_is_still_needed_holds_up_nobody_else(
    api, services, government, left, registry, clock, monkeypatch
):
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_left_days=10)
    # Their dispute stays open, and their id comes before the other's.
    assert left["person"] < registry["7"]
    await retire(api, left["person"])
    await retire(api, registry["7"])
    clock.at = START + timedelta(days=90)
    await run_job(services, "apply_retention", b"{}", 0)
    async with services.database.transaction(government.tenant_id) as session:
        erased = await session.scalars(text("SELECT employee_id FROM erasures"))
        assert [str(each) for each in erased] == [registry["7"]]


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


PERSON_LEVEL = ("verdicts", "verdicts_past", "reminders", "report_people", "verdict_count_marks")


async def rows_of(services, government) -> dict[str, int]:
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        return {
            name: await session.scalar(text(f"SELECT count(*) FROM {name}")) or 0  # noqa: S608
            for name in PERSON_LEVEL
        }


async def recaps(api, campaign_id: str) -> list[Any]:
    paths = [f"/v1/campaigns/{campaign_id}/recap?by={by}" for by in ("work_unit", "category")]
    told = [(await api.get(path)).json()["items"] for path in paths]
    duties = (await api.get(f"/v1/campaigns/{campaign_id}/progress")).json()["duties"]
    return [*told, duties]


async def test_a_campaign_keeps_its_numbers_and_forgets_whose_they_were(
    api, services, government, left, registry, clock
):
    await settle(api, services, government, clock, left)
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_campaign_days=30)
    campaign, path = left["campaign"], f"/v1/campaigns/{left['campaign']}"
    shown = {"campaign_id": campaign, "include_people": True, "officer": "Kepala BKD"}
    assert (await api.post("/v1/reports", shown)).status_code == 201
    before, asked_at = await recaps(api, campaign), clock.at
    assert (await rows_of(services, government))["verdicts"] > 0
    clock.at += 28 * DAY
    await run_job(services, "apply_retention", b"{}", 0)
    assert (await api.get(path)).json()["archived_at"] is None
    clock.at += 3 * DAY
    for _ in range(2):
        await run_job(services, "apply_retention", b"{}", 0)
    assert await recaps(api, campaign) == before
    assert set((await rows_of(services, government)).values()) == {0}
    # Whatever happens afterwards changes no number, and asks nothing of anybody.
    moved = (await api.get("/v1/employees")).json()["items"][0]
    etag = (await api.get(f"/v1/employees/{moved['id']}")).headers["etag"]
    units = {each["code"]: each["id"] for each in (await api.get("/v1/work-units")).json()["items"]}
    change = {"unit_id": units["16.01"], "category": "pns"}
    await api.patch(f"/v1/employees/{moved['id']}", change, etag=etag)
    await run_job(services, "evaluate_all", b"{}", 0)
    await judge(services, government, {"id": campaign})
    assert await recaps(api, campaign) == before
    # Reports of before say what they say, but whom they listed is forgotten; there is no new one.
    [report] = (await api.get("/v1/reports")).json()["items"]
    assert report["includes_people"] is False
    refused = await api.post("/v1/reports", shown)
    assert (refused.status_code, "only the numbers" in refused.text) == (409, True)
    told = (await api.get(path)).json()
    assert told["archived_at"] is not None
    extended = await api.patch(
        path, {"ends_at": (clock.at + 9 * DAY).isoformat()}, etag=f'"{told["version"]}"'
    )
    assert (extended.status_code, "only its numbers are left" in extended.text) == (409, True)
    for moment in ("known_at", "valid_at"):
        past = await api.get(f"{path}/recap", by="work_unit", **{moment: asked_at.isoformat()})
        assert (past.status_code, "only the last numbers" in past.text) == (409, True)
    verdicts = await api.get(f"/v1/employees/{registry['1']}/verdicts")
    assert verdicts.json()["items"] == []
    dated = await api.get(f"/v1/employees/{registry['1']}/verdicts", valid_at=asked_at.isoformat())
    assert dated.json()["items"] == []
    assert (await api.get(f"{path}/employees")).json()["items"] == []


async def test_a_campaign_with_an_open_dispute_waits(api, services, government, left, clock):
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_campaign_days=1)
    clock.at = START + timedelta(days=90)
    await run_job(services, "apply_retention", b"{}", 0)
    assert (await rows_of(services, government))["verdicts"] > 0


async def test_a_campaign_waits_while_somebody_may_still_reply(
    api, services, government, registry, account, clock
):
    ends_at = NOW + DAY
    campaign = await short_campaign(api, account, ends_at)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    services.settings = Settings(token_keys=SecretStr(KEYS), retention_campaign_days=30)
    clock.at = ends_at + 30 * DAY - timedelta(hours=1)
    about = {
        "campaign_id": campaign["id"],
        "employee_id": registry["3"],
        "duty": "follow",
        "official_account_id": account["id"],
    }
    told = {"channel": "letter", "sent_at": clock.at.isoformat(), "sent_by": "Sekretariat"}
    notice = await api.post("/v1/notices", about | told)
    assert notice.status_code == 201, notice.text
    clock.at += timedelta(hours=70)
    longer = {
        "reply_until": (clock.at + timedelta(hours=24)).isoformat(),
        "reason": "Cuti",
        "extended_by": "Kepala BKD",
    }
    extended = await api.post(f"/v1/notices/{notice.json()['id']}/extension", longer)
    assert extended.status_code in {200, 201}, extended.text
    clock.at += timedelta(hours=20)
    await run_job(services, "apply_retention", b"{}", 0)
    reply = {**about, "text": "Sudah mengikuti", "received_by": "Admin"}
    assert (await api.post("/v1/disputes", reply)).status_code == 201


async def test_the_function_forgets_no_campaign_that_is_not_archived(services, government, left):
    async with services.database.transaction(government.tenant_id) as session:
        nested = await session.begin_nested()
        with pytest.raises(IntegrityError, match="not archived"):
            await session.execute(
                text("SELECT forget_campaign(:tenant, :campaign)"),
                {"tenant": government.tenant_id, "campaign": left["campaign"]},
            )
        await nested.rollback()


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


async def test_rejected_rows_are_given_back_for_thirty_days(api, services, registry, clock):
    made = await put(api, "employees", table(f"{nip(55)},Pegawai 55,pppk,99.99,,"))
    path = f"/v1/imports/{made['id']}/errors.csv"
    async with services.database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        moved = "UPDATE imports SET created_at = :at WHERE id = :id"
        await session.execute(text(moved), {"at": clock.at - PREVIEWS, "id": made["id"]})
    await run_job(services, "apply_retention", b"{}", 0)
    assert nip(55) in (await api.get(path)).text
    clock.at += DAY
    await run_job(services, "apply_retention", b"{}", 0)
    told = (await api.get(path)).text
    assert nip(55) not in told
    assert "unknown_unit" in told
