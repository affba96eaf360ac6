"""Pure decisions about budgets and breakers: how much, how fast, when to stop, when to try again.

A budget without a fixed reset is paced by GCRA with a burst of a tenth: burst plus pace never
exceed the platform's limit in any window, wherever the platform lets its own window begin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.platforms.base import Platform
from app.platforms.headers import Headroom
from app.platforms.http import APP, PAGES, Lane

ACCOUNT: Final = "account"
HOST: Final = "host"
API: Final = "api"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many units in a window; with a `zone` the window is that zone's calendar day.

    A daily quota counts the units that a request costs, every other limit counts requests.
    """

    units: int
    window: timedelta
    zone: str | None = None

    def charge(self, cost: int) -> int:
        """What a request takes from the budget."""
        return cost if self.zone else 1

    @property
    def burst(self) -> int:
        """How many units may be drawn at once after a rest."""
        return self.units if self.zone else max(1, self.units // 10)

    @property
    def reserve(self) -> int:
        """What rounds of checks leave to counts, so that no round stops anybody's counts."""
        return (self.units if self.zone else self.burst) // RESERVE

    @property
    def spacing(self) -> timedelta:
        """The pace: how long a unit takes to come round again; nothing within a daily quota."""
        if self.zone:
            return timedelta(0)
        # Rounded up to the database's microseconds, so that the pace is never too quick.
        microseconds = -(-self.window // timedelta(microseconds=max(1, self.units - self.burst)))
        return timedelta(microseconds=microseconds)

    def block(self, cost: int) -> int:
        """How many units to draw at once: a tenth of a second's worth, so that few are lost."""
        return max(cost, int(self.units * BLOCK / self.window))


BLOCK = timedelta(milliseconds=100)
# More units than any platform grants would not fit the database's numbers.
MOST_UNITS = 10**9
# Rounds of checks leave every budget a quarter.
RESERVE = 4
# No single draw takes more than this part of what is left, so that workers share the rest.
SHARE = 8
META = Limit(200, timedelta(hours=1))
PAGE_PACE = Limit(30, timedelta(minutes=1))
# platforms.md sections 1 to 8. X counts by endpoint; the strictest one stands for all.
LIMITS: Mapping[Platform, Limit] = {
    Platform.BLUESKY: Limit(3000, timedelta(minutes=5)),
    Platform.FACEBOOK: META,
    Platform.INSTAGRAM: META,
    Platform.MASTODON: Limit(300, timedelta(minutes=5)),
    Platform.THREADS: META,
    Platform.TIKTOK: Limit(600, timedelta(minutes=1)),
    Platform.X: Limit(300, timedelta(minutes=15)),
    Platform.YOUTUBE: Limit(10_000, timedelta(days=1), zone="America/Los_Angeles"),
}
# Platforms of many servers have a budget with each of them, and none of their own.
MANY_SERVERS = frozenset({Platform.MASTODON})
# These count an app's requests together, whosever token they carry.
ONE_QUOTA = frozenset({Platform.YOUTUBE})


@dataclass(frozen=True, slots=True)
class BudgetKey:
    """Which row of the budgets a lane draws on, and which door of the platform it goes through."""

    platform: Platform
    host: str
    credential: str

    @property
    def door(self) -> str:
        """The breaker that guards it: of pages, of the API, or of one chosen host."""
        return self.host or (PAGES if self.credential == PAGES else API)

    @property
    def kind(self) -> str:
        """What sort of budget it is, without saying whose."""
        if self.host:
            return HOST
        return self.credential if self.credential in {APP, PAGES} else ACCOUNT


def key_of(lane: Lane) -> BudgetKey:
    """The budget of a lane."""
    shared = lane.platform in ONE_QUOTA and lane.credential != PAGES
    return BudgetKey(lane.platform, lane.host, APP if shared else lane.credential)


def limit_of(key: BudgetKey, limits: Mapping[Platform, Limit]) -> Limit:
    """The limit of a budget; pages keep their own slow pace everywhere."""
    return PAGE_PACE if key.credential == PAGES else limits[key.platform]


class BudgetsNotReadable(ValueError):
    """SIMEDSOS_BUDGETS must read like `youtube=50000,x=900`: units per window of the platform."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def with_granted(text: str) -> Mapping[Platform, Limit]:
    """The limits, less those that a platform has granted this installation otherwise.

    Raises:
        BudgetsNotReadable: the text names no platform, or no number that makes sense.
    """
    limits = dict(LIMITS)
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        try:
            platform, units = Platform(name.strip().lower()), int(number)
        except ValueError:
            raise BudgetsNotReadable from None
        if not 1 <= units <= MOST_UNITS:
            raise BudgetsNotReadable
        limits[platform] = Limit(units, limits[platform].window, limits[platform].zone)
    return limits


def window_end(limit: Limit, now: datetime) -> datetime | None:
    """When a daily quota begins anew; None where there is no fixed moment."""
    if limit.zone is None:
        return None
    zone = ZoneInfo(limit.zone)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone).astimezone(now.tzinfo)


class Cause(StrEnum):
    """Why a request is not sent now."""

    BREAKER = "breaker"
    CREDITS_EXHAUSTED = "credits_exhausted"
    PACE = "pace"
    PAUSED = "paused"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not sent now, and when it may be tried again."""

    cause: Cause
    until: datetime


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a draw on a budget found and took."""

    granted: int
    busy_until: datetime
    left_in_window: int | None
    window_ends_at: datetime | None
    paused_until: datetime | None
    credits_exhausted: bool


def refusal_of(
    drawn: Drawn, limit: Limit, cost: int, now: datetime, *, reserve: int = 0
) -> Refusal | None:
    """Why nothing was granted, or None where something was; `reserve` was to be left."""
    if drawn.granted:
        return None
    if drawn.paused_until is not None and drawn.paused_until > now:
        cause = Cause.CREDITS_EXHAUSTED if drawn.credits_exhausted else Cause.PAUSED
        return Refusal(cause, drawn.paused_until)
    if drawn.window_ends_at is not None and (drawn.left_in_window or 0) < cost + reserve:
        return Refusal(Cause.WINDOW, drawn.window_ends_at)
    idle = max(limit.burst, cost + reserve) - cost - reserve
    return Refusal(Cause.PACE, drawn.busy_until - idle * limit.spacing)


# A platform's word is written down when it has moved by a tenth, or nears its end.
STEP = 10
NEAR_END = 20


def worth_writing(known: Headroom | None, seen: Headroom) -> bool:
    """Whether a platform's word says enough new to write it down for the other workers."""
    if known is None or seen.resets_at - known.resets_at > timedelta(seconds=2):
        return True
    if seen.left >= known.left:
        return False
    return seen.left <= NEAR_END or seen.left <= known.left - known.left // STEP


# A platform that fails this often in a row is left alone, ever longer.
FAILURES_TO_OPEN = 5
FAILURE_WINDOW = timedelta(minutes=2)
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=30)
# Longer than any request may take: a probe whose worker died is sent anew.
PROBE_LASTS = timedelta(seconds=60)


class BreakerState(StrEnum):
    """Closed lets requests through, open none, half-open a single one."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a door's failures in a row."""

    failures: int
    failed_at: datetime
    openings: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    probing: bool = False


def state_of(breaker: Breaker | None, now: datetime) -> BreakerState:
    """What the breaker does with a request now."""
    if breaker is None or breaker.retry_at is None:
        return BreakerState.CLOSED
    if breaker.probing or breaker.retry_at <= now:
        return BreakerState.HALF_OPEN
    return BreakerState.OPEN


def after_failure(breaker: Breaker | None, now: datetime) -> Breaker:
    """The breaker after one more failure."""
    state = state_of(breaker, now)
    if breaker is None or (
        state is BreakerState.CLOSED and now - breaker.failed_at > FAILURE_WINDOW
    ):
        return Breaker(1, now)
    failures = breaker.failures + 1
    if state is BreakerState.CLOSED and failures < FAILURES_TO_OPEN:
        return Breaker(failures, now)
    if state is BreakerState.OPEN:
        # A request that was under way when the breaker opened says nothing new.
        return breaker
    openings = breaker.openings + 1
    return Breaker(failures, now, openings, breaker.opened_at or now, now + rest(openings))


def rest(openings: int) -> timedelta:
    """How long to leave a platform alone when its breaker opens for the n-th time in a row."""
    doublings: int = min(openings - 1, 10)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)


