"""Integrasi: secrets are shown once, and nowhere after."""

import re

from pydantic import SecretStr

from app.identity.scopes import Role
from app.settings import Settings
from tests.connecting import KEYS
from tests.support import Api

URL = "https://simpeg.example.go.id/kait"
TOKEN = re.compile(r"<code>(sm_live_[A-Za-z0-9_-]+)</code>")


async def test_a_key_is_made_shown_once_exchanged_and_revoked(api, http, signed_in, units):
    browser = await signed_in(Role.BKD_ADMIN)
    fields = {"name": "Grafana <b>kami</b>", "scopes": ["official_accounts:read"]}
    made = await browser.send("/integrasi/kunci", **fields)
    assert made.status_code == 200, made.text
    found = TOKEN.search(made.text)
    assert found is not None
    token = found[1]
    assert "<b>kami" not in made.text
    assert (await Api(http, token).get("/v1/official-accounts")).status_code == 200
    assert (await Api(http, token).get("/v1/campaigns")).status_code == 403
    assert token not in (await browser.get("/integrasi")).text
    keys = (await api.get("/v1/api-keys", limit=200)).json()["items"]
    [key] = [each for each in keys if each["name"].startswith("Grafana")]
    exchanged = await browser.send(f"/integrasi/kunci/{key['id']}/ganti")
    second = TOKEN.search(exchanged.text)
    assert second is not None
    assert second[1] != token
    revoked = await browser.send(f"/integrasi/kunci/{key['id']}/cabut")
    assert revoked.status_code == 303
    told = {each["id"]: each for each in (await api.get("/v1/api-keys", limit=200)).json()["items"]}
    assert told[key["id"]]["revoked_at"] is not None
    assert [each["revoked_at"] for each in told.values()].count(None) == len(told) - 1
    assert (await Api(http, second[1]).get("/v1/official-accounts")).status_code == 200


async def test_a_key_without_rights_is_refused_and_the_name_kept(signed_in, units):
    browser = await signed_in(Role.BKD_ADMIN)
    refused = await browser.send("/integrasi/kunci", name="SIMPEG")
    assert refused.status_code == 422
    assert 'id="scopes-mistake"' in refused.text
    assert 'value="SIMPEG"' in refused.text
    assert TOKEN.search(refused.text) is None


async def test_a_webhook_is_added_stopped_and_goes_on(api, services, signed_in, units):
    without = await signed_in(Role.BKD_ADMIN)
    refused = await without.send("/integrasi/webhook", name="SIMPEG", url=URL)
    # An operator has to set a key first; what was typed is not lost.
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    assert f'value="{URL}"' in refused.text
    services.settings = Settings(token_keys=SecretStr(KEYS))
    browser = await signed_in(Role.BKD_ADMIN)
    inside = await browser.send("/integrasi/webhook", name="Dalam", url="https://127.0.0.1/x")
    assert (inside.status_code, 'id="url-mistake"' in inside.text) == (422, True)
    made = await browser.send("/integrasi/webhook", name="SIMPEG", url=URL)
    assert made.status_code == 200, made.text
    [hook] = (await api.get("/v1/webhooks")).json()["items"]
    secret = re.search(r"<code>(whsec_[^<]+)</code>", made.text)
    assert secret is not None
    assert secret[1] not in (await browser.get("/integrasi")).text
    path = f"/integrasi/webhook/{hook['id']}"
    page = await browser.get(path)
    assert "Belum ada pengiriman" in page.text
    for enabled in ("", "1"):
        version = re.search(r'name="version" value="([^"]*)"', (await browser.get(path)).text)
        assert version is not None
        told = version[1].replace("&#34;", '"')
        done = await browser.send(f"{path}/nyala", version=told, enabled=enabled)
        assert done.status_code == 303, done.text
        now = (await api.get(f"/v1/webhooks/{hook['id']}")).json()
        assert now["enabled"] is bool(enabled)


async def test_who_may_not_sees_no_keys(signed_in, units):
    auditor = await signed_in(Role.AUDITOR)
    page = await auditor.get("/integrasi")
    assert (page.status_code, 'method="post" action="/integrasi' in page.text) == (200, False)
    assert (await auditor.send("/integrasi/kunci", name="x", scopes="keys:read")).status_code == 403
    humas = await signed_in(Role.HUMAS_OFFICER)
    assert 'href="/integrasi"' not in (await humas.get("/ringkasan")).text
