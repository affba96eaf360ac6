"""Connecting accounts over HTTP: whose consent is believed, what is stored, and what is shown."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from app.connections.connecting import LIFETIME
from app.connections.rules import SubjectKind
from app.identity import service as identity
from app.identity.scopes import Scope
from app.platforms.base import Platform
from app.platforms.sandbox.faults import Fault
from tests.api.test_isolation import ABSENT, key_of
from tests.api.test_registry import make_employee
from tests.conftest import make_government
from tests.connecting import Connected, connected_service
from tests.platforms.consenting import HOST, IDS, OTHERS, PLATFORMS, handle_of
from tests.support import NOW, Api
from workers.connections import refresh_tenant, tokens_of

EACH = pytest.mark.parametrize("platform", PLATFORMS, ids=str)


@pytest.fixture
async def service(services):
    async with connected_service(services) as made:
        yield made


def asked(answer) -> dict[str, str]:
    query = urlsplit(answer.json()["authorize_url"]).query
    return {name: values[0] for name, values in parse_qs(query).items()}


@EACH
async def test_an_official_account_is_connected(service: Connected, platform):
    account_id = await service.official(platform)
    assert (await service.state(account_id))["state"] == "none"
    page = await service.consented(f"/v1/official-accounts/{account_id}", **{"as": IDS[platform]})
    assert page.status_code == 200
    assert "terhubung" in page.text
    shown = await service.state(account_id)
    assert shown["state"] == "connected"
    assert shown["connected_at"] == NOW.isoformat().replace("+00:00", "Z")
    assert shown["connected_by"].startswith("api_key:")
    # Threads does not say which scopes were granted.
    assert bool(shown["scopes"]) is (platform is not Platform.THREADS)
    assert await service.changes() == ["connection:created"]
    assert await service.token(platform, account_id)


async def test_the_stable_id_is_learned_where_ids_are_the_same_for_every_app(service: Connected):
    for platform in (Platform.X, Platform.TIKTOK):
        account_id = await service.connect(platform)
        account = (await service.api.get(f"/v1/official-accounts/{account_id}")).json()
        expected = IDS[platform] if platform is Platform.X else None
        assert account["platform_id"] == expected


@EACH
async def test_the_consent_of_another_account_is_refused(service: Connected, platform):
    account_id = await service.official(platform)
    path = f"/v1/official-accounts/{account_id}"
    page = await service.consented(path, **{"as": OTHERS[platform]})
    assert page.status_code == 409
    assert "akun lain" in page.text
    assert (await service.state(account_id))["state"] == "none"
    assert await service.rows("SELECT 1 FROM connections") == []
    assert await service.changes() == []


async def test_the_id_decides_where_it_is_known(service: Connected):
    account_id = await service.official(Platform.X, platform_id=OTHERS[Platform.X])
    path = f"/v1/official-accounts/{account_id}"
    assert (await service.consented(path, **{"as": IDS[Platform.X]})).status_code == 409
    # The account was renamed since: its id tells that it is the same.
    assert (await service.consented(path, **{"as": OTHERS[Platform.X]})).status_code == 200


async def test_of_several_pages_the_right_one_is_kept(service: Connected):
    account_id = await service.official(Platform.FACEBOOK)
    page = await service.consented(f"/v1/official-accounts/{account_id}")
    assert page.status_code == 200
    [row] = await service.rows("SELECT platform_id FROM connections")
    assert row.platform_id == IDS[Platform.FACEBOOK]


async def test_a_state_is_good_once_and_for_ten_minutes(service: Connected, clock):
    account_id = await service.official(Platform.X)
    begun = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    back = await service.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    clock.at = NOW + LIFETIME
    assert (await service.returned(back)).status_code == 400
    assert service.sandbox.transport.seen == []
    begun = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    back = await service.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    assert (await service.returned(back)).status_code == 200
    sent = len(service.sandbox.transport.seen)
    assert (await service.returned(back)).status_code == 400
    assert len(service.sandbox.transport.seen) == sent


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"state": "invented", "code": "c"},
        {"code": "c"},
        {"state": "x" * 5000, "code": "c"},
        {"state": "\x00", "code": "c"},
        {"error": "access_denied"},
    ],
    ids=["nothing", "invented", "no-state", "long", "nul", "denied-without-state"],
)
async def test_other_states_are_refused(service: Connected, query):
    page = await service.returned(query)
    assert page.status_code == 400
    assert service.sandbox.transport.seen == []


async def test_a_denied_consent_is_no_connection_and_uses_the_state_up(service: Connected):
    account_id = await service.official(Platform.TIKTOK)
    begun = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    back = await service.sandbox.consent(begun.json()["authorize_url"], deny="1")
    page = await service.returned(back)
    assert page.status_code == 403
    assert "Izin tidak diberikan" in page.text
    assert (await service.returned({"state": back["state"], "code": "c"})).status_code == 400
    assert (await service.state(account_id))["state"] == "none"


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.SERVER_ERROR, 503), (Fault.RATE_LIMITED, 503), (Fault.EXPIRED_TOKEN, 502)],
    ids=["down", "patience", "code-refused"],
)
async def test_a_platform_that_fails_leaves_nothing(service: Connected, fault, status):
    account_id = await service.official(Platform.X)
    service.sandbox.spoil(Platform.X, fault)
    path = f"/v1/official-accounts/{account_id}"
    assert (await service.consented(path, **{"as": IDS[Platform.X]})).status_code == status
    assert (await service.state(account_id))["state"] == "none"


async def test_the_page_holds_nothing_of_the_request(service: Connected):
    page = await service.returned({"state": "<script>s</script>", "code": "the-code"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "script" not in page.text
    assert "the-code" not in page.text
    assert '<html lang="id">' in page.text


@pytest.mark.parametrize("gone", ["revoked", "expired"])
async def test_a_consent_for_a_caller_who_is_gone_is_not_kept(service: Connected, clock, gone):
    account_id = await service.official(Platform.X)
    tenant_id = service.government.tenant_id
    token = await key_of(service.services, tenant_id, lifetime=timedelta(minutes=5))
    begun = await Api(service.http, token).post(f"/v1/official-accounts/{account_id}/connection")
    back = await service.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    if gone == "revoked":
        async with service.services.database.transaction(tenant_id) as session:
            await identity.revoke_key(session, tenant_id, token[:12], now=NOW)
    else:
        clock.at = NOW + timedelta(minutes=5)
    assert (await service.returned(back)).status_code == 403
    assert await service.rows("SELECT 1 FROM connections") == []


async def test_a_consent_for_a_caller_who_may_no_longer_ask_is_not_kept(service: Connected):
    account_id = await service.official(Platform.X)
    begun = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    back = await service.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    async with service.services.database.transaction(service.government.tenant_id) as session:
        await session.execute(text("UPDATE api_keys SET scopes = '{official_accounts:read}'"))
    assert (await service.returned(back)).status_code == 403
    assert service.sandbox.transport.seen == []


async def test_neither_state_nor_verifier_nor_token_is_stored_readably(service: Connected):
    account_id = await service.official(Platform.X)
    begun = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
    state = asked(begun)["state"]
    assert asked(begun)["code_challenge_method"] == "S256"
    stored = str(await service.rows("SELECT CAST(a AS text) FROM connection_attempts AS a"))
    assert state not in stored
    assert state.encode().hex() not in stored
    back = await service.sandbox.consent(begun.json()["authorize_url"], **{"as": IDS[Platform.X]})
    await service.returned(back)
    assert await service.rows("SELECT 1 FROM connection_attempts") == []
    token = await service.token(Platform.X, account_id)
    [row] = await service.rows("SELECT CAST(c AS text) AS text, key_id FROM connections AS c")
    assert token
    assert token not in row.text
    assert token.encode().hex() not in row.text
    assert row.key_id == "k1"
    everything = str(await service.rows("SELECT facts FROM changes")) + str(
        (await service.api.get(f"/v1/official-accounts/{account_id}/connection")).text
    )
    assert token not in everything


async def test_a_connection_is_forgotten_and_revoked(service: Connected):
    account_id = await service.connect(Platform.X)
    token = await service.token(Platform.X, account_id)
    async with httpx.AsyncClient(
        transport=service.sandbox.transport,
        base_url=HOST,
        headers={"Authorization": f"Bearer {token}"},
    ) as x:
        assert (await x.get("/oauth/x/2/users/me")).status_code == 200
        answer = await service.api.delete(f"/v1/official-accounts/{account_id}/connection")
        assert answer.status_code == 204
        assert (await x.get("/oauth/x/2/users/me")).status_code == 401
    assert (await service.state(account_id))["state"] == "none"
    assert await service.token(Platform.X, account_id) is None
    assert await service.changes() == ["connection:created", "connection:removed"]
    again = await service.api.delete(f"/v1/official-accounts/{account_id}/connection")
    assert again.status_code == 204
    assert await service.changes() == ["connection:created", "connection:removed"]


async def test_metas_grant_is_left_alone_since_other_accounts_hang_on_it(service: Connected):
    account_id = await service.connect(Platform.FACEBOOK)
    sent = len(service.sandbox.transport.seen)
    answer = await service.api.delete(f"/v1/official-accounts/{account_id}/connection")
    assert answer.status_code == 204
    assert len(service.sandbox.transport.seen) == sent
    assert await service.token(Platform.FACEBOOK, account_id) is None


async def test_forgetting_does_not_depend_on_the_platform(service: Connected):
    account_id = await service.connect(Platform.X)
    service.sandbox.spoil(Platform.X, Fault.SERVER_ERROR)
    answer = await service.api.delete(f"/v1/official-accounts/{account_id}/connection")
    assert answer.status_code == 204
    assert await service.rows("SELECT 1 FROM connections") == []


async def test_what_is_not_set_up_is_said(services):
    async with connected_service(services, token_keys=None) as service:
        account_id = await service.official(Platform.X)
        refused = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
        assert refused.status_code == 409
        assert "SIMEDSOS_TOKEN_KEYS" in refused.json()["detail"]
        page = await service.returned({"state": "s", "code": "c"})
        assert page.status_code == 503


async def test_a_missing_app_is_said(services):
    async with connected_service(services, x_client_secret=None) as service:
        account_id = await service.official(Platform.X)
        refused = await service.api.post(f"/v1/official-accounts/{account_id}/connection")
        assert refused.status_code == 409
        assert "SIMEDSOS_X_CLIENT_SECRET" in refused.json()["detail"]


async def test_platforms_without_oauth_are_refused(service: Connected):
    made = await service.api.post(
        "/v1/official-accounts",
        {"account": "@pemprov@sosial.example", "name": "P", "owner_kind": "office"}
        | {"platform": "mastodon"},
    )
    path = f"/v1/official-accounts/{made.json()['id']}/connection"
    refused = await service.api.post(path)
    assert refused.status_code == 422
    assert "mastodon" in refused.json()["detail"]
    assert (await service.api.get(path)).json()["state"] == "none"


async def test_another_government_sees_no_connection(service: Connected):
    account_id = await service.connect(Platform.X)
    other = await make_government(service.services, "jambi")
    theirs = Api(service.http, other.token)
    for wanted in (account_id, ABSENT):
        path = f"/v1/official-accounts/{wanted}/connection"
        for answer in (
            await theirs.get(path),
            await theirs.post(path),
            await theirs.delete(path),
        ):
            assert answer.status_code == 404
    assert (await service.state(account_id))["state"] == "connected"
    async with service.services.database.transaction(other.tenant_id) as session:
        assert await session.scalar(text("SELECT count(*) FROM connections")) == 0


async def test_the_right_scope_is_needed(service: Connected):
    account_id = await service.official(Platform.X)
    tenant_id = service.government.tenant_id
    reader = Api(
        service.http,
        await key_of(service.services, tenant_id, scopes=[Scope.OFFICIAL_ACCOUNTS_READ]),
    )
    path = f"/v1/official-accounts/{account_id}/connection"
    assert (await reader.get(path)).status_code == 200
    assert (await reader.post(path)).status_code == 403
    assert (await reader.delete(path)).status_code == 403


@pytest.fixture
async def consent(service: Connected):
    """The address of an employee's YouTube account, and of the account itself."""
    unit = (await service.api.post("/v1/work-units", {"code": "16", "name": "Sumsel"})).json()
    employee = await make_employee(service.api, unit)
    made = await service.api.post(
        f"/v1/employees/{employee['id']}/accounts",
        {"account": f"https://www.youtube.com/@{handle_of(Platform.YOUTUBE)}"},
    )
    assert made.status_code == 201, made.text
    return f"/v1/accounts/{made.json()['id']}"


