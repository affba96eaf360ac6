"""What all platforms' OAuth has in common, as calls through the guarded client; no database.

Each platform's own way is a class in `oauth_catalog` (sources: RFC 6749, RFC 7636 for PKCE, and
the documents named there).
"""

import base64
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote, urlencode

from app.core.clock import Clock
from app.platforms.access import Access
from app.platforms.base import (
    Ambiguous,
    CredentialsBad,
    ParseFailed,
    PlatformError,
)
from app.platforms.http import Gate, JsonAnswer, Lane, OpenGate, PlatformHttp, credential_label
from app.platforms.reading import mapping_of, text_of

OK: Final = 200
# A budget of its own: a spent reading budget must not let a token die.
LANE: Final = credential_label("oauth")
LONGEST_LIFE: Final = timedelta(days=3650)
LONGEST_TOKEN: Final = 4096
# What httpx calls failures before the request has left; the platform cannot have seen it.
NEVER_ARRIVED: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})


class GrantRefused(CredentialsBad):
    """The platform no longer accepts the grant; the account must be connected again."""

    outcome = "grant_refused"


class AppRefused(CredentialsBad):
    """The platform refuses the app's own credentials; its operator must set them right."""

    outcome = "app_refused"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a platform hands out; `refresh_token` is whatever buys the next pair."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...] = ()

    def speaking_as(self, identity: "Identity") -> "Tokens":
        """The same grant, used in the name of one of its accounts."""
        return replace(self, access_token=identity.access_token)


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that a token speaks for; `platform_id` is None where ids differ by app."""

    platform_id: str | None
    handle: str | None
    access_token: str = field(repr=False)


class Watch:
    """A gate that remembers whether a request has passed it: only such a one can be lost."""

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate or OpenGate()
        self.passed = False

    async def enter(self, lane: Lane, cost: int) -> None:
        await self._gate.enter(lane, cost)
        self.passed = True

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        # A budget that cannot be written must not cost a token that has just been rotated.
        with suppress(Exception):
            await self._gate.learn(lane, answer)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class OAuth(ABC):
    """One platform's OAuth, for one piece of work; close it afterwards."""

    app: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]]
    authorize_host: ClassVar[str]
    authorize_path: ClassVar[str]
    token_host: ClassVar[str]
    token_path: ClassVar[str]
    identity_host: ClassVar[str]
    scope_separator: ClassVar[str] = " "
    client_id_name: ClassVar[str] = "client_id"
    authorize_extras: ClassVar[Mapping[str, str]] = MappingProxyType({})
    pkce: ClassVar[bool] = False
    # Whether each refresh makes the refresh token before it worthless.
    rotates: ClassVar[bool] = False
    # Whether tokens live for weeks and must be renewed long before they are needed.
    long_lived: ClassVar[bool] = False
    # Whether a person consents, and the account has a token of its own beside the person's.
    by_person: ClassVar[bool] = False
    revoke_path: ClassVar[str | None] = None
    grant_errors: ClassVar[frozenset[str]] = frozenset({"invalid_grant"})

    def __init__(
        self,
        access: Access,
        *,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        base_url: str | None,
    ) -> None:
        self._watch = Watch(access.gate)
        self._access = replace(
            access, base_url=base_url, gate=self._watch, clients=[], host_transports=[]
        )
        self._clock: Clock = access.clock
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._access.aclose()

    def may_have_arrived(self, error: PlatformError) -> bool:
        """Whether the platform may have acted on a request that ended in this error."""
        return self._watch.passed and error.reason not in NEVER_ARRIVED

    def authorize_url(self, state: str, verifier: str) -> str:
        """Where the account's owner gives consent in a browser."""
        asked = {
            self.client_id_name: self._client_id,
            "redirect_uri": self._redirect_uri,
            "response_type": "code",
            "scope": self.scope_separator.join(self.scopes),
            "state": state,
            **self.authorize_extras,
        }
        if self.pkce:
            asked |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
        host = self._access.base_url or self.authorize_host
        return f"{host.rstrip('/')}{self.authorize_path}?{urlencode(asked, quote_via=quote)}"

    async def exchange(self, code: str, verifier: str) -> Tokens:
        """The tokens that a code stands for.

        Raises:
            PlatformError: GrantRefused where the code is not accepted.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            **({"code_verifier": verifier} if self.pkce else {}),
        }
        return await self._bought(form)

    async def refresh(self, refresh_token: str) -> Tokens:
        """The next pair; where the platform rotates, the token that was sent is used up.

        Raises:
            PlatformError: GrantRefused where the refresh token is not accepted.
        """
        tokens = await self._bought({"grant_type": "refresh_token", "refresh_token": refresh_token})
        if tokens.refresh_token is None and not self.rotates:
            return replace(tokens, refresh_token=refresh_token)
        return tokens

    @abstractmethod
    async def identities(self, tokens: Tokens) -> Sequence[Identity]:
        """The accounts that the tokens speak for, each with the token to use in its name.

        Raises:
            PlatformError: the platform does not say.
        """

    async def revoke(self, token: str) -> bool:
        """Whether the platform confirms that the token is worthless from now on.

        Raises:
            PlatformError: it does not answer in words that are understood.
        """
        if self.revoke_path is None:
            return False
        client = self._access.http(self.token_host)
        answer = await client.post_json(
            self.revoke_path,
            form={**self._client_form(), "token": token},
            headers=self._client_headers(),
            credential=LANE,
        )
        return answer.status == OK

    def _client_form(self) -> dict[str, str]:
        return {self.client_id_name: self._client_id, "client_secret": self._client_secret}

    def _client_headers(self) -> dict[str, str]:
        return {}

    async def _bought(self, form: Mapping[str, str]) -> Tokens:
        client = self._access.http(self.token_host)
        answer = await client.post_json(
            self.token_path,
            form={**self._client_form(), **form},
            headers=self._client_headers(),
            credential=LANE,
        )
        return self._tokens(self._granted(answer))

    def _granted(self, answer: JsonAnswer) -> dict[str, Any]:
        body = mapping_of(answer.body)
        # TikTok words its refusals under status 200, so the body decides.
        if answer.status == OK and "access_token" in body:
            return body
        raise self._refusal(answer.status, body)

    def _refusal(self, status: int, body: Mapping[str, Any]) -> PlatformError:
        error = str(body.get("error"))
        if error in self.grant_errors:
            return GrantRefused("the grant is not accepted")
        if error in {"invalid_client", "unauthorized_client"}:
            return AppRefused("the app is not accepted")
        return Ambiguous(f"refused with {status}")

    def _tokens(self, body: Mapping[str, Any]) -> Tokens:
        refresh = body.get("refresh_token")
        scope = body.get("scope")
        separated = scope.replace(",", " ").split() if isinstance(scope, str) else ()
        return Tokens(
            access_token=token_of(body.get("access_token")),
            refresh_token=None if refresh is None else token_of(refresh),
            expires_at=self._moment(body.get("expires_in")),
            refresh_expires_at=self._moment(
                body.get("refresh_expires_in", body.get("refresh_token_expires_in"))
            ),
            scopes=tuple(separated),
        )

    def _moment(self, seconds: object) -> datetime | None:
        if seconds is None:
            return None
        if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
            raise ParseFailed("no usable lifetime")
        return self._clock.now() + min(timedelta(seconds=min(seconds, 10**9)), LONGEST_LIFE)

    async def _asked(
        self, path: str, params: Mapping[str, str | int], *, bearer: str | None = None
    ) -> dict[str, Any]:
        """A JSON object that the platform answers to whoever holds a token.

        Raises:
            PlatformError: CredentialsBad where the token is not accepted.
        """
        client: PlatformHttp = self._access.http(self.identity_host)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else None
        answer = await client.get_json(path, dict(params), headers=headers, credential=LANE)
        body = mapping_of(answer.body)
        if answer.status == OK:
            return body
        refusal = self._refusal(answer.status, body)
        if answer.status in {401, 403} and not isinstance(refusal, CredentialsBad):
            raise CredentialsBad("the token is not accepted")
        raise refusal


def token_of(value: object) -> str:
    """A token: printable ASCII of bearable length, since it will stand in a header.

    Raises:
        ParseFailed: it is something else.
    """
    token = text_of(value)
    if len(token) > LONGEST_TOKEN or not all("!" <= sign <= "~" for sign in token):
        raise ParseFailed("no usable token")
    return token
