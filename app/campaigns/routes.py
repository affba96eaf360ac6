"""Campaigns and growth over HTTP."""

from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.audit.looks import ReadingDep
from app.campaigns import extensions, queries, roster, service
from app.campaigns.memory import GrowthMemory, Question, answer_of_the_past
from app.campaigns.models import Extension
from app.campaigns.schemas import (
    CampaignEdit,
    CampaignIn,
    CampaignOut,
    CampaignPreviewOut,
    CohortOut,
    DueDateExtensionIn,
    DueDateExtensionOut,
    GrowthAsked,
    GrowthOut,
    RosterAct,
    RosterEntry,
    RosterShow,
)
from app.core.etags import ExpectedVersion, etag
from app.core.moments import moments_of
from app.core.paging import Page, PageDep, split_page
from app.core.query_strings import from_query, query_parameters
from app.core.services import Services, ServicesDep
from app.core.web import JsonResponse
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1", tags=["campaigns"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_READ))]
MayReadGrowth = Annotated[Caller, Depends(may(Scope.OFFICIAL_ACCOUNTS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_WRITE, whole_tenant=True))]


@router.get("/campaigns")
async def list_campaigns(caller: MayRead, session: SessionDep, page: PageDep) -> Page[CampaignOut]:
    """Campaigns, the oldest first."""
    found, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[await service.shown(session, each) for each in found], next=cursor)


@router.post("/campaigns", status_code=201, dependencies=[OnceDep])
async def create_campaign(
    caller: MayWrite,
    body: CampaignIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> CampaignOut:
    """Create a campaign; its cohort is frozen at once."""
    campaign = await service.create(session, caller, body, now=services.clock.now())
    response.headers["ETag"] = etag(campaign.version)
    return await service.shown(session, campaign)


@router.post("/campaigns/preview")
async def preview_campaign(
    caller: MayWrite, body: CampaignIn, session: SessionDep
) -> CampaignPreviewOut:
    """Whom a campaign would address if it were created now; nothing is stored."""
    return await service.preview(session, caller, body)


@router.get("/campaigns/{campaign_id}")
async def get_campaign(
    campaign_id: UUID, caller: MayRead, session: SessionDep, response: Response
) -> CampaignOut:
    """One campaign; its ETag is what an edit needs."""
    campaign = await queries.get(session, caller, campaign_id)
    response.headers["ETag"] = etag(campaign.version)
    return await service.shown(session, campaign)


@router.patch("/campaigns/{campaign_id}")
async def edit_campaign(
    caller: MayWrite,
    campaign_id: UUID,
    body: CampaignEdit,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> CampaignOut:
    """Change the named fields; who belongs to it is changed at `members`."""
    changes = body.model_dump(exclude_unset=True)
    campaign = await service.edit(
        session, caller, campaign_id, expected=expected, now=services.clock.now(), changes=changes
    )
    response.headers["ETag"] = etag(campaign.version)
    return await service.shown(session, campaign)


@router.get("/campaigns/{campaign_id}/cohort")
async def get_cohort(campaign_id: UUID, caller: MayRead, session: SessionDep) -> CohortOut:
    """The frozen roster with its hash counted anew, and how the government has moved since."""
    return await roster.cohort(session, await queries.get(session, caller, campaign_id))


@router.get("/campaigns/{campaign_id}/members")
async def list_members(
    caller: MayRead,
    campaign_id: UUID,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    show: Annotated[
        RosterShow, Query(description="joiners and leavers: whom the filter would add or drop")
    ] = "members",
) -> Page[RosterEntry]:
    """Who is on the roster, was added or has left, and whom it would gain or lose today."""
    campaign = await queries.get(session, caller, campaign_id)
    rows, cursor = split_page(await roster.entries(session, caller, campaign, page, show), page)
    reading.of(row.id for row in rows)
    return Page(items=[RosterEntry.model_validate(row) for row in rows], next=cursor)


@router.post("/campaigns/{campaign_id}/members", dependencies=[OnceDep])
async def change_roster(
    caller: MayWrite,
    campaign_id: UUID,
    body: RosterAct,
    session: SessionDep,
    services: ServicesDep,
) -> CohortOut:
    """Add joiners and let leavers go; the frozen roster and its hash stay as they are."""
    return await roster.change(session, caller, campaign_id, body, now=services.clock.now())


@router.get("/campaigns/{campaign_id}/extensions")
async def list_extensions(
    caller: MayRead,
    campaign_id: UUID,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    employee: UUID | None = None,
) -> Page[DueDateExtensionOut]:
    """Later due dates that were granted, with who granted them and why."""
    found = await extensions.page(session, caller, campaign_id, page, employee)
    rows, cursor = split_page(found, page)
    reading.of(row.employee_id for row in rows)
    return Page(items=[DueDateExtensionOut.model_validate(row) for row in rows], next=cursor)


@router.post(
    "/campaigns/{campaign_id}/extensions",
    status_code=201,
    response_model=DueDateExtensionOut,
    dependencies=[OnceDep],
)
async def grant_extension(
    caller: MayWrite,
    campaign_id: UUID,
    body: DueDateExtensionIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> Extension:
    """Give one member until the end of a day; what was judged before stays as it was."""
    reading.of([body.employee_id])
    return await extensions.grant(session, caller, campaign_id, body, now=services.clock.now())


@router.get(
    "/official-accounts/{account_id}/growth",
    response_model=GrowthOut,
    openapi_extra={"parameters": query_parameters(GrowthAsked)},
)
async def official_account_growth(
    request: Request, caller: MayReadGrowth, account_id: UUID
) -> JsonResponse:
    """Baseline, current count, gain, growth and attainment as intervals, and whose gain it is."""
    asked = from_query(GrowthAsked, request)
    services: Services = request.app.state.services
    question = Question(
        account_id,
        asked.since.astimezone(UTC),
        asked.until.astimezone(UTC) if asked.until else None,
        asked.expected_gain,
        asked.campaign,
    )
    moments = moments_of(asked.valid_at, asked.known_at, now=services.clock.now())
    if moments.past:
        return JsonResponse(await answer_of_the_past(services, caller, question, moments))
    memory: GrowthMemory = request.app.state.growth
    return JsonResponse(await memory.answer(services, caller, question))
