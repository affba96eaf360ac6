"""Endpoints over HTTP: kept, sealed, edited by version, invisible to others, never inward."""

import base64

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from app.cli.connections import reseal_all
from app.core.crypto import keys_of
from app.webhooks.delivering import courier
from app.webhooks.rules import DeliveryTrouble, Reach
from app.webhooks.service import ENDPOINTS_AT_MOST
from tests.api.test_api_keys import make as make_key
from tests.connecting import KEYS
from tests.support import Api
from tests.workers.scripts import everything

from .receiving import Hooked, message_to

INTO_OUR_NETWORK = ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.5"]


async def test_a_secret_is_answered_once_and_stored_sealed(hooked: Hooked):
    secret = hooked.hook["secret"]
    path = f"/v1/webhooks/{hooked.hook['id']}"
    shown = await hooked.api.get(path)
    listed = await hooked.api.get("/v1/webhooks")
    assert listed.json()["items"] == [shown.json()]
    assert shown.headers["etag"] == '"1"'
    for answer in (shown, listed):
        assert "secret" not in answer.json()
        assert secret not in answer.text
    kept = await everything(hooked.services, hooked.government)
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert hooked.hook["id"] in kept
    assert secret not in kept
    assert raw.hex() not in kept


async def test_secrets_are_sealed_anew_under_the_next_key(hooked: Hooked):
    await hooked.api.post(f"/v1/webhooks/{hooked.hook['id']}/secret", {})
    await hooked.make()
    next_keys = f"k2:{base64.b64encode(b'2' * 32).decode()},{KEYS}"
    settings = hooked.services.settings
    settings.token_keys = SecretStr(next_keys)
    assert await reseal_all(settings) == (2, 0)
    assert await reseal_all(settings) == (0, 0)
    settings.token_keys = SecretStr(next_keys.partition(",")[0])
    assert keys_of(settings).current == "k2"
    await hooked.change()
    await hooked.deliver()
    assert hooked.receiver.got[0].signed_by(hooked.hook["secret"])
    # Without its key a message is put off, and not sent without a signature.
    settings.token_keys = SecretStr(KEYS)
    await hooked.change()
    await hooked.deliver()
    assert (await hooked.deliveries())[-1]["trouble"] == "secret_unreadable"
    assert len(hooked.receiver.got) == 1


async def test_an_edit_names_the_version_that_it_was_made_from(hooked: Hooked):
    path = f"/v1/webhooks/{hooked.hook['id']}"
    assert (await hooked.api.patch(path, {"name": "Lain"})).status_code == 428
    assert (await hooked.api.patch(path, {"name": "Lain"}, etag='"7"')).status_code == 412
    edited = await hooked.api.patch(path, {"name": "Lain", "enabled": False}, etag='"1"')
    assert (edited.json()["name"], edited.json()["disabled"]) == ("Lain", "officer")
    assert edited.headers["etag"] == '"2"'
    await hooked.change()
    await hooked.deliver()
    assert hooked.receiver.got == []
    inward = await hooked.api.patch(path, {"url": "https://localhost/"}, etag='"2"')
    assert inward.status_code == 422
    assert (await hooked.api.delete(path)).status_code == 204
    assert (await hooked.api.get(path)).status_code == 404
    assert await hooked.rows("SELECT id FROM webhook_deliveries") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"name": "Lain"}),
        ("DELETE", "", None),
        ("POST", "/secret", {}),
        ("GET", "/deliveries", None),
        ("POST", "/redeliver", {"dead_since": "2026-01-01T00:00:00Z"}),
    ],
)
async def test_another_government_sees_nothing_of_it(
    hooked: Hooked, http, other_government, method, path, body
):
    headers = {"Authorization": f"Bearer {other_government.token}", "If-Match": '"1"'}
    whole = f"/v1/webhooks/{hooked.hook['id']}{path}"
    answer = await http.request(method, whole, json=body, headers=headers)
    assert answer.status_code == 404
    assert (await Api(http, other_government.token).get("/v1/webhooks")).json()["items"] == []
    assert (await hooked.show())["version"] == 1


