"""Answers of other rooms as rows: nothing is counted here that is not counted there."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.schemas import GrowthOut
from app.compliance import answers
from app.compliance import queries as compliance
from app.compliance.schemas import RecapBy
from app.core.clock import jakarta_day
from app.core.errors import FieldError
from app.gauges import queries as gauges
from app.grafana import queries
from app.grafana.rules import (
    CampaignState,
    Watched,
    known_share,
    met_share,
    of_accounts,
    of_campaigns,
    of_connections,
)
from app.grafana.schemas import AlertRow, ComplianceRow, FollowersRow, GrowthRow, PollRow
from app.identity.rules import Caller
from app.neutrality import queries as neutrality
from app.observations.queries import RangeInvalid, SnapshotRange

MOST_ROWS = 20_000
PERCENT = 100


def ends(value: Any) -> tuple[Any, Any]:
    """Both ends of a number, or null twice where it is not known."""
    return (None, None) if value is None else (value.min, value.max)


async def followers(
    session: AsyncSession,
    caller: Caller,
    official_account_id: UUID | None,
    wanted: SnapshotRange,
    growths: Sequence[GrowthOut],
) -> list[FollowersRow]:
    """Readings of one or of all official accounts, a row for each step of each.

    Raises:
        NotFound: there is no such official account.
        RangeInvalid: it would be more than 20,000 rows.
    """
    accounts = await queries.watched(session, caller, official_account_id)
    _require_few(len(accounts), wanted)
    expected = {each.official_account_id: _lines(each) for each in growths}
    rows = await queries.series(session, caller, [each.id for each in accounts], wanted)
    return [
        FollowersRow(
            time=row.bucket,
            official_account_id=row.official_account_id,
            official_account=row.name,
            platform=row.platform,
            followers_min=row.followers_min,
            followers_max=row.followers_max,
            precision=row.precision,
            observed_at=row.observed_at,
            **expected.get(row.official_account_id, NO_LINES),
        )
        for row in rows
    ]


def _require_few(accounts: int, wanted: SnapshotRange) -> None:
    assert wanted.since is not None
    assert wanted.until is not None
    length = max(wanted.until - wanted.since, timedelta(0))
    steps = -(-length.total_seconds() // (wanted.step or 1))
    if accounts * steps > MOST_ROWS:
        message = f"more than {MOST_ROWS} rows; choose a longer step or one official_account"
        raise RangeInvalid(errors=[FieldError("/query/step", "too_fine", message)])


LINES = ("baseline_min", "baseline_max", "target_min", "target_max")
NO_LINES: dict[str, int | None] = dict.fromkeys(LINES)


def _lines(growth: GrowthOut) -> dict[str, int | None]:
    """What an account began with, and what it is expected to come to."""
    low, high = ends(growth.baseline)
    gain = growth.expected_gain
    if low is None or gain is None:
        return dict(zip(LINES, (low, high, None, None), strict=True))
    return dict(zip(LINES, (low, high, low + gain, high + gain), strict=True))


def growth_row(told: GrowthOut) -> GrowthRow:
    """One official account's growth without a row within the row."""
    baseline, current, gain = ends(told.baseline), ends(told.current), ends(told.gain)
    percent, attained = ends(told.growth_percent), ends(told.attainment_percent)
    shortfall = ends(told.shortfall)
    return GrowthRow(
        official_account_id=told.official_account_id,
        official_account=told.name,
        platform=told.platform,
        paused=told.paused is not None,
        baseline_min=baseline[0],
        baseline_max=baseline[1],
        current_min=current[0],
        current_max=current[1],
        current_at=told.current.observed_at if told.current else None,
        current_age_seconds=told.current.age_seconds if told.current else None,
        gain_min=gain[0],
        gain_max=gain[1],
        growth_percent_min=percent[0],
        growth_percent_max=percent[1],
        expected_gain=told.expected_gain,
        attainment_percent_min=attained[0],
        attainment_percent_max=attained[1],
        shortfall_min=shortfall[0],
        shortfall_max=shortfall[1],
    )


