"""Tokens that a custodian brings: believed only once the account's own server says whose it is."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.connections import pasting
from app.connections.rules import Subject, SubjectKind
from app.core.logs import configure_logging
from app.identity.scopes import Scope
from app.platforms.base import Platform
from app.platforms.mastodon import MastodonAdapter
from app.platforms.sandbox.faults import Fault
from tests.api.test_compliance import make_campaign, verdicts_of
from tests.api.test_isolation import ABSENT, key_of
from tests.api.test_registry import make_employee
from tests.conftest import make_government
from tests.connecting import Connected, connected_service
from tests.platforms.consenting import HOME, MASTODON_TOKENS, mastodon_id
from tests.support import Api
from tests.workers.scripts import RUNS, everything, list_of, pairs_of, rows, run
from workers.connections import refresh_tenant, refusals_of, tokens_of
from workers.jobs import run_job

TOKEN = MASTODON_TOKENS["humas"]
ELSEWHERE = "https://lain.example/users/humas"
ERROR = {"error": "This action is outside the authorized scopes"}


@pytest.fixture
async def service(services):
    async with connected_service(services) as made:
        yield made


@pytest.fixture
async def humas(service: Connected) -> str:
    return await official(service)


async def official(service: Connected, **more: Any) -> str:
    return await service.official(Platform.MASTODON, account=f"humas@{HOME}", **more)


async def bring(service: Connected, account_id: str, token: Any = TOKEN) -> httpx.Response:
    return await service.api.put(
        f"/v1/official-accounts/{account_id}/connection", {"access_token": token}
    )


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2]


def answering(answers: Callable[[str], tuple[int, Any]]) -> httpx.MockTransport:
    """A server that answers each method of its API as it is told."""

    def answer(request: httpx.Request) -> httpx.Response:
        status, body = answers(request.url.path.rpartition("/")[2])
        kind = {"content-type": "application/json"}
        stream = httpx.ByteStream(json.dumps(body).encode())
        return httpx.Response(status, headers=kind, stream=stream)

    return httpx.MockTransport(answer)


def own(**more: Any) -> dict[str, Any]:
    return {"id": "1", "acct": "humas", "uri": mastodon_id("humas"), **more}


@pytest.mark.parametrize("token", [TOKEN, f"  {TOKEN}\r\n"], ids=["as-it-is", "with-blanks"])
async def test_the_accounts_own_token_connects_it(service: Connected, humas, token):
    answer = await bring(service, humas, token)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["state"], shown["platform"], shown["scopes"]) == ("connected", "mastodon", [])
    assert shown["expires_at"] is None
    assert shown["connected_by"].startswith("api_key:")
    assert shown == await service.state(humas)
    assert await service.changes() == ["connection:created"]
    assert await service.token(Platform.MASTODON, humas) == TOKEN
    account = (await service.api.get(f"/v1/official-accounts/{humas}")).json()
    assert account["platform_id"] == mastodon_id("humas")
    asked = [path.rpartition("/")[2] for path, _ in service.sandbox.transport.seen]
    assert asked == ["verify_credentials", "relationships"]


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        pytest.param(MASTODON_TOKENS["lain"], 409, "token-of-another", id="another-account"),
        pytest.param("invented", 422, "token-not-accepted", id="never-given-out"),
        pytest.param("app-token", 422, "token-too-narrow", id="an-apps-token"),
        pytest.param("two words", 422, "token-not-accepted", id="no-token-at-all"),
        pytest.param("  ", 422, "token-not-accepted", id="blanks"),
        pytest.param("a\u00e9", 422, "token-not-accepted", id="not-ascii"),
        pytest.param("a\r\nX-Evil: 1", 422, "token-not-accepted", id="a-header-of-its-own"),
        pytest.param("", 422, "invalid", id="empty"),
        pytest.param("s" * 4097, 422, "invalid", id="too-long"),
        pytest.param(None, 422, "invalid", id="null"),
    ],
)
async def test_other_tokens_are_refused_and_never_repeated(
    service: Connected, humas, token, status, code
):
    answer = await bring(service, humas, token)
    assert (answer.status_code, code_of(answer)) == (status, code)
    if token and token.strip():
        assert token not in answer.text
    assert (await service.state(humas))["state"] == "none"
    assert await service.rows("SELECT 1 FROM connections") == []
    assert await service.changes() == []


@pytest.mark.parametrize(
    ("answers", "status", "code"),
    [
        pytest.param(
            lambda path: (403, ERROR) if path == "relationships" else (200, own()),
            422,
            "token-too-narrow",
            id="may-not-ask-who-follows",
        ),
        pytest.param(lambda _: (403, ERROR), 422, "token-too-narrow", id="may-not-ask-who-it-is"),
        pytest.param(lambda _: (200, own(acct="lain")), 409, "token-of-another", id="another"),
        pytest.param(
            lambda path: (200, [] if path == "relationships" else own(uri=ELSEWHERE)),
            503,
            "server-silent",
            id="an-id-of-another-server",
        ),
        pytest.param(lambda _: (200, own(suspended=True)), 503, "server-silent", id="suspended"),
        pytest.param(lambda _: (200, {}), 503, "server-silent", id="nothing"),
        pytest.param(lambda _: (500, {}), 503, "server-silent", id="down"),
        pytest.param(lambda _: (200, own()), 503, "server-silent", id="no-list-of-relationships"),
    ],
)
async def test_what_the_server_does_not_confirm_is_not_stored(
    service: Connected, humas, answers, status, code
):
    service.sandbox.transport = answering(answers)  # type: ignore[assignment]
    answer = await bring(service, humas)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert await service.rows("SELECT 1 FROM connections") == []


async def test_the_id_decides_where_it_is_known(service: Connected):
    account_id = await official(service, platform_id=mastodon_id("lain"))
    assert (await bring(service, account_id)).status_code == 409


async def test_an_account_that_is_corrected_meanwhile_keeps_no_token(service: Connected, humas):
    honest = service.sandbox.transport

    class Correcting(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await correct(service, f"lain@{HOME}")
            return await honest.handle_async_request(request)

    service.sandbox.transport = Correcting()  # type: ignore[assignment]
    assert (await bring(service, humas)).status_code == 409
    assert await service.rows("SELECT 1 FROM connections") == []


async def correct(service: Connected, handle: str) -> None:
    async with service.services.database.transaction(service.government.tenant_id) as session:
        await session.execute(text("UPDATE official_accounts SET handle = :it"), {"it": handle})


@pytest.mark.parametrize("platform", [Platform.X, Platform.YOUTUBE], ids=str)
async def test_other_platforms_have_a_consent_page(service: Connected, platform):
    answer = await bring(service, await service.official(platform))
    assert (answer.status_code, code_of(answer)) == (422, "consent-wanted")
    assert "POST" in answer.json()["detail"]
    assert service.sandbox.transport.seen == []


async def test_bluesky_needs_no_connection_at_all(service: Connected):
    account_id = await service.official(Platform.BLUESKY, account="humas.bsky.social")
    assert code_of(await bring(service, account_id)) == "not-connectable"


async def test_asked_for_a_consent_page_mastodon_names_the_other_way(service: Connected, humas):
    answer = await service.api.post(f"/v1/official-accounts/{humas}/connection")
    assert answer.status_code == 422
    assert code_of(answer) == "token-wanted"
    assert "PUT" in answer.json()["detail"]


async def test_only_who_may_change_official_accounts_brings_tokens(service: Connected, humas):
    scopes = [each for each in Scope if each is not Scope.OFFICIAL_ACCOUNTS_WRITE]
    tenant_id = service.government.tenant_id
    path, body = f"/v1/official-accounts/{humas}/connection", {"access_token": TOKEN}
    reader = Api(service.http, await key_of(service.services, tenant_id, scopes=scopes))
    assert (await reader.put(path, body)).status_code == 403
    assert service.sandbox.transport.seen == []


async def test_another_tenant_gets_the_same_404_as_for_nothing(service: Connected, humas):
    other = Api(service.http, (await make_government(service.services, "jambi")).token)
    body = {"access_token": TOKEN}
    theirs = await other.put(f"/v1/official-accounts/{humas}/connection", body)
    nothing = await other.put(f"/v1/official-accounts/{ABSENT}/connection", body)
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.content == nothing.content
    assert service.sandbox.transport.seen == []


async def test_without_keys_nothing_is_asked_or_stored(services):
    async with connected_service(services, token_keys=None) as service:
        answer = await bring(service, await official(service))
        assert (answer.status_code, code_of(answer)) == (409, "not-set-up")
        assert service.sandbox.transport.seen == []


async def test_the_token_is_neither_logged_nor_stored_readably(service: Connected, humas):
    written = io.StringIO()
    path, body = f"/v1/official-accounts/{humas}/connection", {"access_token": TOKEN}
    with redirect_stderr(written):
        configure_logging("DEBUG")
        try:
            made = await service.api.put(path, body, Idempotency_Key="sekali")
            again = await service.api.put(path, {**body, TOKEN: "x", "access_token": 7})
        finally:
            configure_logging("ERROR")
    assert made.status_code == 200
    assert again.status_code == 422
    assert TOKEN not in made.text
    assert "connected" in written.getvalue()
    stored = await everything(service.services, service.government)
    assert f"humas@{HOME}" in stored
    for secret in (TOKEN, TOKEN.encode().hex()):
        assert secret not in written.getvalue()
        assert secret not in stored


async def test_the_documentation_takes_it_for_a_password(service: Connected):
    schemas = (await service.http.get("/openapi.json")).json()["components"]["schemas"]
    token = schemas["TokenIn"]["properties"]["access_token"]
    assert (token["format"], token["writeOnly"]) == ("password", True)


async def test_a_later_token_takes_the_place_of_the_first(service: Connected, humas):
    assert (await bring(service, humas)).status_code == 200
    assert (await bring(service, humas, MASTODON_TOKENS["lain"])).status_code == 409
    assert await service.token(Platform.MASTODON, humas) == TOKEN
    assert (await bring(service, humas)).status_code == 200
    assert len(await service.rows("SELECT 1 FROM connections")) == 1


async def test_nothing_renews_it_and_it_is_forgotten_on_demand(service: Connected, humas, clock):
    await bring(service, humas)
    clock.at += timedelta(days=300)
    sent = len(service.sandbox.transport.seen)
    await refresh_tenant(service.services, service.sandbox.access, service.government.tenant_id)
    assert await service.token(Platform.MASTODON, humas, ahead=True) == TOKEN
    answer = await service.api.delete(f"/v1/official-accounts/{humas}/connection")
    assert answer.status_code == 204
    assert (await service.state(humas))["state"] == "none"
    assert len(service.sandbox.transport.seen) == sent


async def work(service: Connected, job: Any) -> None:
    """Run a job as a worker does whose Mastodon is the sandbox."""
    await run(
        service.services,
        MastodonAdapter(service.sandbox.access(Platform.MASTODON)),
        job,
        token_of=tokens_of(service.services, service.sandbox.access, SubjectKind.OFFICIAL_ACCOUNT),
        refused=refusals_of(service.services),
    )


@pytest.fixture
async def people(service: Connected, humas) -> dict[str, str]:
    """Two employees with attested accounts who are asked to follow."""
    unit = await service.api.post("/v1/work-units", {"code": "16", "name": "Provinsi"})
    made: dict[str, str] = {}
    for number, name in enumerate(("ikut", "tidak"), start=1):
        employee = await make_employee(service.api, unit.json(), number)
        body = {"account": f"{name}@{HOME}", "platform": "mastodon"}
        declared = await service.api.post(f"/v1/employees/{employee['id']}/accounts", body)
        word = {"method": "attestation", "attested_on": "2026-11-01"}
        await service.api.post(f"/v1/accounts/{declared.json()['id']}/verification", word)
        made[name] = employee["id"]
    await make_campaign(service.api, {"id": humas}, duties=[{"kind": "follow"}])
    return made


async def test_from_the_token_to_the_verdict(service: Connected, humas, people):
    job = pairs_of(service.government, {"id": humas})
    await work(service, job)
    logged = await rows(service.services, service.government.tenant_id, RUNS)
    assert [(each.outcome, each.reason) for each in logged] == [
        ("credentials_bad", "not connected")
    ]
    await bring(service, humas)
    await work(service, job)
    await run_job(service.services, "evaluate_all", b"{}", 0)
    found = {name: (await verdicts_of(service.api, people[name]))["follow"] for name in people}
    assert {name: (each["verdict"], each["reason"]) for name, each in found.items()} == {
        "ikut": ("met", "pair_positive"),
        "tidak": ("unmet", "pair_negative"),
    }


@pytest.mark.parametrize("ask", [pairs_of, list_of], ids=["pairs", "list"])
async def test_a_token_that_the_server_refuses_later_needs_its_custodian(
    service: Connected, humas, people, ask
):
    await bring(service, humas)
    service.sandbox.spoil(Platform.MASTODON, Fault.EXPIRED_TOKEN, times=9)
    await work(service, ask(service.government, {"id": humas}))
    shown = await service.state(humas)
    assert (shown["state"], shown["loss_reason"]) == ("needs_reauth", "grant_refused")
    assert await service.changes() == ["connection:created", "connection:lost"]
    assert await service.token(Platform.MASTODON, humas) is None
    service.sandbox.faults.clear()
    assert (await bring(service, humas)).json()["state"] == "connected"


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMITED, Fault.LOGIN_PAGE])
async def test_a_server_in_trouble_costs_no_token(service: Connected, humas, people, fault):
    await bring(service, humas)
    service.sandbox.spoil(Platform.MASTODON, fault, times=9)
    await work(service, pairs_of(service.government, {"id": humas}))
    assert (await service.state(humas))["state"] == "connected"


async def test_a_refusal_of_an_older_token_costs_not_the_newer_one(service: Connected, humas):
    await bring(service, humas)
    subject = Subject(SubjectKind.OFFICIAL_ACCOUNT, UUID(humas))
    tenant_id = service.government.tenant_id
    await pasting.give_up(service.services, tenant_id, subject, "an older one")
    await pasting.give_up(service.services, tenant_id, replace(subject, id=UUID(ABSENT)), TOKEN)
    assert (await service.state(humas))["state"] == "connected"


async def test_what_can_be_renewed_is_not_given_up(service: Connected):
    account_id = await service.connect(Platform.X)
    token = await service.token(Platform.X, account_id)
    assert token is not None
    subject = Subject(SubjectKind.OFFICIAL_ACCOUNT, UUID(account_id))
    await pasting.give_up(service.services, service.government.tenant_id, subject, token)
    assert (await service.state(account_id))["state"] == "connected"
