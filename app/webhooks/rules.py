"""Where changes may be told, what an answer means, and when to try again; pure."""

import base64
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from app.platforms.addresses import checked_host
from app.platforms.base import NotSupported

SECRET_BYTES: Final = 32
FIRST_DELAY: Final = timedelta(seconds=30)
LONGEST_DELAY: Final = timedelta(hours=6)
# So long after the first attempt a message is given up.
GIVEN_UP_AFTER: Final = timedelta(hours=72)
# A receiver changes over from one secret to the next within this time unless it says otherwise.
OLD_SECRET_LASTS: Final = timedelta(hours=24)
OLD_SECRET_LASTS_AT_MOST: Final = timedelta(days=30)
DOUBLINGS: Final = 16
OK: Final = range(200, 300)
REDIRECTS: Final = range(300, 400)
GONE: Final = 410
SERVER_ERRORS: Final = 500


class DeliveryState(StrEnum):
    """What has become of a message."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class DeliveryTrouble(StrEnum):
    """Why a message was not taken."""

    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    ADDRESS_REFUSED = "address_refused"
    REDIRECTED = "redirected"
    REFUSED = "refused"
    SERVER_ERROR = "server_error"
    GONE = "gone"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - A state, and no secret.


class Disabled(StrEnum):
    """Why nothing is sent to an endpoint."""

    OFFICER = "officer"
    GONE = "gone"
    RESTORED = "restored"


class UrlRefused(Exception):
    """An address that nothing is sent to: `code` is stable, the words say what to mend."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        super().__init__(words)


@dataclass(frozen=True, slots=True)
class Reach:
    """What the operator allows: http beside https, and which hosts inside the own network."""

    http: bool
    private_hosts: frozenset[str]


def reach_of(*, http: bool, private_hosts: str) -> Reach:
    """What settings allow: names parted by commas."""
    names = (name.strip().lower() for name in private_hosts.split(","))
    return Reach(http, frozenset(name for name in names if name))


def checked_url(url: str, reach: Reach) -> str:
    """An address that changes may be sent to, as far as its text tells.

    Raises:
        UrlRefused: it is none; where its name leads to is looked at before each message.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise UrlRefused("url", "this is no address") from None
    _check_parts(url, parts, reach)
    if host not in reach.private_hosts:
        try:
            checked_host(host)
        except NotSupported:
            words = "the host must be a public name, or one that the operator has allowed"
            raise UrlRefused("host", words) from None
    return url


def _check_parts(url: str, parts: SplitResult, reach: Reach) -> None:
    if not url.isascii() or any(character <= " " or character in '\\"<>' for character in url):
        raise UrlRefused("url", "write an address in ASCII, without spaces")
    if parts.scheme not in {"https", "http"} or (parts.scheme == "http" and not reach.http):
        raise UrlRefused("scheme", "the address must begin with https://")
    if "@" in parts.netloc:
        raise UrlRefused("credentials", "an address holds no name or password; verify signatures")
    if "#" in url:
        raise UrlRefused("fragment", "an address has no part behind #")


def written_secret(key: bytes) -> str:
    """A key as receivers know it from Standard Webhooks."""
    return f"whsec_{base64.b64encode(key).decode()}"


def trouble_of(status: int) -> DeliveryTrouble | None:
    """What an answer means; None: the message was taken."""
    if status in OK:
        return None
    if status == GONE:
        return DeliveryTrouble.GONE
    if status in REDIRECTS:
        return DeliveryTrouble.REDIRECTED
    return DeliveryTrouble.SERVER_ERROR if status >= SERVER_ERRORS else DeliveryTrouble.REFUSED


def next_attempt(
    attempts: int, first_attempt_at: datetime, now: datetime, share: float
) -> datetime | None:
    """When to try again after so many attempts; None: the message is given up.

    `share` in [0, 1) spreads the attempts of many endpoints between half a delay and a whole one.
    """
    if now - first_attempt_at >= GIVEN_UP_AFTER:
        return None
    delay: timedelta = min(FIRST_DELAY * 2 ** min(max(attempts - 1, 0), DOUBLINGS), LONGEST_DELAY)
    # The last attempt is made when the time is up, and not hours before.
    return min(now + delay * (0.5 + share / 2), first_attempt_at + GIVEN_UP_AFTER)


def wanted_kinds(chosen: Collection[str], told: Collection[str]) -> list[str]:
    """The kinds that an endpoint is told of; one that has chosen none is told of all."""
    return sorted(set(chosen) & set(told)) if chosen else sorted(told)
