"""Answering growth: the facts are read, the rules count, and only here numbers are rounded."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries
from app.campaigns.models import Campaign
from app.campaigns.past import Past, hidden
from app.campaigns.rules import (
    CohortFollows,
    Growth,
    Interval,
    Reading,
    ShareInterval,
    Window,
    attribution,
    below,
    growth,
    pace,
    percent,
    reachable_gain,
    too_few,
)
from app.campaigns.schemas import (
    AttributionOut,
    GrowthOut,
    IntervalOut,
    PaceOut,
    PercentOut,
    ReadingOut,
)
from app.core.clock import jakarta_day
from app.identity.rules import Caller
from app.neutrality.rules import PauseReason
from app.neutrality.schemas import PausedOut
from app.neutrality.service import shown
from app.observations.rules import CountInterval
from app.platforms.base import Platform

LITTLE = Fraction(20, 100)


@dataclass(frozen=True, slots=True)
class GrowthQuestion:
    """Growth of which account, between which moments, against what, for whose follows."""

    official_account_id: UUID
    since: datetime
    until: datetime
    expected_gain: int | None
    campaign_id: UUID | None


async def of_campaign(
    session: AsyncSession,
    caller: Caller,
    campaign: Campaign,
    official_account_id: UUID,
    *,
    now: datetime,
    past: Past | None = None,
) -> GrowthOut:
    """Growth of one official account in a campaign's window, as far as it has run."""
    question = GrowthQuestion(
        official_account_id,
        since=campaign.starts_at,
        until=min(now, campaign.ends_at),
        expected_gain=campaign.expected_gain,
        campaign_id=campaign.id,
    )
    return await answer(session, caller, question, now=now, past=past)


async def answer(
    session: AsyncSession,
    caller: Caller,
    question: GrowthQuestion,
    *,
    now: datetime,
    past: Past | None = None,
    members: Row[Any] | None = None,
) -> GrowthOut:
    """The whole answer as of `now`, on wish of a past; what cannot be known is null.

    `members` is what `members_of` has answered to the same question; it is counted unless given.

    Raises:
        NotFound: there is no such official account, or no such campaign.
    """
    if question.campaign_id is not None:
        await queries.get(session, caller, question.campaign_id)
    ends = await _ends(session, caller, question)
    if members is None:
        members = await _members(session, caller, question, ends.platform)
    paused = await _paused(session, caller, ends, now, past)
    untold = paused is not None or _tells_of_each(caller, members)
    counted = _counted(ends, question.expected_gain)
    return GrowthOut(
        valid_at=now,
        known_at=past.known_at if past else now,
        official_account_id=ends.id,
        platform=ends.platform,
        name=ends.name,
        since=question.since,
        until=question.until,
        baseline=_reading(ends, "baseline", question.since),
        current=_reading(ends, "current", now),
        gain=_interval(counted.gain) if counted else None,
        growth_percent=_percent(counted.share) if counted else None,
        growth_under_20_percent=(
            below(counted.share, LITTLE).value if counted and counted.share else None
        ),
        expected_gain=question.expected_gain,
        attainment_percent=_percent(counted.attainment) if counted else None,
        shortfall=_interval(counted.shortfall) if counted and counted.shortfall else None,
        attribution=_attribution(counted, members) if counted and not untold else None,
        reachable_gain=None if untold else _reachable(members),
        pace=await _pace(session, caller, question, now) if counted else None,
        paused=paused,
    )


async def members_of(session: AsyncSession, caller: Caller, question: GrowthQuestion) -> Row[Any]:
    """Who of the cohort follows since when: the dear part of an answer.

    Raises:
        NotFound: there is no such official account.
    """
    ends = await _ends(session, caller, question)
    return await _members(session, caller, question, ends.platform)


async def _ends(session: AsyncSession, caller: Caller, question: GrowthQuestion) -> Row[Any]:
    return await queries.ends(
        session, caller, question.official_account_id, since=question.since, until=question.until
    )


