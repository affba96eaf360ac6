"""What a key may be given, and how many of one client are alive; pure."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from app.identity.scopes import Scope

LIFETIME = timedelta(days=365)
LONGEST = timedelta(days=366)
# A client changes over from one key to the next: the old one and the new one, and no third.
ALIVE_AT_MOST = 2


def not_held(asked: Iterable[str], held: Collection[Scope]) -> list[str]:
    """The scopes that whoever gives them does not hold, in alphabetical order."""
    return sorted(set(asked) - set(held))


def end_of(asked: datetime | None, lifetime: timedelta, now: datetime) -> datetime:
    """When a new key ends: as asked, or after its usual lifetime and at the latest in a year."""
    return asked if asked is not None else now + min(lifetime, LONGEST)


def is_alive(revoked_at: datetime | None, expires_at: datetime, now: datetime) -> bool:
    """Whether a key opens anything."""
    return revoked_at is None and expires_at > now