async def compliance_rows(
    session: AsyncSession, caller: Caller, campaign_id: UUID, by: RecapBy, *, now: datetime
) -> list[ComplianceRow]:
    """A campaign's recap, a row for each duty of each unit, category, platform or account.

    Raises:
        NotFound: there is no such campaign.
    """
    told = await answers.recap_body(session, caller, campaign_id, by, now=now)
    return [_compliance_row(each, told["evaluated_at"]) for each in told["items"]]


def _compliance_row(item: dict[str, Any], evaluated_at: str | None) -> ComplianceRow:
    counts: dict[str, int] | None = item["counts"]
    told: dict[str, Any] = counts or dict.fromkeys(answers.COUNTED)
    return ComplianceRow(
        key=item["key"],
        code=item["code"],
        name=item["name"],
        duty=item["duty"],
        suppressed=item["suppressed"],
        **told,
        known_percent=_percent(known_share(counts) if counts else None),
        met_percent=_percent(met_share(counts) if counts else None),
        evaluated_at=evaluated_at,
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(PERCENT * share, 2)


async def polls(session: AsyncSession, caller: Caller, *, now: datetime) -> list[PollRow]:
    """How every official account is being read."""
    paused = await _paused(session, caller, now)
    return [_poll_row(row, now, paused) for row in await queries.polls(session, caller, now)]


async def _paused(session: AsyncSession, caller: Caller, now: datetime) -> frozenset[UUID]:
    found = await neutrality.paused(session, caller.tenant_id, jakarta_day(now))
    return frozenset(each.official_account_id for each in found)


def _poll_row(row: Row[Any], now: datetime, paused: frozenset[UUID]) -> PollRow:
    due: datetime | None = None if row.official_account_id in paused else row.next_poll_at
    return PollRow(
        official_account_id=row.official_account_id,
        official_account=row.name,
        platform=row.platform,
        paused=row.official_account_id in paused,
        followers_min=row.followers_min,
        followers_max=row.followers_max,
        observed_at=row.observed_at,
        age_seconds=_seconds(now, row.observed_at),
        outcome=row.outcome,
        reason=row.reason or None,
        tried_at=row.finished_at,
        tries_24h=row.tries,
        failures_24h=row.failures,
        next_due=due,
        overdue_seconds=_seconds(now, due),
        last_complete_list_at=row.listed_at,
    )


def _seconds(now: datetime, since: datetime | None) -> int | None:
    return None if since is None else max(int((now - since).total_seconds()), 0)


async def alerts(session: AsyncSession, caller: Caller, *, now: datetime) -> list[AlertRow]:
    """Every alert that could fire, with whether it does; nothing of accounts that are paused."""
    accounts = {each.id: each for each in await queries.watched(session, caller, None)}
    paused = await _paused(session, caller, now)
    seen = await gauges.accounts_seen(session, caller.tenant_id, now)
    campaigns = await queries.running(session, caller, now)
    states = [
        CampaignState(each.id, each.evaluated_at, await _coverage(session, caller, each.id, now))
        for each in campaigns
    ]
    names = {each.id: (each.title, "") for each in campaigns}
    names |= {each.id: (each.name, each.platform.value) for each in accounts.values()}
    watched: Iterator[Watched] = (
        each
        for found in (
            of_accounts(seen, now),
            of_connections(await queries.connections(session, caller, now), now),
            of_campaigns(states, now),
        )
        for each in found
    )
    return [
        AlertRow(
            alert=each.alert,
            subject_kind=each.subject_kind,
            subject_id=each.subject_id,
            subject=names[each.subject_id][0],
            platform=names[each.subject_id][1],
            firing=int(each.firing),
        )
        for each in watched
        if each.subject_id in names and each.subject_id not in paused
    ]


async def _coverage(
    session: AsyncSession, caller: Caller, campaign_id: UUID, now: datetime
) -> float | None:
    """The coverage of a campaign's main duty; None where it would tell of few people."""
    paused = await answers.paused_in(session, caller, campaign_id, now=now)
    asked = answers.asked_about(caller, campaign_id, paused)
    duties = await answers.duties(session, await compliance.from_counts(session, asked))
    main = answers.main_duty(duties)
    return known_share(main.counts.model_dump()) if main and main.counts else None
