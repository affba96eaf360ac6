"""The identity provider: where it is asked, its keys, and whether it has signed a token.

Sources: OpenID Connect Discovery 1.0, RFC 7517 (JWK), RFC 8725 (JWT best practice).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.core.clock import Clock
from app.core.errors import ServiceUnavailable
from app.core.fetching import FetchFailed, fetch_json
from app.core.sharing import Shared

DISCOVERY = "/.well-known/openid-configuration"
# Signatures by a key pair only: what verifies them could sign by none of these.
ALGORITHMS = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
KEPT_FOR = timedelta(minutes=10)
# Known keys serve on for a while when the provider cannot be reached.
KEPT_AT_LONGEST = timedelta(hours=1)
# A token of an unknown key may name a new one; a stranger must not make us ask again and again.
ASKED_AGAIN_AFTER = timedelta(seconds=30)
LONGEST_TOKEN = 8192
DOTS = 2


class IssuerUnreachable(ServiceUnavailable):
    """The identity provider cannot be reached; try again shortly. API keys go on working."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider tells of itself."""

    keys: KeySet
    told: Mapping[str, Any]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """A token whose signature is the provider's; its claims are still to be checked."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


class Issuer:
    """One configured identity provider."""

    def __init__(self, address: str, clock: Clock) -> None:
        self.address = address
        self._clock = clock
        self._known: Provider | None = None
        self._asking: Shared[Provider] = Shared()

    async def provider(self) -> Provider:
        """What is known of the provider, asked anew when it is old.

        Raises:
            IssuerUnreachable: it cannot be reached, and nothing recent is known of it.
        """
        now, known = self._clock.now(), self._known
        if known is not None and now - known.asked_at < KEPT_FOR:
            return known
        try:
            return await self._asking.run("provider", self._ask)
        except FetchFailed:
            if known is not None and now - known.asked_at < KEPT_AT_LONGEST:
                return known
            raise IssuerUnreachable from None

    async def signed(self, token: str) -> Signed | None:
        """What a token says, if the provider has signed it; None otherwise.

        Raises:
            IssuerUnreachable: its keys are not known.
        """
        if len(token) > LONGEST_TOKEN or token.count(".") != DOTS:
            return None
        provider = await self.provider()
        try:
            return _read(token, provider.keys)
        except InvalidKeyIdError:
            if self._clock.now() - provider.asked_at < ASKED_AGAIN_AFTER:
                return None
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            return None
        try:
            provider = await self._asking.run("provider", self._ask)
            return _read(token, provider.keys)
        except (FetchFailed, JoseError, ValueError, TypeError, KeyError, AttributeError):
            return None

    async def _ask(self) -> Provider:
        asked_at = self._clock.now()
        told = await fetch_json(self.address.rstrip("/") + DISCOVERY)
        # Whoever answers for another issuer is not the one that was configured.
        if told.get("issuer") != self.address or not isinstance(told.get("jwks_uri"), str):
            raise FetchFailed
        published = await fetch_json(told["jwks_uri"])
        self._known = Provider(_usable(published), told, asked_at)
        return self._known


def _read(token: str, keys: KeySet) -> Signed:
    found = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
    return Signed(found.header, found.claims)


def _usable(published: Mapping[str, Any]) -> KeySet:
    """The public keys for signatures; an unusable one among them spoils no other."""
    usable = []
    listed = published.get("keys")
    for key in listed if isinstance(listed, list) else ():
        if not isinstance(key, dict) or key.get("kty") not in KEY_TYPES:
            continue
        if key.get("use", "sig") != "sig":
            continue
        try:
            usable += KeySet.import_key_set({"keys": [key]}).keys
        except (JoseError, ValueError, TypeError):
            continue
    if not usable:
        raise FetchFailed
    return KeySet(usable)
