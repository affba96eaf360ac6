"""What an employee sees and says of themselves, by an access token of their government."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.compliance.rules import Reason
from app.core.clock import SettableClock
from app.main import create_app
from app.me.wording import REASONS
from tests.api.exports import FOLLOWING, archive, personal
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_isolation import ABSENT
from tests.connecting import KEYS
from tests.sign_in.conftest import HERE, issuer, settings_for  # noqa: F401
from tests.sign_in.test_access_tokens import claims
from tests.support import NOW, Api, nip

REQUEST = {"right": "correction", "text": "Nama saya keliru."}


@dataclass
class Me:
    """Employee 3, who is verified and absent from both lists, and everybody else."""

    api: Api
    client: httpx.AsyncClient
    officer: Api
    people: dict[str, str]
    campaign: dict[str, Any]
    official: dict[str, Any]
    clock: SettableClock

    async def told(self, path: str, **params: str) -> Any:
        answer = await self.api.get(f"/v1/me{path}", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def me(services, issuer, government, registry, account, api, clock) -> AsyncIterator[Me]:
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    services.settings = settings_for(issuer.address, token_keys=SecretStr(KEYS))
    token = issuer.token(claims(issuer, sub="tiga", simedsos_roles=["employee"], nip=nip(3)))
    transport = httpx.ASGITransport(app=create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        officer = Api(client, government.token)
        yield Me(Api(client, token), client, officer, registry, campaign, account, clock)


async def test_i_see_what_is_kept_of_me(me):
    shown = await me.told("")
    assert shown["employee"]["name"] == "Pegawai 3"
    assert (shown["employee"]["nip"], shown["employee"]["nip_masked"]) == (nip(3), False)
    assert (shown["contact"]["email"], shown["contact"]["masked"]) == (None, False)
    [counted] = shown["campaigns"]
    assert (counted["legal_basis"], counted["document_number"]) == (
        "Surat Edaran Gubernur",
        "555/1/2026",
    )
    [declared] = (await me.told("/accounts"))["items"]
    assert declared["handle"] == "tiga"


async def test_verdicts_about_me_are_explained(me):
    told = {each["duty"]: each for each in (await me.told("/verdicts"))["items"]}
    assert told["follow"]["reason"] == "absent_from_two_complete_lists"
    assert "belum tercantum" in told["follow"]["explanation"]
    assert len(told["follow"]["evidence"]["lists"]) == 2


def test_every_reason_has_its_words():
    assert set(REASONS) == set(Reason)
    assert all(words[0].isupper() and words[-1] == "." for words in REASONS.values())


async def test_an_employee_gets_in_nowhere_else(me):
    other = me.people["1"]
    for path in (
        "/v1/employees",
        f"/v1/employees/{other}",
        f"/v1/employees/{me.people['3']}",
        f"/v1/campaigns/{me.campaign['id']}/recap",
        "/v1/subject-requests",
        "/v1/audit",
    ):
        assert (await me.api.get(path)).status_code == 403, path


async def test_who_is_nobody_in_the_registry_has_no_own_side(me):
    refused = await me.officer.get("/v1/me")
    assert (refused.status_code, "not known as an employee" in refused.text) == (403, True)


async def test_others_accounts_are_as_absent_as_nobodys(me):
    [theirs] = (await me.officer.get(f"/v1/employees/{me.people['1']}/accounts")).json()["items"]
    body = {"account": "https://www.instagram.com/lain"}
    for account_id in (theirs["id"], ABSENT):
        path = f"/v1/me/accounts/{account_id}"
        answers = [
            await me.api.patch(path, body, etag='"1"'),
            await me.api.delete(path),
            await me.api.post(f"{path}/connection"),
            await me.api.delete(f"{path}/connection"),
            await me.api.upload("/v1/me/evidence", b"PK", account_id=account_id),
        ]
        assert {each.status_code for each in answers} == {404}
        assert len({each.content for each in answers}) == 1


async def test_i_declare_correct_and_take_back_an_account(me):
    made = await me.api.post("/v1/me/accounts", {"account": "https://x.com/tiga_asn"})
    assert made.status_code == 201, made.text
    path = f"/v1/me/accounts/{made.json()['id']}"
    body = {"account": "https://x.com/tiga_benar"}
    corrected = await me.api.patch(path, body, etag=made.headers["etag"])
    assert corrected.json()["handle"] == "tiga_benar"
    assert (await me.api.delete(path)).status_code == 204
    assert [each["handle"] for each in (await me.told("/accounts"))["items"]] == ["tiga"]


async def test_i_show_by_my_export_that_i_follow(me):
    [mine] = (await me.told("/accounts"))["items"]
    followed = [
        {
            "title": handle,
            "string_list_data": [
                {
                    "href": f"https://www.instagram.com/_u/{handle}",
                    "timestamp": int((NOW - timedelta(days=2)).timestamp()),
                }
            ],
        }
        for handle in ("pemprovsumsel", "warga_yang_saya_ikuti")
    ]
    packed = archive({FOLLOWING: {"relationships_following": followed}, **own_name("tiga")})
    shown = await me.api.upload("/v1/me/evidence", packed, account_id=mine["id"])
    assert shown.status_code == 201, shown.text
    assert "warga_yang_saya_ikuti" not in shown.text
    [kept] = (await me.told("/download"))["evidence"]
    assert [each["official_account_id"] for each in kept["facts"]] == [me.official["id"]]


def own_name(handle: str) -> dict[str, Any]:
    path = "personal_information/personal_information/personal_information.json"
    return {path: personal(handle)}


async def test_what_i_dispute_is_held_still(me):
    body = {
        "campaign_id": me.campaign["id"],
        "duty": "follow",
        "official_account_id": me.official["id"],
        "text": "Saya sudah mengikuti.",
    }
    filed = await me.api.post("/v1/me/disputes", body)
    assert filed.status_code == 201, filed.text
    assert filed.json()["received_by"] == "Pegawai yang bersangkutan"
    told = {each["duty"]: each for each in (await me.told("/verdicts"))["items"]}
    assert (told["follow"]["verdict"], told["follow"]["reason"]) == ("unknown", "disputed")
    assert [each["id"] for each in (await me.told("/disputes"))["items"]] == [filed.json()["id"]]
    again = await me.api.post("/v1/me/disputes", body)
    assert again.status_code == 409


async def test_i_see_who_has_looked(me, services, government):
    await me.officer.get(f"/v1/employees/{me.people['3']}/verdicts")
    await me.officer.get(f"/v1/employees/{me.people['1']}/verdicts")
    await me.told("")
    entries = (await me.told("/trail"))["items"]
    newest, looked = entries[0], entries[1]
    assert (newest["by"], newest["operation"]) == (
        {"kind": "user", "name": "employee", "oneself": True},
        "show_own_data",
    )
    assert (looked["by"], looked["operation"]) == (
        {"kind": "api_key", "name": "tests", "oneself": False},
        "employee_verdicts",
    )
    assert "employee:created" in {change for each in entries for change in each["changes"]}
    others = (await me.told("/trail", others="true"))["items"]
    assert not [each for each in others if each["by"]["oneself"]]
    assert {each["operation"] for each in others} >= {"employee_verdicts"}
    pages = []
    cursor = ""
    while cursor is not None:
        page = await me.told("/trail", limit="2", **({"cursor": cursor} if cursor else {}))
        pages += page["items"]
        cursor = page["next"]
    assert [each for each in pages if each["operation"] != "show_own_trail"] == entries


async def test_a_request_has_a_clock_of_72_hours_and_one_answer(me):
    made = (await me.api.post("/v1/me/requests", REQUEST)).json()
    assert (made["state"], made["received_by"]) == ("open", None)
    path = f"/v1/subject-requests/{made['id']}"
    for hours, state in ((72, "open"), (1, "overdue")):
        me.clock.at += timedelta(hours=hours)
        assert (await me.officer.get(path)).json()["state"] == state
    listed = await me.officer.get("/v1/subject-requests", state="overdue")
    assert [each["id"] for each in listed.json()["items"]] == [made["id"]]
    assert (await me.officer.get("/v1/subject-requests", state="open")).json()["items"] == []
    answer = {"outcome": "refused", "reason": "Nama sesuai SK.", "answered_by": "Kepala BKD"}
    without = await me.officer.post(f"{path}/answer", answer)
    assert (without.status_code, "legal_reference" in without.text) == (422, True)
    answer["legal_reference"] = "UU 27/2022 Pasal 15"
    answered = await me.officer.post(f"{path}/answer", answer)
    assert (answered.status_code, answered.json()["state"]) == (200, "answered")
    assert (await me.officer.post(f"{path}/answer", answer)).status_code == 409


async def test_an_officer_records_what_came_by_letter(me):
    body = {**REQUEST, "employee_id": me.people["1"], "received_by": "Admin OPD"}
    late = {**body, "received_at": (NOW - timedelta(hours=73)).isoformat()}
    made = await me.officer.post("/v1/subject-requests", late)
    assert (made.status_code, made.json()["state"]) == (201, "overdue")
    ahead = {**body, "received_at": (NOW + timedelta(hours=1)).isoformat()}
    assert (await me.officer.post("/v1/subject-requests", ahead)).status_code == 422
    nobody = {**late, "employee_id": ABSENT}
    assert (await me.officer.post("/v1/subject-requests", nobody)).status_code == 404


async def test_the_whole_download_tells_of_nobody_else(me, services, government):
    await me.officer.get("/v1/employees")
    await me.api.post("/v1/me/requests", REQUEST)
    answer = await me.api.get("/v1/me/download")
    assert answer.status_code == 200
    whole = answer.json()
    assert (whole["data"]["employee"]["nip"], len(whole["requests"])) == (nip(3), 1)
    assert {each["operation"] for each in whole["trail"]} >= {"list_employees", "make_own_request"}
    for number, employee_id in me.people.items():
        if number != "3":
            for foreign in (employee_id, nip(int(number)), f"Pegawai {number}"):
                assert foreign not in answer.text
    async with services.database.transaction(government.tenant_id) as session:
        last = "SELECT kind FROM audit_entries ORDER BY sequence DESC LIMIT 1"
        assert await session.scalar(text(last)) == "export"


async def test_who_also_heads_a_unit_has_an_own_side_too(me, issuer):
    told = {"simedsos_roles": ["unit_head", "employee"], "simedsos_unit": "16.02", "nip": nip(1)}
    head = Api(me.client, issuer.token(claims(issuer, sub="kepala", **told)))
    assert (await head.get("/v1/me")).json()["employee"]["name"] == "Pegawai 1"
    assert (await head.get("/v1/work-units")).status_code == 200