async def _members(
    session: AsyncSession, caller: Caller, question: GrowthQuestion, platform: Platform
) -> Row[Any]:
    return await queries.membership(
        session,
        caller,
        question.official_account_id,
        platform=platform,
        campaign_id=question.campaign_id,
        since=question.since,
        until=question.until,
    )


def _tells_of_each(caller: Caller, members: Row[Any]) -> bool:
    """Whether so few are concerned that their numbers are left out, as they are in recaps."""
    if caller.keeps_registry:
        return False
    return too_few(members.people) or too_few(members.concerned)


async def _paused(
    session: AsyncSession, caller: Caller, ends: Row[Any], now: datetime, past: Past | None
) -> PausedOut | None:
    """The election window in force; then it is not told how many employees follow.

    After an office term the account's growth in it is history, and may be told.
    """
    for each in await hidden(session, caller.tenant_id, now, past):
        in_window = each.pause.reason is PauseReason.NEUTRALITY_WINDOW
        if each.official_account_id == ends.id and in_window:
            return shown(each)
    return None


def _counted(ends: Row[Any], expected_gain: int | None) -> Growth | None:
    if ends.baseline_min is None or ends.current_min is None:
        return None
    return growth(
        CountInterval(ends.baseline_min, ends.baseline_max),
        CountInterval(ends.current_min, ends.current_max),
        expected_gain,
    )


def _reading(ends: Row[Any], end: str, moment: datetime) -> ReadingOut | None:
    row = ends._mapping  # noqa: SLF001 - The public name of a row's mapping in SQLAlchemy.
    if row[f"{end}_min"] is None:
        return None
    observed_at = row[f"{end}_at"]
    return ReadingOut(
        min=row[f"{end}_min"],
        max=row[f"{end}_max"],
        observed_at=observed_at,
        precision=row[f"{end}_precision"],
        age_seconds=age(observed_at, moment),
    )


def age(observed_at: datetime, moment: datetime) -> int:
    """How old a reading is when it is used, in whole seconds."""
    return max(0, int((moment - observed_at).total_seconds()))


def moment(at: datetime) -> str:
    """A moment in UTC as the API writes it."""
    return at.isoformat().replace("+00:00", "Z")


def _interval(interval: Interval | CountInterval) -> IntervalOut:
    return IntervalOut(min=interval.min, max=interval.max)


def _percent(share: ShareInterval | None) -> PercentOut | None:
    return None if share is None else PercentOut(min=percent(share.min), max=percent(share.max))


def _attribution(counted: Growth, members: Row[Any]) -> AttributionOut:
    found = attribution(
        counted.gain,
        CohortFollows(
            began_inside=members.began_inside,
            began_before=members.began_before,
            began_unknown=members.began_unknown,
            membership_unknown=members.membership_unknown,
        ),
    )
    return AttributionOut(
        cohort_new=_interval(found.cohort_new),
        cohort_before=_interval(found.cohort_before),
        other=_interval(found.other),
    )


def _reachable(members: Row[Any]) -> IntervalOut:
    before = members.unexcused_before
    unclear = members.unexcused_began_unknown + members.unexcused_membership_unknown
    return _interval(
        reachable_gain(
            members.people,
            CountInterval(before, before + unclear),
            members.excused,
            members.no_account,
        )
    )


async def _pace(
    session: AsyncSession, caller: Caller, question: GrowthQuestion, now: datetime
) -> PaceOut:
    rows = await queries.daily_readings(
        session, caller, question.official_account_id, since=question.since, until=question.until
    )
    found = pace(
        (
            Reading(row.observed_at, CountInterval(row.followers_min, row.followers_max))
            for row in rows
        ),
        question.expected_gain,
        Window(question.since, question.until),
        now=now,
    )
    return PaceOut(
        reached_from=jakarta_day(found.reached_from) if found.reached_from else None,
        reached_until=jakarta_day(found.reached_until) if found.reached_until else None,
        plateau=found.plateau,
    )
