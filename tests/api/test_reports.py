"""Reports: numbered without gaps, frozen for ever, and given out only to those who may see them."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import asyncio
import hashlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.compliance import service as compliance
from app.compliance.freezing import one_at_a_time
from app.core.services import Services
from app.identity.scopes import Scope
from app.main import create_app
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_growth import GOLDEN, official_account, read_count
from tests.api.test_imports import put, table
from tests.api.test_isolation import ABSENT, key_of
from tests.audit.trails import as_owner
from tests.conftest import make_government
from tests.support import NOW, Api, nip

FORMATS = ("json", "xlsx", "pdf")


@pytest.fixture
async def campaign(api: Api, services: Services, government: Any, registry: Any, account: Any):
    made = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, made)
    return made


async def freeze(api: Api, campaign: dict, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/v1/reports", {"campaign_id": campaign["id"], **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def document(api: Api, report: dict) -> dict[str, Any]:
    answer = await api.get(f"/v1/reports/{report['id']}.json")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_report_is_numbered_by_the_year_and_tells_what_was_so(api, campaign, account):
    first = await freeze(api, campaign, title="Laporan pertama", officer="Siti Rahayu")
    second = await freeze(api, campaign)
    assert [first["number"], second["number"]] == ["001/SIMEDSOS/2026", "002/SIMEDSOS/2026"]
    assert second["title"] == "Laporan Ikuti akun resmi"
    told = await document(api, first)
    assert (told["number"], told["title"], told["officer"]) == (
        "001/SIMEDSOS/2026", "Laporan pertama", "Siti Rahayu",
    )  # fmt: skip
    assert told["valid_at"] == told["known_at"] == "2026-11-24T10:00:00+07:00"
    assert told["government"] == {"name": "Pemprov sumsel"}
    assert told["campaign"]["legal_basis"] == "Surat Edaran Gubernur"
    assert told["cohort"]["hash"] == campaign["cohort_hash"]
    assert (told["cohort"]["size"], told["cohort"]["members"]) == (8, 8)
    declare, follow = told["duties"]
    assert declare["counts"] == {
        "eligible": 8, "met": 4, "unmet": 2, "unknown": 1, "excused": 1, "disputed": 0,
    }  # fmt: skip
    assert (declare["known_percent"], declare["met_percent"]) == (75.0, 50.0)
    assert [(each["reason"], each["count"]) for each in follow["unknown_reasons"]] == [
        ("account_contested", 1), ("account_unverified", 1),
    ]  # fmt: skip
    assert sum(each["count"] for each in follow["unknown_reasons"]) == follow["counts"]["unknown"]
    ages = told["data_age"]
    assert ages["evaluated"]["age_text"] == "kurang dari 1 menit"
    [age] = ages["official_accounts"]
    assert (age["last_list"]["certificate"], age["last_list"]["age_text"]) == ("complete", "1 hari")
    assert {each["version"] for each in told["definitions"]} == {1}
    listed = (await api.get("/v1/reports", campaign=campaign["id"])).json()["items"]
    assert [each["number"] for each in listed] == [second["number"], first["number"]]
    assert (await api.get(f"/v1/reports/{first['id']}")).json() == first


async def test_units_stand_in_their_tree_with_sums_and_days_without_a_reading_stay_empty(
    api, campaign
):
    told = await document(api, await freeze(api, campaign))
    units = [each for each in told["recaps"]["work_unit"] if each["duty"] == "declare"]
    assert [(each["code"], each["depth"]) for each in units] == [
        ("16", 0), ("16.01", 1), ("16.02", 1),
    ]  # fmt: skip
    assert units[0]["counts"] == told["duties"][0]["counts"]
    [growth] = told["official_accounts"]
    days = growth["series"]["items"]
    assert days[0]["start"] == "2026-11-10T00:00:00+07:00"
    read = {each["start"][:10]: each["min"] for each in days if each["min"] is not None}
    assert read == {"2026-11-21": 42, "2026-11-23": 41}
    assert len(days) == 15


async def test_it_stays_the_same_whatever_happens_afterwards(
    api, services, government, campaign, account, clock
):
    # A moment as clocks tell it, and not a round one.
    clock.at = NOW + timedelta(microseconds=123_456)
    report = await freeze(api, campaign, include_people=True)
    path = f"/v1/reports/{report['id']}"
    before = {each: (await api.get(f"{path}.{each}")).content for each in FORMATS}
    assert hashlib.sha256(before["json"]).hexdigest() == report["sha256"]
    await read_count(api, account, NOW - timedelta(minutes=1), followers=9999)
    await put(api, "employees", table(f"{nip(1)},Ganti Nama,pppk,16.02,,pensiun"))
    clock.at = NOW + timedelta(days=40)
    await judge(services, government, campaign)
    assert (await document(api, await freeze(api, campaign)))["official_accounts"][0]["current"][
        "max"
    ] == 9999
    for each in FORMATS:
        assert (await api.get(f"{path}.{each}")).content == before[each], each


@pytest.mark.parametrize(("baseline", "expected"), GOLDEN)
async def test_the_golden_rows_are_frozen(api, registry, baseline, expected):
    account = await official_account(api)
    campaign = await make_campaign(api, account, expected_gain=6750)
    start = NOW - timedelta(days=14, hours=4)
    await read_count(api, account, start, **baseline)
    await read_count(api, account, NOW - timedelta(hours=1), followers=8582)
    [growth] = (await document(api, await freeze(api, campaign)))["official_accounts"]
    assert {name: growth[name] for name in expected} == expected


async def test_a_campaign_that_was_never_judged_or_has_not_begun_can_be_reported(
    api, registry, account
):
    later = (NOW + timedelta(days=3)).isoformat()
    campaign = await make_campaign(api, account, starts_at=later)
    report = await freeze(api, campaign)
    told = await document(api, report)
    assert told["duties"] == []
    assert told["data_age"]["evaluated"] is None
    assert told["official_accounts"][0]["series"]["items"] == []
    for each in ("xlsx", "pdf"):
        assert (await api.get(f"/v1/reports/{report['id']}.{each}")).status_code == 200


async def test_a_repeated_post_freezes_once(api, campaign):
    body = {"campaign_id": campaign["id"]}
    answers = [await api.post("/v1/reports", body, idempotency_key="a") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["location"] == f"/v1/reports/{answers[0].json()['id']}"
    assert len((await api.get("/v1/reports")).json()["items"]) == 1


async def test_twenty_at_once_take_twenty_numbers_without_a_gap(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    app = create_app(services)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
        api = Api(client, government.token)
        await put(api, "work_units", "code,name,parent_code\n16,Provinsi,\n")
        await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16,,"))
        account = await official_account(api)
        campaigns = [await make_campaign(api, account) for _ in range(3)]
        refused = await api.post("/v1/reports", {"campaign_id": ABSENT})
        assert refused.status_code == 404
        made = await asyncio.gather(*(freeze(api, campaigns[n % 3]) for n in range(20)))
    assert sorted(each["number"] for each in made) == [
        f"{serial:03d}/SIMEDSOS/2026" for serial in range(1, 21)
    ]


async def test_a_report_waits_for_the_evaluation_that_runs(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://s.test") as client:
        api = Api(client, government.token)
        await put(api, "work_units", "code,name,parent_code\n16,Provinsi,\n")
        rows = [f"{nip(n)},Pegawai {n},pppk,16,," for n in range(1, 7)]
        await put(api, "employees", table(*rows))
        campaign = await make_campaign(api, await official_account(api))
        async with services.database.transaction(government.tenant_id) as session:
            await one_at_a_time(session, campaign["id"])
            waiting = asyncio.create_task(freeze(api, campaign))
            done, _ = await asyncio.wait([waiting], timeout=0.5)
            assert not done
            services.clock.at = NOW + timedelta(minutes=5)
            await compliance.evaluate(
                session, government.tenant_id, campaign["id"], now=services.clock.now()
            )
        told = await document(api, await waiting)
    assert told["duties"][0]["counts"]["eligible"] == 6
    assert told["known_at"] == "2026-11-24T10:05:00+07:00"
    assert told["data_age"]["evaluated"]["age_seconds"] == 0


async def test_nobody_can_change_or_delete_what_was_frozen(
    api, services, government, campaign, connection
):
    await freeze(api, campaign)
    for statement in (
        "UPDATE reports SET title = 'lain'",
        "DELETE FROM reports",
        "UPDATE report_people SET reason = 'stale'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with services.database.transaction(government.tenant_id) as session:
                await session.execute(text(statement))
    savepoint = await connection.begin_nested()
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    with pytest.raises(IntegrityError, match="reports_bear_their_digest"):
        await connection.execute(text("UPDATE reports SET document = document || '\\x20'::bytea"))
    await savepoint.rollback()


async def test_a_number_is_taken_once(api, campaign, connection):
    await freeze(api, campaign)
    await freeze(api, campaign)
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    savepoint = await connection.begin_nested()
    with pytest.raises(IntegrityError, match="one_report_for_each_number"):
        await connection.execute(text("UPDATE reports SET serial = 1"))
    await savepoint.rollback()


async def test_a_document_that_is_not_what_was_frozen_is_not_given_out(api, campaign, connection):
    report = await freeze(api, campaign)
    savepoint = await connection.begin_nested()
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    await connection.execute(text("ALTER TABLE reports DROP CONSTRAINT reports_bear_their_digest"))
    await connection.execute(text("UPDATE reports SET document = document || '\\x20'::bytea"))
    answer = await api.get(f"/v1/reports/{report['id']}.json")
    assert (answer.status_code, answer.json()["title"]) == (500, "Report damaged")
    assert "digest" in answer.json()["detail"]
    await savepoint.rollback()


async def test_scopes_and_units_say_who_may_freeze_and_read(
    http, api, services, government, campaign
):
    report = await freeze(api, campaign)
    unit = (await api.get("/v1/work-units")).json()["items"][0]["id"]

    async def key(*scopes: Scope, unit_id: str | None = None) -> Api:
        token = await key_of(services, government.tenant_id, scopes=list(scopes), unit=unit_id)
        return Api(http, token)

    reader, writer = await key(Scope.REPORTS_READ), await key(Scope.REPORTS_WRITE)
    body = {"campaign_id": campaign["id"]}
    assert (await reader.post("/v1/reports", body)).status_code == 403
    assert (await writer.post("/v1/reports", body)).status_code == 201
    refused = await writer.post("/v1/reports", {**body, "include_people": True})
    assert (refused.status_code, "compliance:read" in refused.json()["detail"]) == (403, True)
    head = await key(*Scope, unit_id=unit)
    assert (await head.post("/v1/reports", body)).status_code == 403
    for path in ("", f"/{report['id']}", *(f"/{report['id']}.{each}" for each in FORMATS)):
        assert (await reader.get(f"/v1/reports{path}")).status_code == 200, path
        assert (await writer.get(f"/v1/reports{path}")).status_code == 403, path
        assert (await head.get(f"/v1/reports{path}")).status_code == 403, path


async def test_another_government_finds_nothing(api, other_api, campaign):
    report = await freeze(api, campaign)
    assert (await other_api.get("/v1/reports")).json()["items"] == []
    for ending in ("", ".json", ".xlsx", ".pdf"):
        theirs = await other_api.get(f"/v1/reports/{report['id']}{ending}")
        nothing = await other_api.get(f"/v1/reports/{ABSENT}{ending}")
        assert theirs.status_code == nothing.status_code == 404, ending
        assert theirs.content == nothing.content
    refused = await other_api.post("/v1/reports", {"campaign_id": campaign["id"]})
    assert refused.status_code == 404


async def test_the_files_are_described_and_named(http, api, campaign):
    report = await freeze(api, campaign)
    paths = (await http.get("/openapi.json")).json()["paths"]
    for ending in FORMATS:
        described = paths[f"/v1/reports/{{report_id}}.{ending}"]["get"]["responses"]
        answer = await api.get(f"/v1/reports/{report['id']}.{ending}")
        assert answer.headers["content-type"] in described["200"]["content"]
        assert f'"laporan-001-SIMEDSOS-2026.{ending}"' in answer.headers["content-disposition"]
        assert answer.headers["cache-control"] == "no-store"
        assert "409" in described


async def test_a_document_that_was_altered_is_given_out_in_no_format_and_the_trail_tells(
    api, campaign, connection
):
    report = await freeze(api, campaign)
    trail = (await api.get("/v1/audit", kind="change")).json()["items"]
    [frozen] = [each for entry in trail for each in entry["changes"] if "sha256" in each["facts"]]
    assert (frozen["subject_id"], frozen["facts"]["sha256"]) == (report["id"], report["sha256"])
    for statement in (
        "ALTER TABLE reports DROP CONSTRAINT reports_bear_their_digest",
        "ALTER TABLE reports NO FORCE ROW LEVEL SECURITY",
        "UPDATE reports SET document = document || ' '",
    ):
        await as_owner(connection, statement)
    for ending in FORMATS:
        answer = await api.get(f"/v1/reports/{report['id']}.{ending}")
        assert (answer.status_code, answer.json()["title"]) == (500, "Report damaged")
        assert answer.json()["errors"] == []
