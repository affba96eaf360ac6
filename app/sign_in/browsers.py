"""Signing a browser in: by the provider's code with PKCE, or by a link that is good once.

Sources: OpenID Connect Core 1.0 § 3.1, RFC 7636 (PKCE), RFC 9700 § 2.1.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson

from app.core.fetching import FetchFailed, FetchRefused, fetch_json
from app.core.services import Services
from app.identity import queries as identity
from app.identity.rules import Caller, hash_token
from app.settings import Settings
from app.sign_in.pages import Outcome
from app.sign_in.rules import (
    Expected,
    Person,
    TokenNotTaken,
    check_id_token,
    own_path,
    person_of,
    same,
)
from app.sign_in.service import NoOffice, SignIn, known_user

ATTEMPT_SECONDS = 600
SCOPE = "openid"


class SignInFailed(Exception):
    """The browser is not signed in; `outcome` is what its user is told."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a browser keeps, unreadable to pages, from its way out until it comes back."""

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def new(cls, wanted: str | None) -> "Attempt":
        one, two, three = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(one, two, three, own_path(wanted))

    def as_cookie(self) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(asdict(self))).decode()

    @classmethod
    def from_cookie(cls, value: str | None) -> "Attempt | None":
        """What a cookie holds; None where it holds nothing of ours."""
        try:
            told = orjson.loads(base64.urlsafe_b64decode(value or ""))
            kept = cls(**told)
        except (ValueError, TypeError):
            return None
        return kept if all(isinstance(each, str) for each in asdict(kept).values()) else None

    @property
    def challenge(self) -> str:
        digest = sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def callback_url(settings: Settings) -> str:
    """Where the provider sends browsers back to; it is registered with the client."""
    return f"{settings.public_address()}/sign-in/callback"


async def way_out(services: Services, sign_in: SignIn, attempt: Attempt) -> str:
    """The provider's address where the person signs in.

    Raises:
        SignInFailed: no provider is set up for browsers.
        IssuerUnreachable: it cannot be asked.
    """
    settings = services.settings
    if sign_in.issuer is None or settings.oidc_client_id is None:
        raise SignInFailed(Outcome.NOT_SET_UP)
    told = (await sign_in.issuer.provider()).told
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": callback_url(settings),
        "scope": SCOPE,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    return f"{told['authorization_endpoint']}?{urlencode(asked)}"


async def come_back(
    services: Services, sign_in: SignIn, attempt: Attempt | None, answer: Mapping[str, str | None]
) -> Caller:
    """The caller who has come back from the provider with a code.

    Raises:
        SignInFailed: the answer is not to our question, or the code is refused.
        IssuerUnreachable: the provider cannot be asked.
    """
    if attempt is None or not same(answer.get("state"), attempt.state):
        raise SignInFailed(Outcome.NOT_ASKED)
    # RFC 9207: an answer that names its issuer must name the one that was asked.
    named = answer.get("iss")
    if sign_in.configured is None or named not in {None, sign_in.configured.issuer}:
        raise SignInFailed(Outcome.NOT_ASKED)
    code = answer.get("code")
    if not code or answer.get("error"):
        raise SignInFailed(Outcome.DENIED)
    tokens = await _exchange(services, sign_in, attempt, code)
    person = await _person(services, sign_in, attempt, tokens)
    try:
        _, caller = await known_user(services, sign_in.configured, person)
    except NoOffice:
        raise SignInFailed(Outcome.NO_OFFICE) from None
    return caller


async def _exchange(
    services: Services, sign_in: SignIn, attempt: Attempt, code: str
) -> Mapping[str, Any]:
    settings = services.settings
    assert sign_in.issuer is not None
    assert settings.oidc_client_id is not None
    told = (await sign_in.issuer.provider()).told
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback_url(settings),
        "code_verifier": attempt.verifier,
        "client_id": settings.oidc_client_id,
    }
    basic = None
    if settings.oidc_client_secret is not None:
        basic = (settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())
    try:
        return await fetch_json(str(told.get("token_endpoint")), form=form, basic=basic)
    except FetchRefused:
        raise SignInFailed(Outcome.DENIED) from None
    except FetchFailed:
        raise SignInFailed(Outcome.PROVIDER_DOWN) from None


async def _person(
    services: Services, sign_in: SignIn, attempt: Attempt, tokens: Mapping[str, Any]
) -> Person:
    assert sign_in.issuer is not None
    assert sign_in.configured is not None
    client = services.settings.oidc_client_id or ""
    signed = await sign_in.issuer.signed(str(tokens.get("id_token", "")))
    if signed is None:
        raise SignInFailed(Outcome.DENIED)
    claims = signed.claims
    try:
        expected = Expected(sign_in.configured.issuer, client)
        expires_at = check_id_token(claims, expected, attempt.nonce, services.clock.now())
        return person_of(claims, sign_in.configured.names, expires_at)
    except TokenNotTaken:
        raise SignInFailed(Outcome.DENIED) from None


async def follow_link(services: Services, token: str) -> Caller:
    """The caller whose key a link stands for; the link is used up.

    Raises:
        SignInFailed: the link is unknown, used or old, or its key opens nothing any more.
    """
    now = services.clock.now()
    async with services.database.system() as session:
        tenant_id = await identity.tenant_of_link(session, hash_token(token))
    if tenant_id is None:
        raise SignInFailed(Outcome.LINK_UNKNOWN)
    async with services.database.transaction(tenant_id) as session:
        link = await identity.sign_in_link(session, hash_token(token), now)
        if link is None:
            raise SignInFailed(Outcome.LINK_UNKNOWN)
        link.used_at = now
        caller = await identity.caller_by_id(session, tenant_id, link.api_key_id, now)
    if caller is None:
        raise SignInFailed(Outcome.LINK_UNKNOWN)
    return caller