class BudgetState(StrEnum):
    """What a budget allows now, from best to worst."""

    OPEN = "open"
    PAUSED = "paused"
    CREDITS_EXHAUSTED = "credits_exhausted"


@dataclass(frozen=True, slots=True)
class Stored:
    """A budget as it was last written down."""

    busy_until: datetime
    left_in_window: int | None = None
    window_ends_at: datetime | None = None
    paused_until: datetime | None = None
    credits_exhausted: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a budget allows, for people: its state, what is left of the limit, and until when."""

    state: BudgetState
    remaining: int
    resets_at: datetime | None
    until: datetime | None


def standing_of(stored: Stored | None, limit: Limit, now: datetime) -> Standing:
    """How a budget stands; one that nothing was ever drawn on is full."""
    if stored is None:
        return Standing(BudgetState.OPEN, limit.units, window_end(limit, now), None)
    remaining, resets_at = limit.units, window_end(limit, now)
    if limit.zone is None and stored.busy_until > now:
        drawn = -((now - stored.busy_until) // limit.spacing)
        remaining, resets_at = max(0, limit.units - drawn), stored.busy_until
    if stored.window_ends_at is not None and stored.window_ends_at > now:
        remaining = min(remaining, stored.left_in_window or 0)
        resets_at = stored.window_ends_at
    if stored.paused_until is not None and stored.paused_until > now:
        state = BudgetState.CREDITS_EXHAUSTED if stored.credits_exhausted else BudgetState.PAUSED
        return Standing(state, remaining, resets_at, stored.paused_until)
    if remaining == 0:
        return Standing(BudgetState.PAUSED, 0, resets_at, resets_at)
    return Standing(BudgetState.OPEN, remaining, resets_at, None)


def worst(standings: Iterable[Standing]) -> Standing:
    """The one of several budgets that a person should look at first."""
    order = list(BudgetState)
    return max(standings, key=lambda each: (order.index(each.state), -each.remaining))
