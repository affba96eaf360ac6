"""How each platform speaks OAuth: one class a platform, and which ones there are.

Sources, beside platforms.md sections 1 to 6: Facebook Login "Manually Build a Login Flow" and
"Long-Lived Access Tokens"; "Instagram API with Facebook Login: Get Started" (me/accounts); Threads
"Get Access Tokens" and "Long-Lived Tokens"; TikTok "Login Kit for Web", "Get", "Refresh" and
"Revoke a User Access Token", "OAuth Error Handling"; X "OAuth 2.0 Authorization Code Flow with
PKCE"; Google "Using OAuth 2.0 for Web Server Applications". PKCE is sent where the platform
documents it for web servers: X and Google.
"""

import base64
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from app.platforms.access import Access
from app.platforms.base import (
    Ambiguous,
    CredentialsBad,
    NotSupported,
    ParseFailed,
    Platform,
    PlatformError,
    Unavailable,
)
from app.platforms.meta import next_cursor
from app.platforms.oauth import (
    AppRefused,
    GrantRefused,
    Identity,
    OAuth,
    Tokens,
    token_of,
)
from app.platforms.reading import mapping_of, objects_of, text_of
from app.settings import Settings

GRAPH: Final = "/v26.0"
PAGE_LISTS_AT_MOST: Final = 20


class XOAuth(OAuth):
    """X: two hours for a token, each refresh token good for one use (offline.access)."""

    app = "x"
    scopes = ("users.read", "tweet.read", "follows.read", "offline.access")
    authorize_host, authorize_path = "https://x.com", "/i/oauth2/authorize"
    token_host, token_path = "https://api.x.com", "/2/oauth2/token"
    identity_host = "https://api.x.com"
    revoke_path = "/2/oauth2/revoke"
    pkce = True
    rotates = True
    # X calls a used refresh token an invalid request ("Value passed for the token was invalid").
    grant_errors = frozenset({"invalid_grant", "invalid_request"})

    def _client_form(self) -> dict[str, str]:
        return {}

    def _client_headers(self) -> dict[str, str]:
        # RFC 6749 section 2.3.1: each part is form-encoded before they are joined.
        pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        body = await self._asked("/2/users/me", {}, bearer=tokens.access_token)
        user = mapping_of(body.get("data"))
        found = Identity(
            text_of(user.get("id")), text_of(user.get("username")), tokens.access_token
        )
        return [found]


class TikTokOAuth(OAuth):
    """TikTok: client_key instead of client_id, rotating refresh tokens, ids that differ by app."""

    app = "tiktok"
    scopes = ("user.info.basic", "user.info.profile", "user.info.stats")
    scope_separator = ","
    client_id_name = "client_key"
    authorize_host, authorize_path = "https://www.tiktok.com", "/v2/auth/authorize/"
    token_host, token_path = "https://open.tiktokapis.com", "/v2/oauth/token/"
    identity_host = "https://open.tiktokapis.com"
    revoke_path = "/v2/oauth/revoke/"
    rotates = True

    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        body = await self._asked(
            "/v2/user/info/", {"fields": "open_id,username"}, bearer=tokens.access_token
        )
        if mapping_of(body.get("error")).get("code") != "ok":
            raise Ambiguous("the identity is refused")
        user = mapping_of(mapping_of(body.get("data")).get("user"))
        return [Identity(None, text_of(user.get("username")), tokens.access_token)]


class YouTubeOAuth(OAuth):
    """Google: an hour for a token, one refresh token that stays the same."""

    app = "youtube"
    scopes = ("https://www.googleapis.com/auth/youtube.readonly",)
    authorize_host, authorize_path = "https://accounts.google.com", "/o/oauth2/v2/auth"
    token_host, token_path = "https://oauth2.googleapis.com", "/token"
    identity_host = "https://www.googleapis.com"
    revoke_path = "/revoke"
    pkce = True
    # Without a fresh consent Google leaves the refresh token out.
    authorize_extras = MappingProxyType({"access_type": "offline", "prompt": "consent"})

    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        body = await self._asked(
            "/youtube/v3/channels",
            {"part": "id,snippet", "mine": "true", "maxResults": 50},
            bearer=tokens.access_token,
        )
        return [
            Identity(
                text_of(channel.get("id")),
                _custom_url(channel.get("snippet")),
                tokens.access_token,
            )
            for channel in objects_of(body.get("items", []))
        ]


def _custom_url(snippet: object) -> str | None:
    handle = snippet.get("customUrl") if isinstance(snippet, dict) else None
    return handle.removeprefix("@") if isinstance(handle, str) else None


class GraphOAuth(OAuth):
    """Meta's Graph: no refresh token; a token of 60 days buys the next one while it lives."""

    scope_separator = ","
    long_lived = True

    def _renewable(self, body: Mapping[str, Any], scopes: tuple[str, ...] = ()) -> Tokens:
        """A token that is itself what buys the next one."""
        token = token_of(body.get("access_token"))
        expires_at = self._moment(body.get("expires_in"))
        return Tokens(token, token, expires_at, expires_at, scopes)

    def _refusal(self, status: int, body: Mapping[str, Any]) -> PlatformError:
        """Graph answers nearly every refusal with 400, so its code decides."""
        error = body.get("error")
        if not isinstance(error, dict):
            return Ambiguous(f"refused with {status}")
        match error.get("code"):
            case 102 | 190:
                return GrantRefused("the grant is not accepted")
            case 101:
                return AppRefused("the app is not accepted")
            case 2 | 4 | 17 | 32 | 341:
                return Unavailable("the platform asks for patience")
            case _ if error.get("is_transient") is True:
                return Unavailable("the platform asks for patience")
            case _:
                return Ambiguous(f"refused with {status}")


