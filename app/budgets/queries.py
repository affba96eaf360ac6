"""Drawing on budgets in one statement, and reading and writing breakers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets.models import Pause, PlatformBreaker, PlatformBudget
from app.budgets.rules import (
    PROBE_LASTS,
    SHARE,
    Breaker,
    BudgetKey,
    Drawn,
    Limit,
    after_failure,
    window_end,
)
from app.platforms.base import Platform
from app.platforms.headers import Headroom

# The row is locked, judged and written in one statement, so that no two workers draw on the same
# room. What the pace allows is whole units, counted in exact numbers.
DRAW = text("""
WITH seen AS (
    SELECT greatest(busy_until, CAST(:now AS timestamptz)) AS busy_until,
           coalesce(paused_until > :now, false) AS paused,
           CASE WHEN window_ends_at > :now THEN left_in_window
                ELSE CAST(:window_units AS bigint) END AS in_window,
           CASE WHEN window_ends_at > :now THEN window_ends_at
                ELSE CAST(:window_end AS timestamptz) END AS window_ends_at
    FROM platform_budgets
    WHERE platform = :platform AND host = :host AND credential = :credential
    FOR UPDATE
), judged AS (
    SELECT *, least(in_window, CASE WHEN CAST(:spacing AS interval) > interval '0' THEN div(
        extract(epoch FROM :now + CAST(:burst AS integer) * :spacing - busy_until),
        extract(epoch FROM :spacing)
    ) END) AS room
    FROM seen
), draw AS (
    SELECT *, CAST(CASE WHEN paused OR room - CAST(:reserve AS bigint) < CAST(:cost AS bigint)
    THEN 0 ELSE greatest(
        :cost, least(CAST(:want AS bigint), div(room - :reserve, CAST(:share AS bigint)))
    ) END AS bigint) AS granted
    FROM judged
)
UPDATE platform_budgets AS budget
SET busy_until = draw.busy_until + draw.granted * CAST(:spacing AS interval),
    left_in_window = draw.in_window - draw.granted,
    window_ends_at = draw.window_ends_at,
    pause = CASE WHEN draw.paused THEN budget.pause END,
    paused_until = CASE WHEN draw.paused THEN budget.paused_until END,
    drawn_at = :now
FROM draw
WHERE platform = :platform AND host = :host AND credential = :credential
RETURNING draw.granted, budget.busy_until, budget.left_in_window, budget.window_ends_at,
          budget.paused_until, budget.pause
""")


async def draw(
    session: AsyncSession,
    key: BudgetKey,
    limit: Limit,
    *,
    cost: int,
    want: int,
    now: datetime,
    reserve: int = 0,
) -> Drawn:
    """Draw up to `want` units, or none where `cost` are not left above the reserve."""
    end = window_end(limit, now)
    values = {
        **_columns(key),
        "now": now,
        "cost": cost,
        "want": want,
        "share": SHARE,
        "reserve": reserve,
        "burst": max(limit.burst, cost + reserve),
        "spacing": limit.spacing,
        "window_units": None if end is None else limit.units,
        "window_end": end,
    }
    row = (await session.execute(DRAW, values)).one_or_none()
    if row is None:
        await _begin(session, key, now)
        row = (await session.execute(DRAW, values)).one()
    return Drawn(
        granted=row.granted,
        busy_until=row.busy_until,
        left_in_window=row.left_in_window,
        window_ends_at=row.window_ends_at,
        paused_until=row.paused_until,
        credits_exhausted=row.pause == Pause.CREDITS_EXHAUSTED,
    )


def _columns(key: BudgetKey) -> dict[str, str]:
    return {"platform": key.platform.value, "host": key.host, "credential": key.credential}


async def _begin(session: AsyncSession, key: BudgetKey, now: datetime) -> None:
    await session.execute(
        insert(PlatformBudget)
        .values(**_columns(key), busy_until=now, drawn_at=now)
        .on_conflict_do_nothing()
    )


# Credits that are used up stay used up until their own end, whatever else is learned meanwhile.
CLOSE = text("""
UPDATE platform_budgets
SET pause = CASE WHEN pause = 'credits_exhausted' AND paused_until > :now
                 THEN pause ELSE :pause END,
    paused_until = greatest(paused_until, CAST(:until AS timestamptz))
