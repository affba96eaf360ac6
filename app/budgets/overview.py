"""Every platform as people see it: capabilities, settings, breaker and budgets side by side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets import queries
from app.budgets.models import Pause, PlatformBreaker, PlatformBudget
from app.budgets.rules import (
    API,
    HOST,
    MANY_SERVERS,
    BreakerState,
    BudgetKey,
    Limit,
    Stored,
    limit_of,
    standing_of,
    state_of,
    with_granted,
    worst,
)
from app.budgets.schemas import BreakerOut, BudgetOut, PlatformOut
from app.platforms.access import missing_settings, pages_allowed
from app.platforms.base import Platform
from app.platforms.catalog import CAPABILITIES
from app.platforms.http import APP, PAGES
from app.settings import Settings

ALARMING = (BreakerState.CLOSED, BreakerState.HALF_OPEN, BreakerState.OPEN)


async def overview(session: AsyncSession, settings: Settings, now: datetime) -> list[PlatformOut]:
    """All platforms, by name."""
    limits = with_granted(settings.budgets)
    budgets = await queries.all_budgets(session)
    breakers = await queries.all_breakers(session)
    return [
        _platform(
            platform,
            settings,
            _breaker([each for each in breakers if each.platform is platform], now),
            _budgets(
                platform,
                [each for each in budgets if each.platform is platform],
                limits,
                pages=pages_allowed(settings, platform),
                now=now,
            ),
        )
        for platform in sorted(CAPABILITIES)
    ]


def _platform(
    platform: Platform, settings: Settings, breaker: BreakerOut, budgets: list[BudgetOut]
) -> PlatformOut:
    missing = missing_settings(settings, platform)
    return PlatformOut(
        **asdict(CAPABILITIES[platform]),
        platform=platform.value,
        pages=pages_allowed(settings, platform),
        configured=not missing,
        missing_settings=missing,
        breaker=breaker,
        budgets=budgets,
    )


def _breaker(rows: Iterable[PlatformBreaker], now: datetime) -> BreakerOut:
    states = [(state_of(queries.as_breaker(row), now), row) for row in rows]
    open_hosts = sum(
        state is not BreakerState.CLOSED for state, row in states if row.door not in {API, PAGES}
    )
    own = [(state, row) for state, row in states if row.door in {API, PAGES}]
    if not own:
        return BreakerOut(
            state=BreakerState.CLOSED, since=None, retry_at=None, open_hosts=open_hosts
        )
    state, row = max(own, key=lambda pair: ALARMING.index(pair[0]))
    return BreakerOut(
        state=state, since=row.opened_at, retry_at=row.retry_at, open_hosts=open_hosts
    )


def _budgets(
    platform: Platform,
    rows: Sequence[PlatformBudget],
    limits: Mapping[Platform, Limit],
    *,
    pages: bool,
    now: datetime,
) -> list[BudgetOut]:
    by_kind: dict[str, list[Stored]] = {HOST if platform in MANY_SERVERS else APP: []}
    if pages:
        by_kind[PAGES] = []
    for row in rows:
        kind = BudgetKey(platform, row.host, row.credential).kind
        by_kind.setdefault(kind, []).append(_stored(row))
    return [_budget(platform, kind, stored, limits, now) for kind, stored in by_kind.items()]


def _budget(
    platform: Platform,
    kind: str,
    stored: Sequence[Stored],
    limits: Mapping[Platform, Limit],
    now: datetime,
) -> BudgetOut:
    limit = limit_of(BudgetKey(platform, "", kind), limits)
    standings = [standing_of(each, limit, now) for each in stored]
    standing = worst(standings) if standings else standing_of(None, limit, now)
    return BudgetOut(
        credential=kind,
        lanes=len(stored),
        limit=limit.units,
        window_seconds=int(limit.window.total_seconds()),
        remaining=standing.remaining,
        resets_at=standing.resets_at,
        state=standing.state,
        until=standing.until,
    )


def _stored(row: PlatformBudget) -> Stored:
    return Stored(
        busy_until=row.busy_until,
        left_in_window=row.left_in_window,
        window_ends_at=row.window_ends_at,
        paused_until=row.paused_until,
        credits_exhausted=row.pause is Pause.CREDITS_EXHAUSTED,
    )
