"""Rows for Grafana's Infinity data source over HTTP."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from app.campaigns.models import DutyKind
from app.campaigns.schemas import GrowthOut
from app.compliance import answers
from app.compliance.schemas import RecapBy
from app.core.errors import FieldError
from app.core.schemas import Moment
from app.core.services import Services, ServicesDep
from app.grafana import service
from app.grafana.rules import step_of
from app.grafana.schemas import AlertRow, ComplianceRow, FollowersRow, GrowthRow, PollRow
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.observations.queries import RangeInvalid, SnapshotRange, snapshot_range

router = APIRouter(prefix="/v1/grafana", tags=["grafana"])
MayReadCounts = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]
MayReadGrowth = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ, Scope.CAMPAIGNS_READ))]
MayReadCompliance = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ))]
MayReadAll = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ, Scope.COMPLIANCE_READ))]
CampaignDep = Annotated[UUID, Query(description="The campaign")]


async def range_asked(
    since: Annotated[Moment, Query(alias="from", description="The first moment")],
    until: Annotated[Moment, Query(alias="to", description="The last moment")],
    step: Annotated[
        int | None,
        Query(
            ge=60,
            le=366 * 24 * 3600,
            description="Seconds; left out: 15 minutes up to 3 days, an hour up to 14, then a day",
        ),
    ] = None,
    tz: Annotated[
        Literal["Asia/Jakarta"] | None,
        Query(description="Cut the steps at its midnights; so are steps that are left out"),
    ] = None,
) -> SnapshotRange:
    """The range that a panel shows.

    Raises:
        RangeInvalid: its end is before its beginning, or it has too many steps.
    """
    if until <= since:
        raise RangeInvalid(errors=[FieldError("/query/to", "range", "must come after from")])
    chosen = step or int(step_of(until - since) / timedelta(seconds=1))
    named = "Asia/Jakarta" if step is None else tz
    return await snapshot_range(since, until, chosen, named, limit=200, cursor=None)


RangeDep = Annotated[SnapshotRange, Depends(range_asked)]


@router.get("/followers")
async def grafana_followers(
    request: Request,
    caller: MayReadGrowth,
    wanted: RangeDep,
    official_account: UUID | None = None,
    campaign: Annotated[
        UUID | None, Query(description="Tell what it expects beside the readings")
    ] = None,
) -> list[FollowersRow]:
    """Readings as a series: a row for each step of each official account, null where none is."""
    services: Services = request.app.state.services
    growths = await _growths(request, caller, campaign) if campaign else []
    async with services.database.transaction(caller.tenant_id) as session:
        return await service.followers(session, caller, official_account, wanted, growths)


async def _growths(request: Request, caller: Caller, campaign_id: UUID) -> list[GrowthOut]:
    state = request.app.state
    found = await answers.remembered(state.services, state.growth, state.drift, caller, campaign_id)
    return found.accounts


@router.get("/growth")
async def grafana_growth(
    request: Request, caller: MayReadGrowth, campaign: CampaignDep
) -> list[GrowthRow]:
    """Growth against expectation: a row for each official account of a campaign."""
    return [service.growth_row(each) for each in await _growths(request, caller, campaign)]


@router.get("/compliance")
async def grafana_compliance(
    caller: MayReadCompliance,
    session: SessionDep,
    services: ServicesDep,
    campaign: CampaignDep,
    by: Annotated[RecapBy, Query(description="What the rows are")] = "work_unit",
    duty: DutyKind | None = None,
) -> list[ComplianceRow]:
    """Verdicts of a campaign: a row for each duty of each unit, with the coverage beside it."""
    now = services.clock.now()
    rows = await service.compliance_rows(session, caller, campaign, by, now=now)
    return [each for each in rows if duty in (None, each.duty)]


@router.get("/polls")
async def grafana_polls(
    caller: MayReadCounts, session: SessionDep, services: ServicesDep
) -> list[PollRow]:
    """How official accounts are being read: a row for each, with the age of what is known."""
    return await service.polls(session, caller, now=services.clock.now())


@router.get("/alerts")
async def grafana_alerts(
    caller: MayReadAll, session: SessionDep, services: ServicesDep
) -> list[AlertRow]:
    """Every alert that could fire, 1 where it does: one number a row, and no time column.

    What cannot be known is left out, and so is whatever concerns a paused official account.
    """
    return await service.alerts(session, caller, now=services.clock.now())
