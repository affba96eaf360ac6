"""Kampanye by form: whom it would address first, and only then the campaign."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import re

import pytest

from app.identity.scopes import Role
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.support import nip

FORM = {
    "title": "Ikuti <b>akun</b> resmi",
    "legal_basis": "Surat Edaran Gubernur",
    "document_number": "555/1/2026",
    "starts_at": "2026-12-01",
    "ends_at": "2026-12-31",
    "expected_gain": "6.750",
    "grace_days": "7",
    "declare": "1",
    "follow": "1",
    "mode": "any",
    "platforms": "instagram",
    "categories": ["pppk"],
}


async def titles(api) -> list[str]:
    return [each["title"] for each in (await api.get("/v1/campaigns")).json()["items"]]


async def test_whom_it_addresses_is_seen_before_it_is_created(api, signed_in, account):
    browser = await signed_in(Role.BKD_ADMIN)
    typed = {**FORM, "official_account_ids": account["id"]}
    seen = await browser.send("/kampanye/baru", **typed)
    assert seen.status_code == 200, seen.text
    assert "mengajak 8 pegawai" in seen.text
    assert await titles(api) == []
    assert 'value="6.750"' in seen.text
    assert "<b>akun" not in seen.text
    made = await browser.send("/kampanye/baru", **typed, agreed="1")
    assert made.status_code == 303, made.text
    [campaign] = (await api.get("/v1/campaigns")).json()["items"]
    assert made.headers["location"] == f"/kampanye/{campaign['id']}"
    # The last day is the whole day, on the clocks of Jakarta.
    assert (campaign["starts_at"], campaign["ends_at"]) == (
        "2026-11-30T17:00:00Z",
        "2026-12-31T17:00:00Z",
    )
    assert (campaign["expected_gain"], campaign["grace_days"]) == (6750, 7)
    assert [each["kind"] for each in campaign["duties"]] == ["declare", "follow"]
    shown = await browser.get(f"/kampanye/{campaign['id']}")
    assert "555/1/2026" in shown.text
    assert "&lt;b&gt;akun&lt;/b&gt;" in shown.text
    assert FORM["title"] not in shown.text
    listed = await browser.get("/kampanye")
    assert f'href="/kampanye/{campaign["id"]}"' in listed.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"legal_basis": ""}, "legal_basis"),
        ({"document_number": " "}, "document_number"),
        ({"starts_at": "besok"}, "starts_at"),
        ({"expected_gain": "banyak"}, "expected_gain"),
        ({"declare": "", "follow": ""}, "duties"),
        ({"official_account_ids": []}, "official_account_ids"),
        ({"categories": ["pns"]}, "cohort"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    api, signed_in, account, change, field
):
    browser = await signed_in(Role.BKD_ADMIN)
    typed = {**FORM, "official_account_ids": account["id"], **change}
    refused = await browser.send("/kampanye/baru", **typed)
    assert refused.status_code == 422
    assert f'id="{field}-mistake"' in refused.text
    assert "Surat Edaran" in refused.text or field == "legal_basis"
    assert await titles(api) == []


async def test_reminders_are_switched_by_a_named_officer(api, signed_in, account):
    campaign = await make_campaign(api, account)
    path = f"/kampanye/{campaign['id']}"
    browser = await signed_in(Role.BKD_ADMIN)
    page = await browser.get(path)
    assert "Pengingat dimatikan" in page.text
    found = re.search(r'name="version" value="([^"]*)"', page.text)
    assert found is not None
    version = found[1].replace("&#34;", '"')
    refused = await browser.send(f"{path}/pengingat", version=version, enabled="1", set_by="")
    assert (refused.status_code, 'id="set_by-mistake"' in refused.text) == (422, True)
    done = await browser.send(f"{path}/pengingat", version=version, enabled="1", set_by="Siti")
    assert done.status_code == 303, done.text
    plan = (await api.get(f"/v1/campaigns/{campaign['id']}/reminders")).json()
    assert (plan["enabled"], plan["set_by"]) == (True, "Siti")
    # Somebody else has changed it meanwhile.
    late = await browser.send(f"{path}/pengingat", version=version, enabled="", set_by="Siti")
    assert late.status_code == 412


@pytest.mark.parametrize("role", [Role.EXECUTIVE, Role.AUDITOR])
async def test_who_only_reads_is_shown_no_form(api, signed_in, account, role):
    campaign = await make_campaign(api, account)
    browser = await signed_in(role)
    assert "/kampanye/baru" not in (await browser.get("/kampanye")).text
    assert (
        'method="post" action="/kampanye'
        not in (await browser.get(f"/kampanye/{campaign['id']}")).text
    )
    refused = await browser.send("/kampanye/baru", **FORM, official_account_ids=account["id"])
    assert refused.status_code == 403


async def test_a_preview_stores_nothing(api, account):
    body = {
        "title": "Coba", "legal_basis": "SE", "document_number": "1",
        "starts_at": "2026-12-01T00:00:00Z", "ends_at": "2026-12-31T00:00:00Z",
        "expected_gain": 8, "duties": [{"kind": "follow"}],
        "official_account_ids": [account["id"]],
    }  # fmt: skip
    told = await api.post("/v1/campaigns/preview", body)
    assert told.json() == {"cohort_size": 8, "by_category": {"pppk": 8}}
    people = (await api.post("/v1/employees/lookup", {"nips": [nip(7)]})).json()["items"]
    assert people[0]["declaration"] == "not_asked"
    assert await titles(api) == []
    empty = await api.post("/v1/campaigns/preview", {**body, "cohort": {"categories": ["pns"]}})
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "empty")
