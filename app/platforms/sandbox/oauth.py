"""The sandbox's authorization servers under `/oauth/<app>`: consent, tokens, rotation, revocation.

The consent page asks nobody: it sends the browser straight back, signed in as the account that
`as=<platform id>` names (else the first of the platform), or refused with `deny=1`.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.core.clock import Clock
from app.platforms.base import Platform
from app.platforms.sandbox.desk import Desk, Refused
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults
from app.platforms.sandbox.oauth_words import TEN_MINUTES, WORDS, Words, as_json
from app.platforms.sandbox.world import Truth, WorldAccount, WorldToken

CLIENT_ID = "sandbox-app"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - Invented, for a server on this machine.


@dataclass(slots=True)
class Consent:
    """What an account's owner allowed, and every token that hangs on it."""

    accounts: tuple[WorldAccount, ...]
    scope: str
    refresh: str | None = None
    used: set[str] = field(default_factory=set)
    access: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that waits to be exchanged, once."""

    consent: Consent
    redirect_uri: str
    challenge: str | None
    expires_at: datetime


class AuthorizationServer:
    """One company's consent page and token endpoints."""

    def __init__(self, words: Words, truth: Truth, clock: Clock, faults: Faults) -> None:
        self.words = words
        self.truth = truth
        self.clock = clock
        self._desk = Desk(words.platforms[0], truth, clock, faults, words.refusals)
        self._codes: dict[str, Code] = {}
        self._consents: list[Consent] = []

    async def authorize(self, request: Request) -> Response:
        """The consent page."""
        asked = request.query_params
        back = asked.get("redirect_uri", "")
        if (
            asked.get(self.words.client_id_name) != CLIENT_ID
            or asked.get("response_type") != "code"
            or not back.startswith(("http://", "https://"))
            or (self.words.needs_pkce and asked.get("code_challenge_method") != "S256")
        ):
            return Response("Something went wrong", 400, media_type="text/plain")
        answer = {"state": asked.get("state", "")}
        if asked.get("deny"):
            return RedirectResponse(f"{back}?{urlencode({'error': 'access_denied', **answer})}")
        accounts = self._signed_in(asked.get("as"))
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(
            Consent(accounts, asked.get("scope", "")),
            back,
            asked.get("code_challenge"),
            self.clock.now() + TEN_MINUTES,
        )
        return RedirectResponse(f"{back}?{urlencode({'code': code, **answer})}")

    def _signed_in(self, platform_id: str | None) -> tuple[WorldAccount, ...]:
        own = [each for each in self.truth.accounts() if each.platform in self.words.platforms]
        if platform_id is not None:
            return tuple(each for each in own if each.platform_id == platform_id)
        # Whoever signs in at Meta manages several Pages; elsewhere an account signs in itself.
        return tuple(own if self.words.person_consents else own[:1])

    async def token(self, request: Request) -> Response:
        """The token endpoint of RFC 6749, in this company's words."""
        form = await request.form()

        def make(request: Request, order: FaultOrder | None) -> bytes:
            self._require_client(request, form)
            match form.get("grant_type"):
                case "authorization_code":
                    consent = self.redeem(form)
                case "refresh_token":
                    consent = self._renewed(str(form.get("refresh_token")))
                case _:
                    raise self.words.refused("unsupported_grant_type")
            body = as_json(self._pair(consent))
            lose_if_ordered(order)
            return body

        return await self._desk.answer(request, make)

    def redeem(self, form: Mapping[str, Any] | FormData) -> Consent:
        """The consent behind a code, which is used up whether it fits or not."""
        code = self._codes.pop(str(form.get("code")), None)
        if code is None or code.expires_at <= self.clock.now():
            raise self.words.refused("invalid_grant")
        verifier = str(form.get("code_verifier", ""))
        digest = hashlib.sha256(verifier.encode()).digest()
        computed = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        fits = code.challenge is None or secrets.compare_digest(code.challenge, computed)
        if not fits or form.get("redirect_uri") != code.redirect_uri or not code.consent.accounts:
            raise self.words.refused("invalid_grant")
        self._consents.append(code.consent)
        return code.consent

    def _renewed(self, refresh: str) -> Consent:
        for consent in self._consents:
            if refresh == consent.refresh:
                return consent
            if refresh in consent.used:
                # A used refresh token in other hands: everything that hangs on it is worthless.
                self._end(consent)
        raise self.words.refused("invalid_grant")

    def _pair(self, consent: Consent) -> dict[str, Any]:
        body: dict[str, Any] = {
            "access_token": self.issue(consent, consent.accounts[0]),
            "expires_in": self.words.lifetime,
            "token_type": "bearer",
            "scope": consent.scope,
        }
        first = consent.refresh is None
        if first or self.words.rotates:
            if consent.refresh is not None:
                consent.used.add(consent.refresh)
            consent.refresh = secrets.token_urlsafe(40)
            body["refresh_token"] = consent.refresh
        if self.words.refresh_lifetime is not None:
            body["refresh_expires_in"] = self.words.refresh_lifetime
            body["open_id"] = f"open-{consent.accounts[0].platform_id}"
        return body

    def issue(self, consent: Consent, account: WorldAccount) -> str:
        """A token that the platform's API accepts in the account's name."""
        token = secrets.token_urlsafe(40)
        consent.access.add(token)
        self.truth.tokens[account.platform, token] = WorldToken(
            account.platform, token, account.platform_id
        )
        return token

    def _end(self, consent: Consent) -> None:
        for platform in self.words.platforms:
            for token in consent.access:
                self.truth.tokens.pop((platform, token), None)
        self._consents.remove(consent)

    async def revoke(self, request: Request) -> Response:
        """Forget a token and all that hangs on the same consent (RFC 7009)."""
        form = await request.form()

        def make(request: Request, _: FaultOrder | None) -> bytes:
            self._require_client(request, form)
            token = str(form.get("token"))
            for consent in list(self._consents):
                if token == consent.refresh or token in consent.access:
                    self._end(consent)
            return as_json(self.words.revoked)

        return await self._desk.answer(request, make)

    async def identity(self, request: Request) -> Response:
        """Whom a token speaks for, as the company's API says it."""

        def make(request: Request, _: FaultOrder | None) -> bytes:
            bearer = self._desk.bearer(request)
            account = bearer and self.truth.by_id(bearer.platform, bearer.platform_id or "")
            if not account:
                raise Refused(401, self.words.unauthorized)
            return as_json(self.words.identity(account))

        return await self._desk.answer(request, make)

    def _require_client(self, request: Request, form: FormData) -> None:
        if self.words.basic:
            given = _basic(request.headers.get("authorization", ""))
        else:
            given = (str(form.get(self.words.client_id_name)), str(form.get("client_secret")))
        if given != (CLIENT_ID, CLIENT_SECRET):
            raise self.words.refused("invalid_client")

    async def answer(
        self, request: Request, make: Callable[[Request, FaultOrder | None], bytes]
    ) -> Response:
        """An answer of the company's own making, unless a fault is ordered."""
        return await self._desk.answer(request, make)

    def routes(self) -> Sequence[Route]:
        """The company's addresses below `/oauth/<app>`."""
        base = f"/oauth/{self.words.app}"
        chosen = [
            Route(base + self.words.authorize_path, self.authorize),
            Route(base + self.words.token_path, self.token, methods=["POST"]),
            Route(base + self.words.identity_path, self.identity),
        ]
        if self.words.revoke_path:
            chosen.append(Route(base + self.words.revoke_path, self.revoke, methods=["POST"]))
        return chosen