WHERE platform = :platform AND host = :host AND credential = :credential
""")


async def close(
    session: AsyncSession, key: BudgetKey, pause: Pause, until: datetime, now: datetime
) -> None:
    """Close a budget until a moment; one that is closed for longer stays so."""
    await _begin(session, key, now)
    values = {**_columns(key), "pause": pause.value, "until": until, "now": now}
    await session.execute(CLOSE, values)


# An older or a roomier word within the same window says nothing: units may be out with workers.
HEED = text("""
UPDATE platform_budgets
SET left_in_window = :left, window_ends_at = :ends
WHERE platform = :platform AND host = :host AND credential = :credential
  AND (window_ends_at IS NULL OR window_ends_at <= :now OR left_in_window > :left)
""")


async def heed(session: AsyncSession, key: BudgetKey, seen: Headroom, now: datetime) -> None:
    """Take over what the platform says is left."""
    values = {**_columns(key), "left": seen.left, "ends": seen.resets_at, "now": now}
    await session.execute(HEED, values)


async def breaker(
    session: AsyncSession, platform: Platform, door: str, *, lock: bool = False
) -> Breaker | None:
    """What is known of a door's failures, or None where there are none."""
    row = await session.get(PlatformBreaker, (platform, door), with_for_update=lock or None)
    return None if row is None else as_breaker(row)


def as_breaker(row: PlatformBreaker) -> Breaker:
    """The breaker that a row describes."""
    return Breaker(
        failures=row.failures,
        failed_at=row.failed_at,
        openings=row.openings,
        opened_at=row.opened_at,
        retry_at=row.retry_at,
        probing=row.probing,
    )


async def claim_probe(session: AsyncSession, platform: Platform, door: str, now: datetime) -> bool:
    """Whether this caller is the one that may try an open door."""
    claimed = await session.execute(
        update(PlatformBreaker)
        .where(
            PlatformBreaker.platform == platform,
            PlatformBreaker.door == door,
            PlatformBreaker.retry_at <= now,
        )
        .values(probing=True, retry_at=now + PROBE_LASTS)
        .returning(PlatformBreaker.door)
        .execution_options(synchronize_session=False)
    )
    return claimed.first() is not None


async def count_failure(
    session: AsyncSession, platform: Platform, door: str, now: datetime
) -> Breaker:
    """One more failure at a door; answers what the breaker is after it."""
    after = after_failure(await breaker(session, platform, door, lock=True), now)
    values = {
        "failures": after.failures,
        "failed_at": after.failed_at,
        "openings": after.openings,
        "opened_at": after.opened_at,
        "retry_at": after.retry_at,
        "probing": after.probing,
    }
    # Two first failures at once are counted as one, which only makes the breaker more patient.
    await session.execute(
        insert(PlatformBreaker)
        .values(platform=platform, door=door, **values)
        .on_conflict_do_update(index_elements=["platform", "door"], set_=values)
    )
    return after


async def forget_failures(session: AsyncSession, platform: Platform, door: str) -> None:
    """Close a breaker: the platform answers."""
    await session.execute(
        delete(PlatformBreaker).where(
            PlatformBreaker.platform == platform, PlatformBreaker.door == door
        )
    )


async def reopen(session: AsyncSession, platform: Platform) -> None:
    """Forget why a platform is left alone, because a person says so; its pace stays."""
    await session.execute(
        update(PlatformBudget)
        .where(PlatformBudget.platform == platform)
        .values(pause=None, paused_until=None, left_in_window=None, window_ends_at=None)
    )
    await session.execute(delete(PlatformBreaker).where(PlatformBreaker.platform == platform))


async def all_budgets(session: AsyncSession) -> Sequence[PlatformBudget]:
    """Every budget that was ever drawn on and not pruned."""
    return (await session.scalars(select(PlatformBudget))).all()


async def all_breakers(session: AsyncSession) -> Sequence[PlatformBreaker]:
    """Every door that has failed of late."""
    return (await session.scalars(select(PlatformBreaker))).all()