async def test_an_employee_consents_and_withdraws(service: Connected, consent):
    page = await service.consented(consent, **{"as": IDS[Platform.YOUTUBE]})
    assert page.status_code == 200
    shown = (await service.api.get(f"{consent}/connection")).json()
    assert shown["state"] == "connected"
    assert shown["platform"] == "youtube"
    assert (await service.api.delete(f"{consent}/connection")).status_code == 204
    assert (await service.api.get(f"{consent}/connection")).json()["state"] == "none"
    assert await service.rows("SELECT 1 FROM connections") == []
    assert [path for path, _ in service.sandbox.transport.seen][-1] == "/oauth/youtube/revoke"


async def test_a_withdrawal_also_ends_a_consent_under_way(service: Connected, consent):
    begun = await service.api.post(f"{consent}/connection")
    back = await service.sandbox.consent(
        begun.json()["authorize_url"], **{"as": IDS[Platform.YOUTUBE]}
    )
    await service.api.delete(f"{consent}/connection")
    assert (await service.returned(back)).status_code == 400


async def test_a_colleagues_consent_is_refused(service: Connected, consent):
    page = await service.consented(consent, **{"as": OTHERS[Platform.YOUTUBE]})
    assert page.status_code == 409
    assert await service.rows("SELECT 1 FROM connections") == []


