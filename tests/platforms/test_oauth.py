"""Every platform's OAuth against the sandbox."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.base import (
    CountReading,
    CredentialsBad,
    NotSupported,
    PairReading,
    Platform,
    RateLimited,
    Target,
    Unavailable,
)
from app.platforms.catalog import build_adapters
from app.platforms.http import Lane
from app.platforms.oauth import AppRefused, GrantRefused, OAuth, Tokens, challenge_of
from app.platforms.oauth_catalog import OAUTHS, oauth_of
from app.platforms.sandbox.faults import Fault
from app.settings import Settings
from tests.platforms.consenting import (
    CONSENT_WORLD,
    HOST,
    IDS,
    OTHERS,
    PLATFORMS,
    ROTATING,
    Consenting,
    consent_settings,
    handle_of,
)
from tests.support import NOW

VERIFIER = "v" * 64
THE_APP = {"client_id": "id", "client_secret": "s", "oauth_base_url": None}
EACH = pytest.mark.parametrize("platform", PLATFORMS, ids=str)


@pytest.fixture
def sandbox() -> Consenting:
    return Consenting()


def opened(sandbox: Consenting, platform: Platform) -> OAuth:
    return oauth_of(consent_settings(), sandbox.access(platform))


async def connect(sandbox: Consenting, platform: Platform) -> Tokens:
    async with opened(sandbox, platform) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER), **{"as": IDS[platform]})
        assert back["state"] == "s"
        return await oauth.exchange(back["code"], VERIFIER)


@EACH
async def test_a_consent_becomes_tokens_that_say_whose_they_are(sandbox, platform):
    tokens = await connect(sandbox, platform)
    async with opened(sandbox, platform) as oauth:
        [identity] = await oauth.identities(tokens)
    assert identity.handle == handle_of(platform)
    # TikTok's and Threads' ids differ by app and are never taken for the account's own.
    by_app = platform in {Platform.TIKTOK, Platform.THREADS}
    assert identity.platform_id == (None if by_app else IDS[platform])
    assert tokens.expires_at is not None
    assert tokens.expires_at > NOW
    assert tokens.refresh_token


@EACH
async def test_the_sandbox_accepts_the_token_in_the_accounts_name(sandbox, platform):
    tokens = await connect(sandbox, platform)
    async with opened(sandbox, platform) as oauth:
        [identity] = await oauth.identities(tokens)
        again = await oauth.identities(tokens)
    assert [each.handle for each in again] == [identity.handle]
    assert identity.access_token


@EACH
async def test_a_code_is_good_once(sandbox, platform):
    async with opened(sandbox, platform) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER), **{"as": IDS[platform]})
        await oauth.exchange(back["code"], VERIFIER)
        with pytest.raises(GrantRefused):
            await oauth.exchange(back["code"], VERIFIER)


@pytest.mark.parametrize("platform", [Platform.X, Platform.YOUTUBE], ids=str)
async def test_a_code_without_its_verifier_is_worthless(sandbox, platform):
    async with opened(sandbox, platform) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER), **{"as": IDS[platform]})
        with pytest.raises(GrantRefused):
            await oauth.exchange(back["code"], "w" * 64)


@EACH
async def test_a_refusal_comes_back_as_an_error(sandbox, platform):
    async with opened(sandbox, platform) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER), deny="1")
    assert back == {"error": "access_denied", "state": "s"}


@EACH
async def test_a_refresh_gives_a_pair_that_can_be_refreshed(sandbox, platform):
    tokens = await connect(sandbox, platform)
    async with opened(sandbox, platform) as oauth:
        renewed = await oauth.refresh(tokens.refresh_token or "")
        assert renewed.access_token != tokens.access_token
        rotated = renewed.refresh_token != tokens.refresh_token
        assert rotated == (platform is not Platform.YOUTUBE)
        await oauth.refresh(renewed.refresh_token or "")
        [identity] = await oauth.identities(renewed)
    assert identity.handle == handle_of(platform)


@pytest.mark.parametrize("platform", ROTATING, ids=str)
async def test_a_replayed_refresh_token_ends_the_whole_chain(sandbox, platform):
    tokens = await connect(sandbox, platform)
    async with opened(sandbox, platform) as oauth:
        renewed = await oauth.refresh(tokens.refresh_token or "")
        with pytest.raises(GrantRefused):
            await oauth.refresh(tokens.refresh_token or "")
        with pytest.raises(GrantRefused):
            await oauth.refresh(renewed.refresh_token or "")
        with pytest.raises(CredentialsBad):
            await oauth.identities(renewed)


@pytest.mark.parametrize("platform", ROTATING, ids=str)
async def test_a_lost_rotation_has_used_the_token_up(sandbox, platform):
    tokens = await connect(sandbox, platform)
    sandbox.spoil(platform, Fault.LOST_ROTATION)
    async with opened(sandbox, platform) as oauth:
        with pytest.raises(Unavailable) as lost:
            await oauth.refresh(tokens.refresh_token or "")
        assert oauth.may_have_arrived(lost.value)
        with pytest.raises(GrantRefused):
            await oauth.refresh(tokens.refresh_token or "")


@EACH
async def test_an_expired_grant_is_a_grant_refused(sandbox, platform):
    tokens = await connect(sandbox, platform)
    sandbox.spoil(platform, Fault.EXPIRED_TOKEN)
    async with opened(sandbox, platform) as oauth:
        with pytest.raises(GrantRefused):
            await oauth.refresh(tokens.refresh_token or "")


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.RATE_LIMITED, RateLimited), (Fault.SERVER_ERROR, Unavailable)],
    ids=["429", "503"],
)
@EACH
async def test_faults_pass_and_the_token_does_not(sandbox, platform, fault, error):
    tokens = await connect(sandbox, platform)
    sandbox.spoil(platform, fault)
    async with opened(sandbox, platform) as oauth:
        with pytest.raises(error):
            await oauth.refresh(tokens.refresh_token or "")


@pytest.mark.parametrize(
    ("platform", "confirmed"),
    [(Platform.X, True), (Platform.TIKTOK, True), (Platform.YOUTUBE, True)],
    ids=str,
)
async def test_a_revoked_token_is_worthless(sandbox, platform, confirmed):
    tokens = await connect(sandbox, platform)
    async with opened(sandbox, platform) as oauth:
        assert await oauth.revoke(tokens.refresh_token or "") is confirmed
        with pytest.raises(GrantRefused):
            await oauth.refresh(tokens.refresh_token or "")
        with pytest.raises(CredentialsBad):
            await oauth.identities(tokens)


@pytest.mark.parametrize("platform", [Platform.FACEBOOK, Platform.THREADS], ids=str)
async def test_meta_offers_no_revocation_of_one_account(sandbox, platform):
    async with opened(sandbox, platform) as oauth:
        assert await oauth.revoke("t") is False
    assert sandbox.transport.seen == []


@EACH
async def test_another_apps_secret_is_an_app_refused(sandbox, platform):
    wrong = consent_settings().model_copy(
        update={f"{OAUTHS[platform].app}_client_secret": SecretStr("wrong")}
    )
    async with opened(sandbox, platform) as right:
        back = await sandbox.consent(right.authorize_url("s", VERIFIER), **{"as": IDS[platform]})
    async with oauth_of(wrong, sandbox.access(platform)) as oauth:
        with pytest.raises(AppRefused):
            await oauth.exchange(back["code"], VERIFIER)


async def test_a_person_at_meta_manages_several_pages(sandbox):
    async with opened(sandbox, Platform.FACEBOOK) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER))
        found = await oauth.identities(await oauth.exchange(back["code"], VERIFIER))
    assert {each.platform_id for each in found} >= {
        IDS[Platform.FACEBOOK],
        OTHERS[Platform.FACEBOOK],
    }
    assert len({each.access_token for each in found}) == len(found)


@EACH
def test_the_consent_page_is_asked_as_the_platform_documents_it(platform):
    settings = consent_settings(
        public_url="https://simedsos.sumsel.example/",
        **{f"{OAUTHS[platform].app}_{name}": value for name, value in THE_APP.items()},
    )
    oauth = oauth_of(settings, Access(platform, SettableClock(NOW)))
    parts = urlsplit(oauth.authorize_url("a-state", VERIFIER))
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.scheme == "https"
    expected = {
        Platform.FACEBOOK: "www.facebook.com/v26.0/dialog/oauth",
        Platform.INSTAGRAM: "www.facebook.com/v26.0/dialog/oauth",
        Platform.THREADS: "threads.com/oauth/authorize",
        Platform.TIKTOK: "www.tiktok.com/v2/auth/authorize/",
        Platform.X: "x.com/i/oauth2/authorize",
        Platform.YOUTUBE: "accounts.google.com/o/oauth2/v2/auth",
    }
    assert parts.netloc + parts.path == expected[platform]
    assert asked["client_key" if platform is Platform.TIKTOK else "client_id"] == "id"
    assert asked["redirect_uri"] == "https://simedsos.sumsel.example/v1/connections/callback"
    assert asked["response_type"] == "code"
    assert asked["state"] == "a-state"
    assert asked["scope"].split("," if "," in asked["scope"] else " ") == list(oauth.scopes)
    pkce = platform in {Platform.X, Platform.YOUTUBE}
    assert asked.get("code_challenge") == (challenge_of(VERIFIER) if pkce else None)
    assert VERIFIER not in parts.query
    if platform is Platform.YOUTUBE:
        assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")


def test_the_challenge_is_that_of_the_standard():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("platform", [Platform.BLUESKY, Platform.MASTODON], ids=str)
def test_other_platforms_cannot_be_connected(platform):
    with pytest.raises(NotSupported):
        oauth_of(consent_settings(), Access(platform, SettableClock(NOW)))


def test_missing_credentials_name_the_setting():
    with pytest.raises(CredentialsBad, match="SIMEDSOS_META_CLIENT_ID"):
        oauth_of(Settings(), Access(Platform.INSTAGRAM, SettableClock(NOW)))
    with pytest.raises(CredentialsBad, match="SIMEDSOS_X_CLIENT_SECRET"):
        oauth_of(Settings(x_client_id="i"), Access(Platform.X, SettableClock(NOW)))


class ClosedGate:
    """A breaker that is open."""

    async def enter(self, _: Lane, __: int) -> None:
        raise Unavailable("the breaker is open")

    async def learn(self, _: Lane, __: object) -> None:
        raise ConnectionError


class ForgetfulGate(ClosedGate):
    """A budget table that cannot be written."""

    async def enter(self, _: Lane, __: int) -> None:
        pass


async def test_what_never_left_cannot_be_lost(sandbox):
    access = Access(Platform.X, sandbox.clock, transport=sandbox.transport, gate=ClosedGate())
    async with oauth_of(consent_settings(), access) as oauth:
        with pytest.raises(Unavailable) as closed:
            await oauth.refresh("r")
        assert not oauth.may_have_arrived(closed.value)
    sandbox.transport.down = httpx.ConnectError("refused")
    async with opened(sandbox, Platform.X) as oauth:
        with pytest.raises(Unavailable) as refused:
            await oauth.refresh("r")
        assert not oauth.may_have_arrived(refused.value)
    sandbox.transport.down = httpx.ReadError("cut")
    async with opened(sandbox, Platform.X) as oauth:
        with pytest.raises(Unavailable) as cut:
            await oauth.refresh("r")
        assert oauth.may_have_arrived(cut.value)


async def test_a_budget_that_cannot_be_written_costs_no_token(sandbox):
    access = Access(Platform.X, sandbox.clock, transport=sandbox.transport, gate=ForgetfulGate())
    async with oauth_of(consent_settings(), access) as oauth:
        back = await sandbox.consent(oauth.authorize_url("s", VERIFIER), **{"as": IDS[Platform.X]})
        assert (await oauth.exchange(back["code"], VERIFIER)).access_token


def test_nothing_shows_a_secret():
    tokens = Tokens("the-access", "the-refresh", NOW, None)
    assert "the-" not in repr(tokens)
    settings = consent_settings()
    assert "sandbox-secret" not in repr(settings)


@pytest.mark.parametrize("platform", [Platform.THREADS, Platform.TIKTOK], ids=str)
async def test_the_platforms_api_accepts_the_token(sandbox, platform):
    """Where only the account itself may read its count, the connected token reads it."""
    tokens = await connect(sandbox, platform)
    access = replace(sandbox.access(platform), base_url=f"{HOST}/{platform.value}")
    catalog = build_adapters([access])
    adapter = catalog.adapters[platform]
    mine = Target(handle_of(platform), access_token=tokens.access_token)
    invented = Target(handle_of(platform), access_token="invented")
    found = await adapter.counts([mine])
    assert isinstance(found[mine], CountReading)
    refused = await adapter.counts([invented])
    assert isinstance(refused[invented], CredentialsBad)
    await catalog.aclose()


@pytest.mark.parametrize("platform", [Platform.X, Platform.YOUTUBE], ids=str)
async def test_pairs_are_answered_to_the_token(sandbox, platform):
    tokens = await connect(sandbox, platform)
    base_url = HOST if platform is Platform.YOUTUBE else f"{HOST}/{platform.value}"
    key = {"api_key": CONSENT_WORLD.youtube_key}
    catalog = build_adapters([replace(sandbox.access(platform), base_url=base_url, keys=key)])
    adapter = catalog.adapters[platform]
    official = Target(handle_of(platform), IDS[platform], access_token=tokens.access_token)
    other = Target(handle_of(platform, other=True), OTHERS[platform])
    if platform is Platform.YOUTUBE:
        # There the employee consents, and the question is asked in their name.
        official, other = other, official
    found = await adapter.follows(official, [other])
    answer = found[other]
    assert isinstance(answer, PairReading)
    assert not answer.follows
    await catalog.aclose()
