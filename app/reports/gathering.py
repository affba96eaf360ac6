"""Reading everything that a report tells, as somebody outside BKD may know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries as campaigns
from app.campaigns.models import Campaign, Duty
from app.campaigns.schemas import GrowthOut
from app.compliance import answers
from app.compliance import queries as compliance
from app.compliance.schemas import ProgressOut, RecapBy, RecapOut
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.observations import service as observations
from app.observations.queries import SnapshotRange
from app.observations.schemas import StepOut
from app.reports import queries
from app.reports.rules import step_days

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Series:
    """An official account's readings, one a step of whole days; a step without one is null."""

    step_days: int
    items: Sequence[StepOut]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is frozen; of paused official accounts nothing is in it but that they are paused."""

    government: str
    campaign: Campaign
    duties: Sequence[Duty]
    progress: ProgressOut
    growth: Sequence[GrowthOut]
    series: Mapping[UUID, Series]
    last_lists: Mapping[UUID, Row[Any]]
    unknown: Sequence[Row[Any]]
    recaps: Mapping[RecapBy, RecapOut]
    parents: Mapping[UUID, UUID | None]


def as_outsider(caller: Caller) -> Caller:
    """The same caller with the eyes of everyone outside BKD, since reports travel."""
    return replace(caller, scopes=caller.scopes - {Scope.EMPLOYEES_READ_NIP})


async def facts(
    session: AsyncSession, caller: Caller, campaign: Campaign, *, now: datetime
) -> Facts:
    """Everything that a report of a campaign tells at this moment."""
    reader = as_outsider(caller)
    progress = await answers.progress(session, reader, campaign.id, now=now)
    # Of an election window's accounts nothing is told; after an office term growth is history.
    growth = [each for each in progress.official_accounts if each.paused is None]
    ids = [each.official_account_id for each in growth]
    asked = answers.asked_about(reader, campaign.id, progress.paused_accounts)
    recaps: dict[RecapBy, RecapOut] = {
        by: await answers.recap(session, reader, campaign.id, by, now=now)
        for by in get_args(RecapBy)
    }
    return Facts(
        government=await queries.government_name(session, caller.tenant_id),
        campaign=campaign,
        duties=await campaigns.duties(session, caller.tenant_id, campaign.id),
        progress=progress,
        growth=growth,
        series={each: await _series(session, reader, campaign, each, now=now) for each in ids},
        last_lists=await queries.last_lists(session, caller.tenant_id, ids, now),
        unknown=await queries.unknown_reasons(session, asked),
        recaps=recaps,
        parents=await compliance.unit_parents(session, asked),
    )


async def _series(
    session: AsyncSession,
    caller: Caller,
    campaign: Campaign,
    official_account_id: UUID,
    *,
    now: datetime,
) -> Series:
    since, until = campaign.starts_at, min(now, campaign.ends_at)
    if until <= since:
        return Series(1, [])
    days = step_days(until - since)
    wanted = SnapshotRange(since, until, days * DAY, limit=0, cursor=None, by_day=True)
    found = await observations.series(session, caller, official_account_id, wanted)
    return Series(days, [each for each in found.items if isinstance(each, StepOut)])


def told_of(found: Facts) -> list[UUID]:
    """The official accounts of which the facts tell any number."""
    return sorted({each.official_account_id for each in found.growth})