async def test_a_corrected_account_needs_a_new_consent(service: Connected, consent, clock):
    await service.consented(consent, **{"as": IDS[Platform.YOUTUBE]})
    clock.at = NOW + timedelta(hours=1)
    etag = (await service.api.get(consent)).headers["etag"]
    corrected = await service.api.patch(consent, {"account": "@orang_lain"}, etag=etag)
    assert corrected.status_code == 200, corrected.text
    assert (await service.api.get(f"{consent}/connection")).json()["state"] == "none"


async def test_only_youtube_asks_employees_for_consent(service: Connected, consent):
    employee = (await service.api.get(consent)).json()["employee_id"]
    made = await service.api.post(
        f"/v1/employees/{employee}/accounts", {"account": "https://x.com/budi_asn"}
    )
    refused = await service.api.post(f"/v1/accounts/{made.json()['id']}/connection")
    assert refused.status_code == 422


async def test_nobody_consents_for_a_retired_account(service: Connected, consent):
    await service.api.delete(consent)
    assert (await service.api.post(f"{consent}/connection")).status_code == 409


async def test_a_consent_for_an_account_retired_meanwhile_is_not_kept(service: Connected, consent):
    begun = await service.api.post(f"{consent}/connection")
    back = await service.sandbox.consent(
        begun.json()["authorize_url"], **{"as": IDS[Platform.YOUTUBE]}
    )
    await service.api.delete(consent)
    assert (await service.returned(back)).status_code == 403
    assert await service.rows("SELECT 1 FROM connections") == []


async def test_a_retired_accounts_token_is_forgotten_by_the_job(service: Connected, consent):
    await service.consented(consent, **{"as": IDS[Platform.YOUTUBE]})
    await service.api.delete(consent)
    tenant_id = service.government.tenant_id
    account_id = UUID(consent.rsplit("/", 1)[1])
    token_of = tokens_of(service.services, service.sandbox.access, SubjectKind.ACCOUNT)
    assert await token_of(tenant_id, account_id) is None
    await refresh_tenant(service.services, service.sandbox.access, tenant_id)
    assert await service.rows("SELECT 1 FROM connections") == []
    assert await service.changes() == ["connection:created", "connection:removed"]
