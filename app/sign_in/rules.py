"""What a verified token says of a person, and what a browser must show; pure.

Sources: RFC 9068 (JWT access tokens), OpenID Connect Core 1.0 § 3.1.3.7, RFC 9700 (best practice).
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from app.identity.scopes import Role

# How far the clocks of the provider and of this service may be apart.
SKEW = timedelta(seconds=60)
LONGEST_SUBJECT = 255
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Under which names the provider tells what we ask; a dot goes one level down."""

    roles: str
    unit: str
    nip: str


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens are taken, and for whom they must have been made."""

    issuer: str
    audience: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a token tells of. `unit_code` and `nip` are None where it does not say."""

    issuer: str
    subject: str
    roles: frozenset[Role]
    unit_code: str | None
    nip: str | None
    expires_at: datetime


class Fault(StrEnum):
    """Why a token is not taken."""

    NO_ACCESS_TOKEN = "no_access_token"  # noqa: S105 - The name of a fault.
    OTHER_ISSUER = "other_issuer"
    OTHER_AUDIENCE = "other_audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NO_SUBJECT = "no_subject"
    OTHER_NONCE = "other_nonce"


class TokenNotTaken(Exception):
    """A signed token that is not for this service, or not now."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


def is_access_token(header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether a token was made to be presented here, as RFC 9068 or Keycloak marks it.

    An ID token tells a client who has signed in, and opens nothing.
    """
    kind = str(header.get("typ", "")).lower()
    return kind in ACCESS_TOKEN_TYPES or (kind == "jwt" and claims.get("typ") == "Bearer")


def check_claims(claims: Mapping[str, Any], expected: Expected, now: datetime) -> datetime:
    """When the token ends.

    Raises:
        TokenNotTaken: it is of another issuer, for another audience, or not valid now.
    """
    if claims.get("iss") != expected.issuer:
        raise TokenNotTaken(Fault.OTHER_ISSUER)
    audience = claims.get("aud")
    if expected.audience not in (audience if isinstance(audience, list) else [audience]):
        raise TokenNotTaken(Fault.OTHER_AUDIENCE)
    expires_at = _moment(claims.get("exp"))
    if expires_at is None or expires_at + SKEW <= now:
        raise TokenNotTaken(Fault.EXPIRED)
    for name in ("nbf", "iat"):
        begins_at = _moment(claims.get(name))
        if name in claims and (begins_at is None or begins_at - SKEW > now):
            raise TokenNotTaken(Fault.NOT_YET_VALID)
    return expires_at


def check_id_token(
    claims: Mapping[str, Any], expected: Expected, nonce: str, now: datetime
) -> datetime:
    """When an ID token ends; its audience is our client, which alone may have asked for it.

    Raises:
        TokenNotTaken: it is of another issuer, for another client or another attempt, or not now.
    """
    expires_at = check_claims(claims, expected, now)
    if claims.get("azp", expected.audience) != expected.audience:
        raise TokenNotTaken(Fault.OTHER_AUDIENCE)
    if not same(str(claims.get("nonce", "")), nonce):
        raise TokenNotTaken(Fault.OTHER_NONCE)
    return expires_at


def person_of(claims: Mapping[str, Any], names: ClaimNames, expires_at: datetime) -> Person:
    """What checked claims tell of a person; roles that we do not know are not ours.

    Raises:
        TokenNotTaken: nobody is named.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise TokenNotTaken(Fault.NO_SUBJECT)
    roles = _at(claims, names.roles)
    told = roles if isinstance(roles, list) else str(roles or "").split()
    known = frozenset(Role(each) for each in told if isinstance(each, str) and each in set(Role))
    return Person(
        issuer=str(claims["iss"]),
        subject=subject,
        roles=known,
        unit_code=_text(_at(claims, names.unit)),
        nip=_digits(_text(_at(claims, names.nip))),
        expires_at=expires_at,
    )


def _at(claims: Mapping[str, Any], path: str) -> Any:
    # A claim of that very name comes first: providers also write addresses with dots as names.
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _digits(value: str | None) -> str | None:
    """A NIP as it is looked up, however it is grouped."""
    return None if value is None else "".join(value.replace("-", " ").split())


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


# A person who has signed in is shown the first page that they may see.
HOME = "/"


def own_path(wanted: str | None) -> str:
    """Where a browser goes after signing in: a path of this service, and never another site."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")):
        return HOME
    parts = urlsplit(wanted)
    plain = not parts.scheme and not parts.netloc and "\\" not in wanted
    return wanted if plain and wanted.isprintable() else HOME


def csrf_token(session_token: str) -> str:
    """What a page sends along with each change, derived from the cookie it cannot read."""
    return hmac.new(session_token.encode(), b"simedsos csrf", sha256).hexdigest()


def same(one: str | None, other: str | None) -> bool:
    """Whether two secrets are the same, in a time that tells nothing."""
    return hmac.compare_digest((one or "").encode(), (other or "").encode()) and bool(one)


def session_ends(last_seen_at: datetime, expires_at: datetime, idle: timedelta) -> datetime:
    """When a browser session ends: it has long been idle, or has lasted its time."""
    return min(last_seen_at + idle, expires_at)
