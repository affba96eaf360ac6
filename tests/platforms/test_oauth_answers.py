"""What OAuth makes of whatever a server may answer: tokens, or an error of the tree."""

import json
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.base import Ambiguous, ParseFailed, Platform, PlatformError
from app.platforms.oauth import AppRefused, GrantRefused, OAuth, Tokens
from app.platforms.oauth_catalog import oauth_of
from tests.platforms.consenting import PLATFORMS, consent_settings
from tests.support import NOW

VERIFIER = "v" * 64


def answering(platform: Platform, body: object, status: int = 200) -> OAuth:
    def answer(_: httpx.Request) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(
            status, stream=httpx.ByteStream(content), headers={"content-type": "application/json"}
        )

    access = Access(platform, SettableClock(NOW), transport=httpx.MockTransport(answer))
    return oauth_of(consent_settings(), access)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": "invalid_grant", "log_id": "1"}, 200, GrantRefused),
        ({"error": "invalid_client"}, 400, AppRefused),
        ({"error": {"code": 1}}, 400, Ambiguous),
        ({}, 200, Ambiguous),
        ([], 200, ParseFailed),
        ({"access_token": ""}, 200, ParseFailed),
        ({"access_token": "a b"}, 200, ParseFailed),
        ({"access_token": "a\r\nX-Evil: 1"}, 200, ParseFailed),
        ({"access_token": "é"}, 200, ParseFailed),
        ({"access_token": "a" * 5000}, 200, ParseFailed),
        ({"access_token": "a", "refresh_token": 7}, 200, ParseFailed),
        ({"access_token": "a", "expires_in": "soon"}, 200, ParseFailed),
        ({"access_token": "a", "expires_in": -1}, 200, ParseFailed),
        ({"access_token": "a", "expires_in": True}, 200, ParseFailed),
        (b"[" * 100_000, 200, ParseFailed),
    ],
)
async def test_answers_that_are_no_tokens(body, status, error):
    async with answering(Platform.TIKTOK, body, status) as oauth:
        with pytest.raises(error) as raised:
            await oauth.refresh("the-refresh-token")
    assert type(raised.value) is error
    assert "the-refresh-token" not in str(raised.value)


async def test_lifetimes_are_read_and_bounded():
    body = {"access_token": "a", "expires_in": 10**12, "refresh_expires_in": 60, "scope": "b,c"}
    async with answering(Platform.TIKTOK, body) as oauth:
        tokens = await oauth.refresh("r")
    assert tokens.expires_at == NOW + timedelta(days=3650)
    assert tokens.refresh_expires_at == NOW + timedelta(seconds=60)
    assert tokens.scopes == ("b", "c")
    # TikTok rotates: without a new refresh token there is none that could be used again.
    assert tokens.refresh_token is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "access_token",
                    "expires_in",
                    "data",
                    "error",
                    "code",
                    "user",
                    "id",
                    "items",
                    "paging",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.sampled_from(PLATFORMS), JSON, st.sampled_from([200, 400, 401, 403]))
async def test_whatever_a_platform_says_ends_in_tokens_or_an_error(platform, body, status):
    async with answering(platform, body, status) as oauth:
        for ask in (
            oauth.exchange("c", VERIFIER),
            oauth.refresh("r"),
            oauth.identities(Tokens("a", "r", None, None)),
            oauth.revoke("r"),
        ):
            with suppress(PlatformError):
                await ask


async def test_a_list_of_pages_is_read_to_its_end_and_not_for_ever():
    page = {"id": "1", "username": "a", "access_token": "t"}
    following = {"next": "http://evil.test/", "cursors": {"after": "z"}}
    async with answering(Platform.FACEBOOK, {"data": [page], "paging": following}) as oauth:
        with pytest.raises(ParseFailed):
            await oauth.identities(Tokens("a", "r", None, None))
    async with answering(Platform.FACEBOOK, {"data": [page], "paging": {}}) as oauth:
        assert len(await oauth.identities(Tokens("a", "r", None, None))) == 1
