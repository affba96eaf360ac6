"""Browsers that sign in at a real OpenID provider, or by a link, and what their cookies open."""

from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from sqlalchemy import text

from app.identity import queries
from app.identity import service as identity
from app.sign_in.sessions import ATTEMPT, NAME
from tests.sign_in.browsing import access_token, queried, sign_in_at
from tests.sign_in.conftest import CALLBACK, HERE, settings_for
from tests.support import NOW, Api

UNIT = {"code": "17", "name": "Dinas Baru"}
MINUTES = timedelta(minutes=1)


async def signed_in(there: httpx.AsyncClient, login: str, wanted: str = "/docs") -> httpx.Response:
    out = await there.get("/sign-in", params={"next": wanted})
    assert out.status_code == 303, out.text
    async with httpx.AsyncClient() as provider:
        back = await sign_in_at(provider, out.headers["location"], login)
    return await there.get(back)


async def test_an_access_token_of_a_real_provider_opens_what_the_office_may(
    there, provider, people, units
):
    for login, path, status in (
        ("bkd", "/v1/employees", 200),
        ("head", f"/v1/work-units/{units['16.01']['id']}", 200),
        ("head", f"/v1/work-units/{units['16.02']['id']}", 404),
        ("employee", "/v1/employees", 403),
        ("employee", "/v1/session", 200),
        ("nobody", "/v1/session", 403),
    ):
        token = await access_token(provider, login)
        assert (await Api(there, token).get(path)).status_code == status, (login, path)


async def test_a_provider_that_changes_its_keys_goes_on_opening(there, provider, people, clock):
    old = await access_token(provider, "bkd")
    assert (await Api(there, old).get("/v1/employees")).status_code == 200
    async with httpx.AsyncClient() as client:
        await client.post(f"{provider}/rotate")
    clock.at += MINUTES
    fresh = await access_token(provider, "bkd")
    assert (await Api(there, fresh).get("/v1/employees")).status_code == 200
    assert (await Api(there, old).get("/v1/employees")).status_code == 401


async def test_a_browser_signs_in_changes_something_and_signs_out(there, people):
    came = await signed_in(there, "bkd")
    assert (came.status_code, came.headers["location"]) == (303, "/docs")
    cookie = SimpleCookie(came.headers.get_list("set-cookie")[0])[NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "lax", "/")
    told = (await there.get("/v1/session")).json()
    assert (told["kind"], told["government"]) == ("user", "Pemprov sumsel")
    assert (await there.get("/v1/employees")).status_code == 200
    sent = {"X-CSRF-Token": told["csrf_token"]}
    for headers in (
        {},
        {"X-CSRF-Token": "0" * 64},
        {**sent, "Origin": "https://evil.example"},
        {**sent, "Origin": "null"},
    ):
        refused = await there.post("/v1/work-units", json=UNIT, headers=headers)
        assert (refused.status_code, "X-CSRF-Token" in refused.text) == (403, True)
    made = await there.post("/v1/work-units", json=UNIT, headers={**sent, "Origin": HERE})
    assert made.status_code == 201
    kept = there.cookies[NAME]
    ended = await there.delete("/v1/session", headers=sent)
    assert ended.json()["provider_url"].startswith("http://127.0.0.1")
    assert NAME not in there.cookies
    again = await there.get("/v1/session", headers={"Cookie": f"{NAME}={kept}"})
    assert again.status_code == 401


async def test_a_session_is_new_at_each_sign_in(there, people):
    there.cookies.set(NAME, "planted-by-somebody", domain="simedsos.test")
    await signed_in(there, "bkd")
    first = there.cookies[NAME]
    assert first != "planted-by-somebody"
    await signed_in(there, "employee")
    assert there.cookies[NAME] != first
    there.cookies.set(NAME, first, domain="simedsos.test")
    assert (await there.get("/v1/session")).status_code == 401


