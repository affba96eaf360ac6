"""The gate in PostgreSQL: budgets and breakers that all workers share and that survive restarts.

A worker draws a small block of units in one short transaction and spends it without asking again;
what it learns is written only where it says something new. No connection is held while the
platform is asked or while a worker waits for its turn.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets import queries
from app.budgets.models import Pause
from app.budgets.rules import (
    LIMITS,
    BreakerState,
    BudgetKey,
    Cause,
    Limit,
    Refusal,
    key_of,
    limit_of,
    refusal_of,
    state_of,
    worth_writing,
)
from app.core.clock import Clock
from app.core.db import Database
from app.core.logs import get_logger
from app.core.metrics import record_breaker, record_budget_refusal
from app.platforms.base import (
    AccountGone,
    Ambiguous,
    CreditsExhausted,
    Platform,
    PlatformError,
    RateLimited,
    Unavailable,
)
from app.platforms.headers import Headroom, headroom, usage_pause
from app.platforms.http import Lane

Sleep = Callable[[float], Awaitable[None]]

DATABASE_FAULTS = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# Units in hand are spent or given up within this time, so what others learn is heeded by then.
GOOD_FOR = timedelta(seconds=1)
# How long a request waits for its turn at the budget's pace before it is refused.
PATIENCE = timedelta(seconds=5)
SHORTEST_NAP = 0.005
# Hosts that people choose are without number; the least used are forgotten, not their budgets.
MOST_PURSES = 4096


@dataclass(slots=True, eq=False)
class Purse:
    """What this worker holds of one budget, and what it last heard of it."""

    good_until: datetime
    units: int = 0
    refusal: Refusal | None = None
    troubled: bool = False
    known: Headroom | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def pays(self, cost: int, now: datetime) -> bool:
        """Spend units if there are enough."""
        if self.units < cost or now >= self.good_until:
            return False
        self.units -= cost
        return True

    def empty(self) -> None:
        """Give up what is held and heard, so that the next request asks the database."""
        self.units, self.refusal = 0, None


class PostgresGate:
    """Budgets and breakers of all platforms; see `app.platforms.http.Gate`.

    A `sparing` gate leaves the reserve of each budget to others.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Mapping[Platform, Limit] = LIMITS,
        *,
        sparing: bool = False,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._sparing = sparing
        self._sleep = sleep
        self._purses: OrderedDict[BudgetKey, Purse] = OrderedDict()

    async def enter(self, lane: Lane, cost: int) -> None:
        """Draw on the lane's budget, waiting a little for its turn.

        Raises:
            RateLimited: the budget is spent or closed; CreditsExhausted until a person acts.
            Unavailable: the breaker is open, or the budget cannot be read.
        """
        key, now = key_of(lane), self._clock.now()
        purse, cost = self._purse(key, now), limit_of(key, self._limits).charge(cost)
        if purse.pays(cost, now):
            return
        # The lock is a queue: only its head asks the database and naps.
        async with purse.lock:
            while not purse.pays(cost, self._clock.now()):
                refusal = await self._refusal(key, purse, cost)
                if refusal is None:
                    continue
                if refusal.cause is not Cause.PACE or refusal.until > now + PATIENCE:
                    record_budget_refusal(platform=key.platform.value, cause=refusal.cause.value)
                    raise error_of(refusal)
                wait = (refusal.until - self._clock.now()).total_seconds()
                await self._sleep(max(wait, SHORTEST_NAP))

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        """Take note of an answer; where that fails, the answer is still good."""
        key, now = key_of(lane), self._clock.now()
        purse = self._purse(key, now)
        try:
            match answer:
                case RateLimited():
                    await self._alive(key, purse)
                    exhausted = isinstance(answer, CreditsExhausted)
                    pause = Pause.CREDITS_EXHAUSTED if exhausted else Pause.RATE_LIMITED
                    await self._close(key, purse, pause, answer.retry_at)
                case AccountGone() | Ambiguous():
                    await self._alive(key, purse)
                case Unavailable():
                    await self._failed(key, purse, now)
                case PlatformError():
                    pass
                case headers:
                    await self._alive(key, purse)
                    await self._heed(key, purse, headers, now)
        except DATABASE_FAULTS as error:
            get_logger().warning(
                "budget not written",
                action="budget_not_written",
                platform=key.platform.value,
                exc_info=error,
            )

    def _purse(self, key: BudgetKey, now: datetime) -> Purse:
        purse = self._purses.get(key)
        if purse is None:
            purse = self._purses[key] = Purse(now)
            if len(self._purses) > MOST_PURSES:
                self._purses.popitem(last=False)
        else:
            self._purses.move_to_end(key)
        return purse

    async def _refusal(self, key: BudgetKey, purse: Purse, cost: int) -> Refusal | None:
        """Fill the purse, or say why not; a refusal is remembered for a moment."""
        now = self._clock.now()
        if purse.refusal is not None and now < min(purse.good_until, purse.refusal.until):
            return purse.refusal
        try:
            async with self._database.system() as session:
                granted, refusal = await self._draw(session, key, purse, cost)
        except DATABASE_FAULTS:
            raise Unavailable("the budget cannot be read") from None
        # Only what is committed may be spent.
        purse.units, purse.good_until = granted, self._clock.now() + GOOD_FOR
        purse.refusal = refusal if refusal and refusal.cause is not Cause.PACE else None
        return refusal

    async def _draw(
        self, session: AsyncSession, key: BudgetKey, purse: Purse, cost: int
    ) -> tuple[int, Refusal | None]:
        now, limit = self._clock.now(), limit_of(key, self._limits)
        breaker = await queries.breaker(session, key.platform, key.door)
        state = state_of(breaker, now)
        purse.troubled = breaker is not None
        note_breaker(key, state)
        if breaker is not None and breaker.retry_at is not None and breaker.retry_at > now:
            return 0, Refusal(Cause.BREAKER, breaker.retry_at)
        closed = state is BreakerState.CLOSED
        want = limit.block(cost) if closed else cost
        reserve = limit.reserve if self._sparing else 0
        drawn = await queries.draw(
            session, key, limit, cost=cost, want=want, now=now, reserve=reserve
        )
        refusal = refusal_of(drawn, limit, cost, now, reserve=reserve)
        if refusal is not None or closed:
            return drawn.granted, refusal
        if await queries.claim_probe(session, key.platform, key.door, now):
            return drawn.granted, None
        return 0, Refusal(Cause.BREAKER, now + GOOD_FOR)

    async def _alive(self, key: BudgetKey, purse: Purse) -> None:
        if purse.troubled:
            async with self._database.system() as session:
                await queries.forget_failures(session, key.platform, key.door)
            purse.troubled = False
            note_breaker(key, BreakerState.CLOSED)

    async def _failed(self, key: BudgetKey, purse: Purse, now: datetime) -> None:
        purse.troubled = True
        async with self._database.system() as session:
            after = await queries.count_failure(session, key.platform, key.door, now)
        state = state_of(after, now)
        note_breaker(key, state)
        if state is not BreakerState.CLOSED:
            for other, held in self._purses.items():
                if (other.platform, other.door) == (key.platform, key.door):
                    held.empty()

    async def _heed(
        self, key: BudgetKey, purse: Purse, headers: Mapping[str, str], now: datetime
    ) -> None:
        seen = headroom(headers, now)
        if seen is not None and worth_writing(purse.known, seen):
            purse.known = seen
            async with self._database.system() as session:
                await queries.heed(session, key, seen, now)
            if not seen.left:
                purse.empty()
        until = usage_pause(headers, now)
        if until is not None:
            await self._close(key, purse, Pause.USAGE, until)

    async def _close(self, key: BudgetKey, purse: Purse, pause: Pause, until: datetime) -> None:
        purse.empty()
        async with self._database.system() as session:
            await queries.close(session, key, pause, until, self._clock.now())


def note_breaker(key: BudgetKey, state: BreakerState) -> None:
    """The metric of a door; hosts that people chose have no name and no metric."""
    if not key.host:
        is_open = state is not BreakerState.CLOSED
        record_breaker(platform=key.platform.value, door=key.door, is_open=is_open)


def error_of(refusal: Refusal) -> PlatformError:
    """A refusal as the adapters know it."""
    match refusal.cause:
        case Cause.BREAKER:
            return Unavailable("left alone after repeated failures")
        case Cause.CREDITS_EXHAUSTED:
            return CreditsExhausted("credits", retry_at=refusal.until)
        case Cause.PACE | Cause.PAUSED | Cause.WINDOW:
            return RateLimited("the budget is spent", retry_at=refusal.until)
