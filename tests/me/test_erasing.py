"""Of whom is erased an id stays, the numbers, and nothing that tells who they were."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.settings import Settings
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_contacts import everything_stored
from tests.api.test_imports import put, table
from tests.connecting import KEYS
from tests.support import NOW, Api, nip

ERASURE = {
    "reason": "Telah pensiun",
    "legal_reference": "UU 27/2022 Pasal 43",
    "decided_by": "Kepala BKD",
}
MARK = "Rahasia Pegawai Tiga"
PERSONAL = (MARK, "tiga.rahasia", "tiga@example.go.id", nip(3))


async def retire(api: Api, person: str) -> None:
    path = f"/v1/employees/{person}"
    etag = (await api.get(path)).headers["etag"]
    left = {"standing": "retired", "name": MARK, "position": MARK}
    assert (await api.patch(path, left, etag=etag)).status_code == 200


async def short_campaign(api: Api, account: dict[str, Any], ends_at: datetime) -> dict[str, Any]:
    """A campaign that ends before its evidence grows old."""
    return await make_campaign(api, account, ends_at=ends_at.isoformat(), stale_after_days=400)


@pytest.fixture
async def left(api: Api, services, government, registry, account, clock) -> dict[str, Any]:
    """Employee 3, who has left, after a campaign in which they have said all that one can say."""
    services.settings = Settings(token_keys=SecretStr(KEYS))
    person = registry["3"]
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    about = {"campaign_id": campaign["id"], "employee_id": person}
    contact = {"email": "tiga@example.go.id", "phone": None, "set_by": "Admin"}
    for sent in (
        await api.put(f"/v1/employees/{person}/contact", contact, etag='"0"'),
        await api.post(
            f"/v1/employees/{person}/accounts", {"account": "https://x.com/tiga_rahasia"}
        ),
        await api.post(
            "/v1/disputes",
            {
                **about,
                "duty": "follow",
                "official_account_id": account["id"],
                "text": MARK,
                "received_by": "Admin",
            },
        ),
        await api.post(
            "/v1/excuses",
            {
                **about,
                "reason": MARK,
                "document_number": MARK,
                "granted_by": "Kepala",
                "starts_on": "2026-11-20",
            },
        ),
        await api.post(
            "/v1/subject-requests",
            {
                "employee_id": person,
                "right": "erasure",
                "text": MARK,
                "received_at": START.isoformat(),
                "received_by": "Admin",
            },
            Idempotency_Key="sekali",
        ),
    ):
        assert sent.status_code in {200, 201}, sent.text
    await retire(api, person)
    return {"person": person, "campaign": campaign["id"], "path": f"/v1/employees/{person}/erasure"}


async def settle(api: Api, services, government, clock, left: dict[str, Any]) -> None:
    """Decide what is open, and let the campaign end."""
    for dispute in (await api.get("/v1/disputes")).json()["items"]:
        decided = {"outcome": "upheld", "reason": MARK, "decided_by": "Kepala BKD"}
        answer = await api.post(f"/v1/disputes/{dispute['id']}/decision", decided)
        assert answer.status_code in {200, 201}, answer.text
    clock.at = START + timedelta(days=61)
    await judge(services, government, {"id": left["campaign"]})


async def numbers(api: Api, left: dict[str, Any]) -> Any:
    answer = await api.get(f"/v1/campaigns/{left['campaign']}/recap", by="work_unit")
    return answer.json()["items"]


async def test_who_is_still_needed_is_not_erased(api, services, government, left, clock):
    refused = await api.post(left["path"], ERASURE)
    assert refused.status_code == 409
    assert "in running campaign, dispute undecided" in refused.json()["detail"]
    assert (await api.get(f"/v1/employees/{left['person']}")).json()["name"] == MARK


async def test_who_is_erased_leaves_an_id_and_the_numbers(api, services, government, left, clock):
    await settle(api, services, government, clock, left)
    before, asked_at = await numbers(api, left), clock.at
    stored = await everything_stored(services)
    assert [each for each in (MARK, "tiga_rahasia") if each not in stored] == []
    clock.at += timedelta(seconds=1)
    erased = await api.post(left["path"], ERASURE)
    assert (erased.status_code, erased.json()["decided_by"]) == (200, "Kepala BKD")
    stored = await everything_stored(services)
    for personal in (*PERSONAL, "tiga_rahasia"):
        assert personal not in stored, personal
    assert await numbers(api, left) == before
    past = await api.get(
        f"/v1/campaigns/{left['campaign']}/recap", by="work_unit", known_at=asked_at.isoformat()
    )
    assert past.json()["items"] == before
    shown = (await api.get(f"/v1/employees/{left['person']}")).json()
    assert (shown["name"], shown["nip"], shown["position"]) == ("(dihapus)", "", None)
    again = await api.post(left["path"], {**ERASURE, "decided_by": "Lain"})
    assert again.json() == erased.json()
    assert (await api.post("/v1/employees/lookup", {"nips": [nip(3)]})).json()["items"] == []


async def test_others_stay_as_they_were(api, services, government, left, registry, clock):
    await settle(api, services, government, clock, left)
    before = [
        (await api.get(f"/v1/employees/{registry[number]}/{what}")).json()
        for number in ("1", "2", "4", "8")
        for what in ("accounts", "verdicts")
    ]
    assert (await api.post(left["path"], ERASURE)).status_code == 200
    after = [
        (await api.get(f"/v1/employees/{registry[number]}/{what}")).json()
        for number in ("1", "2", "4", "8")
        for what in ("accounts", "verdicts")
    ]
    assert after == before


async def test_the_function_erases_nobody_without_a_decision(services, government, left):
    async with services.database.transaction(government.tenant_id) as session:
        nested = await session.begin_nested()
        with pytest.raises(IntegrityError, match="no erasure of this person was decided"):
            await session.execute(
                text("SELECT erase_person(:tenant, :person)"),
                {"tenant": government.tenant_id, "person": left["person"]},
            )
        await nested.rollback()


async def test_the_function_erases_nobody_of_another_government(
    services, government, other_government, left
):
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(
            text(
                "INSERT INTO erasures (tenant_id, employee_id, reason, legal_reference, decided_by,"
                " erased_at, actor) VALUES (:tenant, :person, 'r', 'l', 'd', now(), 'a')"
            ),
            {"tenant": government.tenant_id, "person": left["person"]},
        )
    async with services.database.transaction(other_government.tenant_id) as session:
        nested = await session.begin_nested()
        with pytest.raises(IntegrityError, match="no erasure of this person was decided"):
            await session.execute(
                text("SELECT erase_person(:tenant, :person)"),
                {"tenant": government.tenant_id, "person": left["person"]},
            )
        await nested.rollback()


async def test_the_trail_still_holds(api, services, government, left, clock):
    await settle(api, services, government, clock, left)
    assert (await api.post(left["path"], ERASURE)).status_code == 200
    trail = (await api.get("/v1/audit", employee=left["person"])).json()["items"]
    kinds = {change["kind"] for entry in trail for change in entry["changes"]}
    assert "employee:erased" in kinds


async def test_a_waiting_file_that_names_them_is_removed(
    api, services, government, left, clock, registry
):
    await settle(api, services, government, clock, left)
    theirs = await put(api, "employees", table(f"{nip(3)},{MARK},pppk,16.02,,"), dry_run="true")
    others = await put(api, "employees", table(f"{nip(4)},Empat,pppk,16.02,,"), dry_run="true")
    assert (await api.post(left["path"], ERASURE)).status_code == 200
    assert MARK not in await everything_stored(services)
    assert (await api.get(f"/v1/imports/{theirs['id']}")).status_code == 404
    assert (await api.get(f"/v1/imports/{others['id']}")).status_code == 200


async def test_rejected_rows_are_no_longer_given_back_of_who_was_erased(
    api, services, government, left, clock, registry
):
    await settle(api, services, government, clock, left)
    rows = (f"{nip(3)},{MARK},pppk,99.99,,", f"{nip(4)},,pppk,16.02,,", f"{nip(3)},,pppk,16.02,,")
    made = await put(api, "employees", table(*rows))
    assert (await api.post(left["path"], ERASURE)).status_code == 200
    answer = await api.get(f"/v1/imports/{made['id']}/errors.csv")
    given = [(row["line"], row["nip"]) for row in csv.DictReader(io.StringIO(answer.text))]
    assert given == [("2", ""), ("3", f"'{nip(4)}"), ("4", "")]


@pytest.mark.parametrize("erased", [False, True], ids=["who-left-later", "who-was-erased"])
async def test_an_ended_campaign_judged_again_keeps_its_numbers(
    api, services, government, registry, account, clock, erased
):
    services.settings = Settings(token_keys=SecretStr(KEYS))
    ends_at = NOW + timedelta(days=1)
    campaign = await short_campaign(api, account, ends_at)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    clock.at = ends_at + timedelta(days=1)
    await judge(services, government, campaign)
    path = f"/v1/campaigns/{campaign['id']}/recap"
    before = (await api.get(path, by="work_unit")).json()["items"]
    clock.at += timedelta(days=1)
    for person in ("1", "2", "3"):
        await retire(api, registry[person])
        if erased:
            answer = await api.post(f"/v1/employees/{registry[person]}/erasure", ERASURE)
            assert answer.status_code == 200, answer.text
    clock.at += timedelta(days=1)
    await judge(services, government, campaign)
    assert (await api.get(path, by="work_unit")).json()["items"] == before


async def test_who_had_left_by_the_end_is_excused(
    api, services, government, registry, account, clock
):
    ends_at = NOW + timedelta(days=2)
    campaign = await short_campaign(api, account, ends_at)
    await take_lists(api, account, FIRST, SECOND)
    clock.at = NOW + timedelta(days=1)
    await retire(api, registry["3"])
    clock.at = ends_at + timedelta(days=1)
    await judge(services, government, campaign)
    told = (await api.get(f"/v1/employees/{registry['3']}/verdicts")).json()["items"]
    assert {each["excuse"] for each in told} == {"retired"}
