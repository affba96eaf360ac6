"""The main job: roster, official account, two lists, campaign; met, unmet and unknown."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.compliance import service as compliance
from app.core.services import Services
from tests.api.exports import entries, export
from tests.api.test_growth import official_account, read_count
from tests.api.test_imports import UNITS, put, table
from tests.support import NOW, Api, Government, nip

START = datetime(2026, 11, 10, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
FIRST, SECOND = NOW - timedelta(days=3), NOW - timedelta(days=1)
# 1 follows before, 2 begins, 3 is verified and absent, 4 is unverified and absent,
# 5 shares 3's handle, 6 has none, 7 says nothing, 8 is on leave.
ACCOUNTS = (
    "nip,platform,account,attested_on\n"
    f"{nip(1)},instagram,satu,2026-11-01\n"
    f"{nip(2)},instagram,dua,2026-11-01\n"
    f"{nip(3)},instagram,tiga,2026-11-01\n"
    f"{nip(4)},instagram,empat,\n"
    f"{nip(5)},instagram,tiga,\n"
    f"{nip(6)},,tidak punya,\n"
    f"{nip(8)},instagram,delapan,2026-11-01\n"
)
CITIZENS = [(f"warga_rahasia_{n}", LONG_AGO + timedelta(hours=n)) for n in range(40)]


async def upload(api: Api, account: dict, content: bytes, taken_at: datetime, **fields: Any):
    return await api.upload(
        f"/v1/official-accounts/{account['id']}/follower-lists",
        content,
        filename="export.zip",
        taken_at=taken_at.isoformat(),
        **fields,
    )


@pytest.fixture
async def registry(api: Api) -> dict[str, str]:
    """Eight employees and their declarations; answers their ids by number."""
    await put(api, "work_units", UNITS)
    rows = [f"{nip(n)},Pegawai {n},pppk,16.0{1 + n % 2},," for n in range(1, 8)]
    await put(api, "employees", table(*rows, f"{nip(8)},Pegawai 8,pppk,16.01,,cuti"))
    await put(api, "accounts", ACCOUNTS)
    people = (await api.get("/v1/employees")).json()["items"]
    return {str(person["name"]).removeprefix("Pegawai "): person["id"] for person in people}


@pytest.fixture
async def account(api: Api, registry: dict[str, str]) -> dict:
    account = await official_account(api)
    await read_count(api, account, START - timedelta(days=1), followers=41)
    return account


async def make_campaign(api: Api, account: dict, **fields: Any) -> dict:
    answer = await api.post(
        "/v1/campaigns",
        {
            "title": "Ikuti akun resmi",
            "legal_basis": "Surat Edaran Gubernur",
            "document_number": "555/1/2026",
            "starts_at": START.isoformat(),
            "ends_at": (START + timedelta(days=60)).isoformat(),
            "expected_gain": 8,
            "cohort": {"categories": ["pppk"]},
            "duties": [
                {"kind": "declare", "platforms": ["instagram"]},
                {"kind": "follow"},
            ],
            "official_account_ids": [account["id"]],
            **fields,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def take_lists(api: Api, account: dict, *moments: datetime) -> list[dict]:
    """Lists with 1, 2 and the citizens on them, each with a count that agrees."""
    ours = [("satu", LONG_AGO), ("dua", START + timedelta(days=1))]
    taken = []
    for number, moment in enumerate(moments):
        followers = [*ours, *CITIZENS[: len(CITIZENS) - number]]
        await read_count(api, account, moment, followers=len(followers))
        answer = await upload(api, account, export(followers), moment)
        assert answer.status_code == 201, answer.text
        taken.append(answer.json())
    return taken


async def judge(services: Services, government: Government, campaign: dict) -> int:
    async with services.database.transaction(government.tenant_id) as session:
        return await compliance.evaluate(
            session, government.tenant_id, campaign["id"], now=services.clock.now()
        )


async def verdicts_of(api: Api, employee_id: str) -> dict[str, dict]:
    answer = await api.get(f"/v1/employees/{employee_id}/verdicts")
    return {each["duty"]: each for each in answer.json()["items"]}


async def test_met_unmet_and_unknown_stand_side_by_side(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    lists = await take_lists(api, account, FIRST, SECOND)
    assert [each["certificate"]["verdict"] for each in lists] == ["complete", "complete"]
    assert [each["matched"] for each in lists] == [2, 2]
    await judge(services, government, campaign)
    follow = {
        number: verdicts["follow"]["verdict"] + ":" + verdicts["follow"]["reason"]
        for number, employee in registry.items()
        if "follow" in (verdicts := await verdicts_of(api, employee))
    }
    assert follow == {
        "1": "met:seen_in_list",
        "2": "met:seen_in_list",
        "3": "unmet:absent_from_two_complete_lists",
        "4": "unknown:account_unverified",
        "5": "unknown:account_contested",
        "8": "unmet:absent_from_two_complete_lists",
    }
    absent = (await verdicts_of(api, registry["3"]))["follow"]
    assert absent["evidence"]["basis"] == "complete_lists"
    assert [each["id"] for each in absent["evidence"]["lists"]] == [each["id"] for each in lists]
    declare = {
        number: (await verdicts_of(api, employee))["declare"]["reason"]
        for number, employee in registry.items()
    }
    assert declare["1"] == "declared_account"
    assert declare["5"] == "account_contested"
    assert declare["6"] == "declared_none"
    assert declare["7"] == "undeclared"


async def test_progress_counts_everyone_once_and_excuses_those_on_leave(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    counts = {each["duty"]: each["counts"] for each in progress["duties"]}
    assert counts["follow"] == {
        "eligible": 6, "met": 2, "unmet": 1, "unknown": 2, "excused": 1, "disputed": 0,
    }  # fmt: skip
    assert counts["declare"] == {
        "eligible": 8, "met": 4, "unmet": 2, "unknown": 1, "excused": 1, "disputed": 0,
    }  # fmt: skip
    assert progress["cohort_size"] == 8
    assert progress["gain"] == {"min": 0, "max": 0}
    assert progress["attribution"]["cohort_new"] == {"min": 1, "max": 2}
    assert progress["attribution"]["cohort_before"] == {"min": 1, "max": 2}
    assert len(progress["official_accounts"]) == 1


async def test_a_recap_by_unit_includes_the_units_below(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    recap = (await api.get(f"/v1/campaigns/{campaign['id']}/recap", by="work_unit")).json()
    rows = {(row["code"], row["duty"]): row["counts"] for row in recap["items"]}
    for name in ("eligible", "met", "unmet", "unknown", "excused"):
        below = rows["16.01", "declare"][name] + rows["16.02", "declare"][name]
        assert rows["16", "declare"][name] == below
    for by in ("category", "platform", "official_account"):
        answer = await api.get(f"/v1/campaigns/{campaign['id']}/recap", by=by)
        assert answer.status_code == 200, answer.text
        total = {row["duty"]: row["counts"] for row in answer.json()["items"]}
        assert total["follow"]["eligible"] == 6


async def test_employees_are_listed_by_verdict_and_excused_ones_only_by_flag(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    path = f"/v1/campaigns/{campaign['id']}/employees"

    async def names(**params: str) -> list[str]:
        return [each["name"] for each in (await api.get(path, **params)).json()["items"]]

    assert await names(verdict="unmet", duty="follow") == ["Pegawai 3"]
    assert await names(verdict="unmet", duty="follow", flag="excused") == ["Pegawai 8"]
    assert await names(reason="undeclared") == ["Pegawai 7"]
    assert await names(verdict="unknown", duty="follow") == ["Pegawai 4", "Pegawai 5"]
    assert await names(flag="disputed") == []


@pytest.mark.parametrize(
    ("moments", "reason"),
    [
        pytest.param([], "never_checked", id="no-list"),
        pytest.param([SECOND], "awaiting_second_list", id="one-list"),
        pytest.param([SECOND, SECOND + timedelta(hours=23)], "awaiting_second_list", id="23-hours"),
    ],
)
async def test_absence_proves_nothing_before_two_lists_a_day_apart(
    api, services, government, registry, account, moments, reason
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, *moments)
    await judge(services, government, campaign)
    verdict = (await verdicts_of(api, registry["3"]))["follow"]
    assert (verdict["verdict"], verdict["reason"]) == ("unknown", reason)


async def test_a_short_list_is_partial_and_accuses_nobody(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    for moment in (FIRST, SECOND):
        followers = [("satu", LONG_AGO), *CITIZENS[:30]]
        await read_count(api, account, moment, followers=len(followers) + 1)
        answer = await upload(api, account, export([*followers[: 30 + moment.day % 2]]), moment)
        certificate = answer.json()["certificate"]
        assert certificate["verdict"] == "partial"
        assert "fewer_than_count" in certificate["reasons"]
    await judge(services, government, campaign)
    assert (await verdicts_of(api, registry["1"]))["follow"]["verdict"] == "met"
    absent = (await verdicts_of(api, registry["3"]))["follow"]
    assert (absent["verdict"], absent["reason"]) == ("unknown", "list_partial")


async def test_following_again_and_leaving_are_seen_in_any_order_of_arrival(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    moments = [NOW - timedelta(days=days) for days in (6, 4, 2)]
    there = [True, False, True]
    for index in (2, 0, 1):
        followers = [*CITIZENS, *([("tiga", LONG_AGO)] if there[index] else [("lain", LONG_AGO)])]
        await read_count(api, account, moments[index], followers=len(followers))
        answer = await upload(api, account, export(followers[: len(followers)]), moments[index])
        assert answer.status_code in {200, 201}, answer.text
    await judge(services, government, campaign)
    assert (await verdicts_of(api, registry["3"]))["follow"]["verdict"] == "met"


async def test_evidence_grows_stale(api, services, government, registry, account, clock):
    campaign = await make_campaign(api, account, stale_after_days=7)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    assert (await verdicts_of(api, registry["1"]))["follow"]["verdict"] == "met"
    clock.at = NOW + timedelta(days=10)
    assert await judge(services, government, campaign) > 0
    stale = (await verdicts_of(api, registry["1"]))["follow"]
    assert (stale["verdict"], stale["reason"]) == ("unknown", "stale")


async def test_judging_again_changes_nothing(api, services, government, registry, account):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    assert await judge(services, government, campaign) > 0
    assert await judge(services, government, campaign) == 0


async def test_the_same_export_again_answers_the_first_list(api, registry, account):
    await read_count(api, account, SECOND, followers=40)
    content = export(CITIZENS)
    first = await upload(api, account, content, SECOND)
    again = await upload(api, account, content, NOW)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    listed = await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")
    assert len(listed.json()["items"]) == 1


REFUSED = [
    pytest.param(export(CITIZENS, owner="pemprovjambi"), 422, "wrong_account", id="wrong-account"),
    pytest.param(b"PK\x05\x06" + b"\0" * 18, 415, "no_followers_file", id="empty-zip"),
    pytest.param(b"%PDF-1.7 laporan", 415, "not_an_export", id="pdf"),
    pytest.param(b"<html><body>Followers</body></html>", 415, "html_export", id="html"),
]


@pytest.mark.parametrize(("content", "status", "code"), REFUSED)
async def test_what_is_not_this_accounts_export_is_refused_whole(
    api, account, content, status, code
):
    answer = await upload(api, account, content, SECOND)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["code"] == code
    listed = await api.get(f"/v1/official-accounts/{account['id']}/follower-lists")
    assert listed.json()["items"] == []


async def test_no_citizen_reaches_the_database(api, connection, registry, account):
    await take_lists(api, account, FIRST, SECOND)
    await connection.execute(text("SELECT set_config('role', 'none', true)"))
    tables = await connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )
    looked = 0
    for name in tables.all():
        rows = await connection.scalars(text(f'SELECT CAST(t AS text) FROM "{name}" AS t'))  # noqa: S608
        for row in rows:
            looked += 1
            assert "warga_rahasia" not in row, name
    assert looked > 50


async def test_a_followers_file_without_its_end_is_partial(api, services, registry, account):
    whole = json.dumps(entries([("satu", LONG_AGO), *CITIZENS])).encode()
    await read_count(api, account, SECOND, followers=41)
    answer = await upload(api, account, whole[: len(whole) // 2], SECOND)
    assert answer.status_code == 201, answer.text
    assert answer.json()["certificate"]["verdict"] != "complete"
    assert "truncated" in answer.json()["certificate"]["reasons"]


async def test_the_database_refuses_an_accusation_without_proof(
    api, services, government, registry, account, connection
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, SECOND)
    await judge(services, government, campaign)
    savepoint = await connection.begin_nested()
    with pytest.raises(IntegrityError, match="unmet_follow_needs_proof_of_absence"):
        await connection.execute(
            text(
                "UPDATE verdicts SET verdict = 'unmet', basis = 'follower_list'"
                " WHERE duty_kind = 'follow'"
            )
        )
    await savepoint.rollback()
    savepoint = await connection.begin_nested()
    with pytest.raises(IntegrityError, match="known_verdicts_carry_evidence"):
        await connection.execute(text("UPDATE verdicts SET verdict = 'met', evidence_ids = '{}'"))
    await savepoint.rollback()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"legal_basis": " "}, "/body/legal_basis", id="no-legal-basis"),
        pytest.param({"ends_at": "2026-01-01T00:00:00+07:00"}, "/body", id="ends-before-start"),
        pytest.param({"duties": []}, "/body/duties", id="no-duty"),
        pytest.param({"cohort": {"categories": ["pns"]}}, "/cohort", id="nobody"),
        pytest.param({"starts_at": "2026-11-10T00:00:00"}, "/body/starts_at", id="no-offset"),
    ],
)
async def test_campaigns_that_cannot_stand_are_refused(api, account, change, pointer):
    body = {
        "title": "A", "legal_basis": "SE", "document_number": "1",
        "starts_at": "2026-11-10T00:00:00+07:00", "ends_at": "2026-12-10T00:00:00+07:00",
        "expected_gain": 1, "duties": [{"kind": "follow"}],
        "official_account_ids": [account["id"]], **change,
    }  # fmt: skip
    answer = await api.post("/v1/campaigns", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_the_cohort_is_frozen_and_its_drift_is_told(api, account, registry):
    campaign = await make_campaign(api, account)
    await put(api, "employees", table(f"{nip(9)},Pegawai 9,pppk,16.01,,"))
    await put(api, "employees", table(f"{nip(1)},Pegawai 1,pppk,16.02,,pensiun"))
    read = (await api.get(f"/v1/campaigns/{campaign['id']}")).json()
    assert (read["cohort_size"], read["joiners"], read["leavers"]) == (8, 1, 1)
    assert read["cohort_hash"] == campaign["cohort_hash"]
