"""How often a caller may ask: per client and per government, and how often anybody may guess.

Header fields `RateLimit-Policy` and `RateLimit`: draft-ietf-httpapi-ratelimit-headers.
"""

import math
import time
from dataclasses import dataclass

from fastapi import Request
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from app.core.errors import TooMany
from app.identity.rules import Caller
from app.settings import Settings

WINDOW_SECONDS = 60
CLIENT, TENANT, GUESSES, EXPORTS = "client", "tenant", "guesses", "exports"
VISITS = "visits"


@dataclass(frozen=True, slots=True)
class Quota:
    """What a client has left; written into the answer."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        policy = f'"{CLIENT}";q={self.limit};w={WINDOW_SECONDS}'
        left = f'"{CLIENT}";r={self.remaining};t={self.reset_seconds}'
        return ((b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode()))


class Limits:
    """The limits of one process; a setting of 0 switches one off."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._client = _per_minute(settings.rate_limit_client)
        self._tenant = _per_minute(settings.rate_limit_tenant)
        exports = settings.rate_limit_exports
        self._exports = RateLimitItemPerHour(exports) if exports else None
        self._guesses = _per_minute(settings.rate_limit_guesses)
        self._visits = _per_minute(settings.rate_limit_visits)

    async def spend(self, caller: Caller) -> Quota | None:
        """Count one request of a caller; None where clients are not limited.

        Raises:
            TooMany: the client or its government has asked too often.
        """
        await self._count(self._tenant, TENANT, str(caller.tenant_id))
        if self._client is None:
            return None
        client = str(caller.id)
        await self._count(self._client, CLIENT, client)
        stats = await self._limiter.get_window_stats(self._client, CLIENT, client)
        reset = max(1, math.ceil(stats.reset_time - time.time()))
        return Quota(self._client.amount, max(0, stats.remaining), reset)

    async def export(self, caller: Caller) -> None:
        """Count one export of people's data.

        Raises:
            TooMany: the client has taken too many within the hour.
        """
        await self._count(self._exports, EXPORTS, str(caller.id))

    async def guess(self, request: Request) -> None:
        """Count an attempt that proves nothing, such as a token that is none.

        Raises:
            TooMany: too many came from this address.
        """
        await self._count(self._guesses, GUESSES, _address(request))

    async def visit(self, request: Request) -> None:
        """Count a public question.

        Raises:
            TooMany: too many came from this address.
        """
        await self._count(self._visits, VISITS, _address(request))

    async def _count(self, limit: RateLimitItem | None, kind: str, who: str) -> None:
        if limit is None or await self._limiter.hit(limit, kind, who):
            return
        stats = await self._limiter.get_window_stats(limit, kind, who)
        raise TooMany(seconds=max(1, math.ceil(stats.reset_time - time.time())))


def _address(request: Request) -> str:
    """Where a request came from: all that is known of a caller who has shown nothing."""
    return request.client.host if request.client else ""


def _per_minute(amount: int) -> RateLimitItem | None:
    return RateLimitItemPerMinute(amount) if amount else None