async def test_reading_is_not_writing(hooked: Hooked, http):
    reader = Api(http, (await make_key(hooked.api, scopes=["webhooks:read"]))["token"])
    assert (await reader.get("/v1/webhooks")).status_code == 200
    assert (await reader.delete(f"/v1/webhooks/{hooked.hook['id']}")).status_code == 403


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"url": "https://169.254.169.254/latest"}, "/body/url", "host"),
        ({"url": "https://simpeg/kabar"}, "/body/url", "host"),
        ({"url": "https://a:b@simpeg.example.go.id/"}, "/body/url", "credentials"),
        ({"url": "ftp://simpeg.example.go.id/"}, "/body/url", "scheme"),
        ({"kinds": ["session:opened"]}, "/body/kinds", "kind"),
        ({"kinds": ["sesuatu"]}, "/body/kinds/0", "enum"),
    ],
)
async def test_what_cannot_be_an_endpoint(hooked: Hooked, fields, pointer, code):
    body = {"name": "X", "url": "https://simpeg.example.go.id/", **fields}
    refused = await hooked.api.post("/v1/webhooks", body)
    assert refused.status_code == 422
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]


async def test_there_are_not_more_endpoints_than_can_be_looked_after(hooked: Hooked):
    for _ in range(ENDPOINTS_AT_MOST - 1):
        await hooked.make()
    body = {"name": "X", "url": "https://simpeg.example.go.id/"}
    assert (await hooked.api.post("/v1/webhooks", body)).status_code == 409


@pytest.mark.parametrize("address", INTO_OUR_NETWORK)
async def test_a_name_that_leads_into_our_network_is_not_followed(hooked: Hooked, address):
    port = hooked.receiver.url.rpartition(":")[2].partition("/")[0]
    looked_up = []

    async def resolve(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["93.184.215.14", address]

    reach = Reach(http=True, private_hosts=frozenset())
    message = message_to(f"http://simpeg.example.go.id:{port}/kabar")
    async with courier(reach, hooked.clock, resolve) as carrier:
        assert await carrier.carry(message) is DeliveryTrouble.ADDRESS_REFUSED
    assert looked_up == ["simpeg.example.go.id"]
    assert hooked.receiver.got == []


async def test_a_host_of_an_own_network_is_reached_where_the_operator_names_it(hooked: Hooked):
    port = hooked.receiver.url.rpartition(":")[2].partition("/")[0]
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def resolve(_: str, __: int) -> list[str]:
        return answers.pop(0)

    message = message_to(f"http://simpeg.internal:{port}/kabar")
    reach = Reach(http=True, private_hosts=frozenset({"simpeg.internal"}))
    async with courier(reach, hooked.clock, resolve) as carrier:
        assert await carrier.carry(message) == 204
    # The address that was judged is the one that is connected to, and the name stays as it is.
    assert hooked.receiver.got[0].headers["host"] == f"simpeg.internal:{port}"
    async with courier(reach, hooked.clock, resolve) as carrier:
        assert await carrier.carry(message) is DeliveryTrouble.ADDRESS_REFUSED
    nothing = Reach(http=False, private_hosts=frozenset({"simpeg.internal"}))
    async with courier(nothing, hooked.clock, resolve) as carrier:
        assert await carrier.carry(message) is DeliveryTrouble.ADDRESS_REFUSED
    assert len(hooked.receiver.got) == 1


async def test_an_endpoint_ahead_of_a_restored_database_waits_for_an_officer(hooked: Hooked):
    async with hooked.services.database.transaction(hooked.government.tenant_id) as session:
        ahead = "UPDATE webhook_endpoints SET position_transaction = position_transaction + 100000"
        await session.execute(text(ahead))
    await hooked.change()
    await hooked.deliver()
    shown = await hooked.show()
    assert shown["disabled"] == "restored"
    path = f"/v1/webhooks/{hooked.hook['id']}"
    await hooked.api.patch(path, {"enabled": True}, etag=f'"{shown["version"]}"')
    wanted = await hooked.change()
    await hooked.deliver()
    assert hooked.receiver.subjects() == wanted