async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(there, people, clock):
    await signed_in(there, "bkd")
    for _ in range(25):
        clock.at += 29 * MINUTES
        status = (await there.get("/v1/session")).status_code
        if status == 401:
            break
    # 24 times 29 minutes is still less than twelve hours.
    assert status == 401
    await signed_in(there, "bkd")
    clock.at += 30 * MINUTES
    assert (await there.get("/v1/session")).status_code == 401


async def test_only_the_browser_that_set_out_comes_back(there, people):
    out = await there.get("/sign-in")
    async with httpx.AsyncClient() as provider:
        back = await sign_in_at(provider, out.headers["location"], "bkd")
    attempt = there.cookies[ATTEMPT]
    there.cookies.clear()
    assert (await there.get(back)).status_code == 400
    there.cookies.set(ATTEMPT, attempt)
    for changed in (
        back.replace(queried(back)["state"], "other"),
        back.replace(queried(back)["iss"].replace(":", "%3A").replace("/", "%2F"), "https://evil"),
        f"{CALLBACK}?error=access_denied&state={queried(back)['state']}",
        f"{CALLBACK}?code=invented&state={queried(back)['state']}",
    ):
        refused = await there.get(changed)
        assert refused.status_code in {400, 403}, changed
        assert NAME not in there.cookies
    there.cookies.set(ATTEMPT, "no such thing")
    assert (await there.get(back)).status_code == 400


async def test_who_has_no_role_is_told_so_calmly(there, people):
    refused = await signed_in(there, "nobody")
    assert (refused.status_code, "Belum ada hak akses" in refused.text) == (403, True)
    assert NAME not in there.cookies


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb"]
)
async def test_nobody_is_sent_on_to_another_site(there, people, wanted):
    came = await signed_in(there, "bkd", wanted)
    assert came.headers["location"] == "/"


async def test_cookies_over_https_are_for_this_host_alone(services, there, people):
    services.settings.public_url = HERE.replace("http:", "https:")
    out = await there.get("/sign-in")
    [cookie] = out.headers.get_list("set-cookie")
    assert cookie.startswith(f"__Host-{ATTEMPT}=")
    assert "secure" in cookie.lower()


async def test_a_link_signs_in_once(here, services, government, clock):
    async with services.database.transaction(government.tenant_id) as session:
        key = await queries.key_of_token(session, government.tenant_id, government.token)
        assert key is not None
        token = await identity.create_sign_in_link(session, key, now=NOW)
    for _ in range(3):
        page = await here.get("/sign-in/link", params={"token": token})
        assert (page.status_code, token in page.text) == (200, True)
        assert "script" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    for elsewhere in ("cross-site", "same-site", "none"):
        forged = {"Sec-Fetch-Site": elsewhere}
        lured = await here.post("/sign-in/link", data={"token": token}, headers=forged)
        assert (lured.status_code, NAME in here.cookies) == (400, False)
    own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    came = await here.post("/sign-in/link", data={"token": token}, headers=own)
    assert (came.status_code, came.headers["location"]) == (303, "/")
    told = (await here.get("/v1/session")).json()
    assert (told["kind"], "employees:read" in told["scopes"]) == ("api_key", True)
    for used in (token, "invented"):
        again = await here.post("/sign-in/link", data={"token": used})
        assert (again.status_code, "Tautan tidak berlaku" in again.text) == (400, True)
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(text("UPDATE api_keys SET revoked_at = now()"))
    assert (await here.get("/v1/session")).status_code == 401


async def test_without_a_provider_browsers_are_told_how_to_come_in(http):
    page = await http.get("/sign-in")
    assert (page.status_code, "tautan" in page.text) == (404, True)
    assert (await http.get("/sign-in/callback")).status_code == 400


async def test_an_issuer_that_is_away_is_said_calmly(here, issuer):
    issuer.down = True
    page = await here.get("/sign-in")
    assert (page.status_code, "tidak terjangkau" in page.text) == (503, True)


def test_half_a_provider_is_refused():
    with pytest.raises(ValueError, match="SIMEDSOS_OIDC_AUDIENCE and SIMEDSOS_OIDC_TENANT"):
        settings_for("https://masuk.example", oidc_audience=None, oidc_tenant=None)