class MetaOAuth(GraphOAuth):
    """Meta's app for Facebook and Instagram: people consent, accounts are their Pages.

    An account is worked with by its Page's token, which the person's token names.
    """

    app = "meta"
    by_person = True
    authorize_host, authorize_path = "https://www.facebook.com", f"{GRAPH}/dialog/oauth"
    token_host, token_path = "https://graph.facebook.com", f"{GRAPH}/oauth/access_token"
    identity_host = "https://graph.facebook.com"

    async def exchange(self, code: str, verifier: str) -> Tokens:
        del verifier
        asked = {"redirect_uri": self._redirect_uri, "code": code}
        body = await self._asked(self.token_path, {**self._client_form(), **asked})
        return await self.refresh(token_of(body.get("access_token")))

    async def refresh(self, refresh_token: str) -> Tokens:
        asked = {"grant_type": "fb_exchange_token", "fb_exchange_token": refresh_token}
        body = await self._asked(self.token_path, {**self._client_form(), **asked})
        granted = await self._asked(
            f"{GRAPH}/me/permissions", {"access_token": token_of(body.get("access_token"))}
        )
        scopes = tuple(
            text_of(each.get("permission"))
            for each in objects_of(granted.get("data"))
            if each.get("status") == "granted"
        )
        return self._renewable(body, scopes)

    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        found: list[Identity] = []
        asked: dict[str, str | int] = {
            "fields": "id,username,access_token,instagram_business_account{id,username}",
            "limit": 100,
            "access_token": tokens.access_token,
        }
        for _ in range(PAGE_LISTS_AT_MOST):
            body = await self._asked(f"{GRAPH}/me/accounts", asked)
            found += [
                identity
                for page in objects_of(body.get("data"))
                if (identity := self._identity(page)) is not None
            ]
            after = next_cursor(body)
            if after is None:
                return found
            asked["after"] = after
        raise ParseFailed("a list of pages without an end")

    @abstractmethod
    def _identity(self, page: Mapping[str, Any]) -> Identity | None:
        """The account that a Page stands for; None where it stands for none on this platform."""


def _optional_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


class FacebookOAuth(MetaOAuth):
    """A Facebook Page that the consenting person manages."""

    scopes = ("pages_show_list", "pages_read_engagement")

    def _identity(self, page: Mapping[str, Any]) -> Identity | None:
        return Identity(
            text_of(page.get("id")),
            _optional_text(page.get("username")),
            token_of(page.get("access_token")),
        )


class InstagramOAuth(MetaOAuth):
    """An Instagram professional account, through the Facebook Page that it is linked to."""

    scopes = (
        "instagram_basic",
        "instagram_manage_insights",
        "instagram_manage_messages",
        "pages_manage_metadata",
        "pages_read_engagement",
        "pages_show_list",
    )

    def _identity(self, page: Mapping[str, Any]) -> Identity | None:
        linked = page.get("instagram_business_account")
        if linked is None:
            return None
        account = mapping_of(linked)
        return Identity(
            text_of(account.get("id")),
            _optional_text(account.get("username")),
            token_of(page.get("access_token")),
        )


class ThreadsOAuth(GraphOAuth):
    """Threads: an app of its own; the token of 60 days is renewed by itself, once a day old."""

    app = "threads"
    scopes = ("threads_basic", "threads_manage_insights")
    authorize_host, authorize_path = "https://threads.com", "/oauth/authorize"
    token_host, token_path = "https://graph.threads.net", "/oauth/access_token"
    identity_host = "https://graph.threads.net"

    async def exchange(self, code: str, verifier: str) -> Tokens:
        short = await OAuth.exchange(self, code, verifier)
        asked = {
            "grant_type": "th_exchange_token",
            "client_secret": self._client_secret,
            "access_token": short.access_token,
        }
        return self._renewable(await self._asked("/access_token", asked))

    async def refresh(self, refresh_token: str) -> Tokens:
        asked = {"grant_type": "th_refresh_token", "access_token": refresh_token}
        return self._renewable(await self._asked("/refresh_access_token", asked))

    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        body = await self._asked(
            "/v1.0/me", {"fields": "id,username", "access_token": tokens.access_token}
        )
        return [Identity(None, text_of(body.get("username")), tokens.access_token)]


OAUTHS: Final[Mapping[Platform, type[OAuth]]] = MappingProxyType({
    Platform.FACEBOOK: FacebookOAuth,
    Platform.INSTAGRAM: InstagramOAuth,
    Platform.THREADS: ThreadsOAuth,
    Platform.TIKTOK: TikTokOAuth,
    Platform.X: XOAuth,
    Platform.YOUTUBE: YouTubeOAuth,
})  # fmt: skip


def oauth_of(settings: Settings, access: Access) -> OAuth:
    """The OAuth of a platform as the settings describe it; enter it, so that it is closed.

    Raises:
        NotSupported: accounts of this platform cannot be connected.
        CredentialsBad: the app's credentials are not set; the error names the setting.
    """
    kind = OAUTHS.get(access.platform)
    if kind is None:
        raise NotSupported("connection")
    client_id = getattr(settings, f"{kind.app}_client_id")
    client_secret = getattr(settings, f"{kind.app}_client_secret")
    for name, value in (("CLIENT_ID", client_id), ("CLIENT_SECRET", client_secret)):
        if value is None:
            raise CredentialsBad(f"SIMEDSOS_{kind.app.upper()}_{name} is not set")
    return kind(
        access,
        client_id=client_id,
        client_secret=client_secret.get_secret_value(),
        redirect_uri=settings.callback_url(),
        base_url=getattr(settings, f"{kind.app}_oauth_base_url"),
    )