def lose_if_ordered(order: FaultOrder | None) -> None:
    """Let the answer get lost on its way, after everything in it has come true."""
    if order is not None and order.fault is Fault.LOST_ROTATION:
        raise Refused(502, b"")


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return (unquote(name), unquote(secret)) if scheme == "Basic" else ("", "")


class GraphServer(AuthorizationServer):
    """Meta's servers: tokens are exchanged for longer ones instead of being refreshed."""

    def __init__(self, words: Words, truth: Truth, clock: Clock, faults: Faults) -> None:
        super().__init__(words, truth, clock, faults)
        self._people: dict[str, tuple[Consent, datetime]] = {}

    def routes(self) -> Sequence[Route]:
        base = f"/oauth/{self.words.app}"
        if self.words.person_consents:
            return [
                Route(base + self.words.authorize_path, self.authorize),
                Route(base + self.words.token_path, self.exchange),
                Route(f"{base}/v26.0/me/accounts", self.accounts),
                Route(f"{base}/v26.0/me/permissions", self.permissions),
            ]
        return [
            Route(base + self.words.authorize_path, self.authorize),
            Route(base + self.words.token_path, self.short, methods=["POST"]),
            Route(f"{base}/access_token", self.exchange),
            Route(f"{base}/refresh_access_token", self.exchange),
            Route(base + self.words.identity_path, self.identity),
        ]

    async def short(self, request: Request) -> Response:
        """Threads' first exchange, of a code for a token of an hour."""
        form = await request.form()

        def make(request: Request, _: FaultOrder | None) -> bytes:
            self._require_client(request, form)
            token = self._person(self.redeem(form), timedelta(hours=1))
            return as_json({"access_token": token, "user_id": 17_841_400_000})

        return await self.answer(request, make)

    async def exchange(self, request: Request) -> Response:
        """A code for a short token, or a token for one of 60 days."""

        def make(request: Request, order: FaultOrder | None) -> bytes:
            asked = request.query_params
            renewing = asked.get("grant_type") == "th_refresh_token"
            if not renewing and asked.get("client_secret") != CLIENT_SECRET:
                raise self.words.refused("invalid_client")
            if "code" in asked:
                token, seconds = self._person(self.redeem(dict(asked)), timedelta(hours=1)), 3600
            else:
                held = asked.get("fb_exchange_token") or asked.get("access_token", "")
                seconds = self.words.lifetime
                token = self._person(self._consent_of(held), timedelta(seconds=seconds))
            lose_if_ordered(order)
            return as_json({"access_token": token, "token_type": "bearer", "expires_in": seconds})

        return await self.answer(request, make)

    def _person(self, consent: Consent, life: timedelta) -> str:
        # Threads' tokens speak for the account itself, Meta's for whoever manages its Page.
        if self.words.person_consents:
            token = secrets.token_urlsafe(60)
        else:
            token = self.issue(consent, consent.accounts[0])
        self._people[token] = (consent, self.clock.now() + life)
        return token

    def _consent_of(self, token: str) -> Consent:
        consent, expires_at = self._people.get(token, (None, self.clock.now()))
        if consent is None or expires_at <= self.clock.now():
            raise Refused(400, self.words.unauthorized)
        return consent

    async def accounts(self, request: Request) -> Response:
        """`me/accounts`: the Pages of whoever consented, with a token each."""

        def make(request: Request, _: FaultOrder | None) -> bytes:
            consent = self._consent_of(request.query_params.get("access_token", ""))
            return as_json({"data": [self._page(consent, each) for each in consent.accounts]})

        return await self.answer(request, make)

    def _page(self, consent: Consent, account: WorldAccount) -> dict[str, Any]:
        token = self.issue(consent, account)
        if account.platform is Platform.FACEBOOK:
            names = {"id": account.platform_id, "username": account.handle}
            return {**names, "access_token": token}
        linked = {"id": account.platform_id, "username": account.handle}
        page_id = f"1000{account.platform_id[-11:]}"
        return {"id": page_id, "access_token": token, "instagram_business_account": linked}

    async def permissions(self, request: Request) -> Response:
        """`me/permissions`: what was granted."""

        def make(request: Request, _: FaultOrder | None) -> bytes:
            consent = self._consent_of(request.query_params.get("access_token", ""))
            granted = [
                {"permission": name, "status": "granted"} for name in consent.scope.split(",")
            ]
            return as_json({"data": granted})

        return await self.answer(request, make)


class OAuthOffice:
    """The authorization servers of all companies."""

    def __init__(self, truth: Truth, clock: Clock, faults: Faults) -> None:
        self._servers = [
            (GraphServer if words.graph else AuthorizationServer)(words, truth, clock, faults)
            for words in WORDS
        ]

    def routes(self) -> Sequence[Route]:
        """Every company's addresses."""
        return [route for server in self._servers for route in server.routes()]
