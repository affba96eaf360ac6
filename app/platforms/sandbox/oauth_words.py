"""How each company words OAuth on the wire: paths, lifetimes, refusals, identities."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from app.platforms.base import Platform
from app.platforms.sandbox.desk import Refused
from app.platforms.sandbox.faults import Fault, Refusals
from app.platforms.sandbox.world import WorldAccount

TEN_MINUTES: Final = timedelta(minutes=10)
SIXTY_DAYS: Final = 5_184_000
# Which words an error has at a company, where they differ from RFC 6749.
Refusal = Callable[[str], bytes]


def as_json(body: object) -> bytes:
    """A JSON document."""
    return json.dumps(body).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One company's wire format; `platforms` are those that its app serves."""

    app: str
    platforms: tuple[Platform, ...]
    authorize_path: str
    token_path: str
    identity_path: str
    revoke_path: str | None = None
    client_id_name: str = "client_id"
    lifetime: int = 3600
    refresh_lifetime: int | None = None
    rotates: bool = False
    basic: bool = False
    needs_pkce: bool = False
    graph: bool = False
    person_consents: bool = False
    refusal: Refusal
    unauthorized: bytes
    revoked: Mapping[str, Any] = field(default_factory=dict)
    identity: Callable[[WorldAccount], dict[str, Any]]

    def refused(self, error: str) -> Refused:
        """The company's refusal for an error of RFC 6749 section 5.2."""
        return Refused(401 if error == "invalid_client" else 400, self.refusal(error))

    @property
    def refusals(self) -> Refusals:
        """Faults that the company words itself."""
        return MappingProxyType({
            Fault.EXPIRED_TOKEN: (400, self.refusal("invalid_grant")),
            Fault.RATE_LIMITED: (429, self.refusal("rate_limit_exceeded")),
            Fault.SERVER_ERROR: (503, self.refusal("temporarily_unavailable")),
        })  # fmt: skip


def _plain(error: str) -> bytes:
    return as_json({"error": error, "error_description": "Token has been expired or revoked."})


def _x(error: str) -> bytes:
    if error == "invalid_grant":
        what = "Value passed for the token was invalid."
        return as_json({"error": "invalid_request", "error_description": what})
    if error == "invalid_client":
        what = "Missing valid authorization header"
        return as_json({"error": "unauthorized_client", "error_description": what})
    return _plain(error)


def _tiktok(error: str) -> bytes:
    what = "Refresh token is invalid or expired."
    return as_json({"error": error, "error_description": what, "log_id": "20261124033000SANDBOX"})


def _graph(error: str) -> bytes:
    code = {"invalid_client": 101, "invalid_grant": 190, "rate_limit_exceeded": 4}.get(error, 2)
    body = {"message": "An error occurred.", "type": "OAuthException", "code": code}
    return as_json({"error": {**body, "fbtrace_id": "ASANDBOX"}})


def _x_user(account: WorldAccount) -> dict[str, Any]:
    named = {"id": account.platform_id, "name": account.display_name}
    return {"data": {**named, "username": account.handle}}


def _tiktok_user(account: WorldAccount) -> dict[str, Any]:
    user = {"open_id": f"open-{account.platform_id}", "username": account.handle}
    return {"data": {"user": user}, "error": {"code": "ok", "message": "", "log_id": "2026"}}


def _channel(account: WorldAccount) -> dict[str, Any]:
    snippet = {"title": account.display_name, "customUrl": f"@{account.handle.lower()}"}
    item = {"kind": "youtube#channel", "id": account.platform_id, "snippet": snippet}
    return {"kind": "youtube#channelListResponse", "items": [item]}


def _graph_user(account: WorldAccount) -> dict[str, Any]:
    return {"id": account.platform_id, "username": account.handle}


WORDS: Final = (
    Words(
        app="meta",
        platforms=(Platform.FACEBOOK, Platform.INSTAGRAM),
        authorize_path="/v26.0/dialog/oauth",
        token_path="/v26.0/oauth/access_token",  # noqa: S106 - A path.
        identity_path="/v26.0/me/accounts",
        lifetime=SIXTY_DAYS,
        graph=True,
        person_consents=True,
        refusal=_graph,
        unauthorized=_graph("invalid_grant"),
        identity=_graph_user,
    ),
    Words(
        app="threads",
        platforms=(Platform.THREADS,),
        authorize_path="/oauth/authorize",
        token_path="/oauth/access_token",  # noqa: S106 - A path.
        identity_path="/v1.0/me",
        lifetime=SIXTY_DAYS,
        graph=True,
        refusal=_graph,
        unauthorized=_graph("invalid_grant"),
        identity=_graph_user,
    ),
    Words(
        app="tiktok",
        platforms=(Platform.TIKTOK,),
        authorize_path="/v2/auth/authorize/",
        token_path="/v2/oauth/token/",  # noqa: S106 - A path.
        identity_path="/v2/user/info/",
        revoke_path="/v2/oauth/revoke/",
        client_id_name="client_key",
        lifetime=7200,
        refresh_lifetime=180 * 86_400,
        rotates=True,
        refusal=_tiktok,
        unauthorized=as_json(
            {"error": {"code": "access_token_invalid", "message": "Invalid.", "log_id": "2026"}}
        ),
        identity=_tiktok_user,
    ),
    Words(
        app="x",
        platforms=(Platform.X,),
        authorize_path="/i/oauth2/authorize",
        token_path="/2/oauth2/token",  # noqa: S106 - A path.
        identity_path="/2/users/me",
        revoke_path="/2/oauth2/revoke",
        lifetime=7200,
        rotates=True,
        basic=True,
        needs_pkce=True,
        refusal=_x,
        unauthorized=as_json({"title": "Unauthorized", "type": "about:blank", "status": 401}),
        revoked={"revoked": True},
        identity=_x_user,
    ),
    Words(
        app="youtube",
        platforms=(Platform.YOUTUBE,),
        authorize_path="/o/oauth2/v2/auth",
        token_path="/token",  # noqa: S106 - A path.
        identity_path="/youtube/v3/channels",
        revoke_path="/revoke",
        lifetime=3599,
        refusal=_plain,
        unauthorized=as_json({"error": {"code": 401, "message": "Invalid Credentials"}}),
        identity=_channel,
    ),
)
