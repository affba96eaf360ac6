"""Keys over HTTP: made, exchanged, revoked, reported; nobody gives what they do not hold."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.identity.access import REMEMBERED_FOR
from app.identity.scopes import Scope
from tests.api.test_compliance import (
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
)
from tests.api.test_isolation import ABSENT, key_of
from tests.support import NOW, Api

READER = {"name": "SIMPEG", "scopes": ["employees:read"]}
A_WHILE = REMEMBERED_FOR + timedelta(milliseconds=1)


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/v1/api-keys", {**READER, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def reads(http, token: str) -> int:
    return (await Api(http, token).get("/v1/employees")).status_code


async def kinds(services, government) -> list[str]:
    async with services.database.transaction(government.tenant_id) as session:
        found = text("SELECT kind FROM changes WHERE kind LIKE 'api_key:%' ORDER BY sequence")
        return list(await session.scalars(found))


async def test_a_key_is_shown_once_and_opens_what_it_was_given(http, api):
    made = await make(api)
    assert made["token"].startswith(made["prefix"])
    assert (made["client_id"], made["revoked_at"]) == (made["id"], None)
    assert datetime.fromisoformat(made["expires_at"]) == NOW + timedelta(days=365)
    assert await reads(http, made["token"]) == 200
    assert (await Api(http, made["token"]).get("/v1/campaigns")).status_code == 403
    shown = await api.get(f"/v1/api-keys/{made['id']}")
    listed = await api.get("/v1/api-keys")
    assert shown.json() in listed.json()["items"]
    for answer in (shown, listed):
        assert made["token"][12:] not in answer.text
        assert "token" not in answer.text


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        pytest.param({**READER, "scopes": []}, 422, "scopes", id="no-scopes"),
        pytest.param({**READER, "scopes": ["all"]}, 422, "scopes", id="no-scope-of-ours"),
        pytest.param({**READER, "unit_id": ABSENT}, 422, "no such work unit", id="no-unit"),
        pytest.param(
            {**READER, "expires_at": "2027-11-26T03:00:00Z"}, 422, "366 days", id="too-long"
        ),
        pytest.param({**READER, "expires_at": NOW.isoformat()}, 422, "366 days", id="dead-at-once"),
        pytest.param({**READER, "token": "sm_live_mine"}, 422, "token", id="secret-of-ones-own"),
    ],
)
async def test_what_is_no_key_is_refused(api, body, status, said):
    answer = await api.post("/v1/api-keys", body)
    assert answer.status_code == status
    assert said in answer.text


async def test_nobody_gives_more_than_they_hold(http, services, government, api):
    held = [Scope.KEYS_READ, Scope.KEYS_WRITE]
    officer = Api(http, await key_of(services, government.tenant_id, scopes=held))
    refused = await officer.post("/v1/api-keys", {"name": "x", "scopes": ["employees:read_nip"]})
    assert refused.status_code == 403
    assert "employees:read_nip" in refused.json()["detail"]
    # Exchanging a key of others would hand its secret to who holds less.
    mighty = await make(api, scopes=["keys:read", "employees:read"])
    assert (await officer.post(f"/v1/api-keys/{mighty['id']}/rotation", {})).status_code == 403
    assert (await officer.post("/v1/api-keys", {"name": "x", "scopes": held})).status_code == 201


async def test_a_key_of_a_unit_makes_no_keys(http, services, government, api, units):
    head = Api(http, await key_of(services, government.tenant_id, unit=units["16.01"]["id"]))
    assert (await head.get("/v1/api-keys")).status_code == 403
    assert (await head.post("/v1/api-keys", READER)).status_code == 403
    confined = await make(api, unit_id=units["16.01"]["id"])
    assert (await api.get(f"/v1/api-keys/{confined['id']}")).json()["unit_id"] == units["16.01"][
        "id"
    ]


async def test_a_client_changes_over_with_two_keys_alive(http, services, government, api, clock):
    first = await make(api)
    ends = {"old_ends_at": (NOW + timedelta(days=7)).isoformat()}
    second = (await api.post(f"/v1/api-keys/{first['id']}/rotation", ends)).json()
    assert second["client_id"] == first["client_id"]
    assert (second["name"], second["scopes"]) == (first["name"], first["scopes"])
    assert [await reads(http, each["token"]) for each in (first, second)] == [200, 200]
    third = await api.post(f"/v1/api-keys/{second['id']}/rotation", {})
    assert third.status_code == 409
    clock.at += timedelta(days=7)
    assert [await reads(http, each["token"]) for each in (first, second)] == [401, 200]
    dead = await api.post(f"/v1/api-keys/{first['id']}/rotation", {})
    assert (dead.status_code, "revoked or has expired" in dead.text) == (409, True)
    assert (await api.post(f"/v1/api-keys/{second['id']}/rotation", {})).status_code == 201
    made = ["api_key:created", "api_key:created", "api_key:rotated", "api_key:rotated"]
    assert await kinds(services, government) == made


async def test_a_revoked_key_stays_revoked(http, services, government, api, clock):
    made = await make(api)
    assert await reads(http, made["token"]) == 200
    revoked = await api.post(f"/v1/api-keys/{made['id']}/revocation")
    assert datetime.fromisoformat(revoked.json()["revoked_at"]) == NOW
    clock.at += A_WHILE
    assert await reads(http, made["token"]) == 401
    again = await api.post(f"/v1/api-keys/{made['id']}/revocation")
    assert again.json()["revoked_at"] == revoked.json()["revoked_at"]
    assert (await kinds(services, government))[1:] == ["api_key:created", "api_key:revoked"]


async def test_whoever_finds_a_key_can_have_it_revoked(http, services, government, api, clock):
    made = await make(api)
    assert await reads(http, made["token"]) == 200
    answers = [
        await http.post("/v1/api-keys/leaks", json={"token": token})
        for token in (made["token"], made["token"], "sm_live_invented", "x")
    ]
    assert {(each.status_code, each.content) for each in answers} == {(204, b"")}
    clock.at += A_WHILE
    assert await reads(http, made["token"]) == 401
    assert (await kinds(services, government))[1:] == ["api_key:created", "api_key:leaked"]


async def test_another_governments_keys_are_absent(api, other_api):
    made = await make(api)
    for path in ("", "/rotation", "/revocation"):
        sent = {"url": f"/v1/api-keys/{made['id']}{path}"}
        theirs = await (other_api.post(sent["url"], {}) if path else other_api.get(sent["url"]))
        assert theirs.status_code == 404
    assert made["id"] not in (await other_api.get("/v1/api-keys")).text


async def test_a_head_is_told_whom_the_unit_waits_for_and_nothing_else(
    http,
    services,
    government,
    api,
    registry,
    account,
):
    campaign = await make_campaign(api, account)
    path = f"/v1/campaigns/{campaign['id']}/missing-declarations"
    assert (await api.get(path)).json()["items"] == []
    await judge(services, government, campaign)
    whole = (await api.get(path)).json()
    # 7 says nothing; 6 has said that there is no account, and that is an answer.
    assert [each["name"] for each in whole["items"]] == ["Pegawai 7"]
    assert set(whole["items"][0]) == {"id", "name", "unit_id", "unit_name"}
    other = next(
        each["id"]
        for each in (await api.get("/v1/work-units")).json()["items"]
        if each["id"] != whole["items"][0]["unit_id"] and each["code"] != "16"
    )
    head = [Scope.ACCOUNTS_READ, Scope.COMPLIANCE_READ, Scope.EMPLOYEES_READ]
    for unit, names in ((whole["items"][0]["unit_id"], ["Pegawai 7"]), (other, [])):
        token = await key_of(services, government.tenant_id, unit=unit, scopes=head)
        told = (await Api(http, token).get(path)).json()["items"]
        assert [each["name"] for each in told] == names
    said = {"campaign_id": campaign["id"], "duty": "declare", "received_by": "Admin OPD"}
    disputed = {**said, "employee_id": registry["7"], "text": "Sudah."}
    assert (await api.post("/v1/disputes", disputed)).status_code == 201
    assert (await api.get(path)).json()["items"] == []
