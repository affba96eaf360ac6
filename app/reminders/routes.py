"""Reminder plans, previews and histories over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.audit.looks import ReadingDep
from app.campaigns import queries as campaigns
from app.compliance import answers
from app.core.etags import ExpectedVersion, etag
from app.core.paging import PageDep, split_page
from app.core.services import ServicesDep
from app.employees import queries as employees
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.reminders import queries, service
from app.reminders.channels import channels_from
from app.reminders.rules import State
from app.reminders.schemas import HistoryOut, PlanIn, PlanOut, PreviewOut

router = APIRouter(prefix="/v1", tags=["reminders"])
MayReadPlans = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_READ))]
MayPlan = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_WRITE, whole_tenant=True))]
MayPreview = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ, whole_tenant=True))]
MayRead = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ_PEOPLE))]


@router.get("/campaigns/{campaign_id}/reminders")
async def get_reminder_plan(
    caller: MayReadPlans, campaign_id: UUID, session: SessionDep, response: Response
) -> PlanOut:
    """A campaign's reminder plan; the ETag of one that nobody has set is "0"."""
    found = await service.plan(session, caller, campaign_id)
    response.headers["ETag"] = etag(found.version)
    return found


@router.put("/campaigns/{campaign_id}/reminders")
async def put_reminder_plan(
    caller: MayPlan,
    campaign_id: UUID,
    body: PlanIn,
    expected: ExpectedVersion,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> PlanOut:
    """Set a campaign's reminder plan; what it changes counts from now on."""
    row = await service.put_plan(
        session, caller, campaign_id, body, expected=expected, now=services.clock.now()
    )
    response.headers["ETag"] = etag(row.version)
    return service.shown(campaign_id, row)


@router.get("/campaigns/{campaign_id}/reminders/preview")
async def preview_reminders(
    caller: MayPreview, campaign_id: UUID, session: SessionDep, services: ServicesDep
) -> PreviewOut:
    """How many would be reminded now, and how many not and why; nobody is named."""
    setup = channels_from(services.settings, services.clock)
    return await service.preview(session, caller, campaign_id, setup, now=services.clock.now())


@router.get("/campaigns/{campaign_id}/reminders/history")
async def list_campaign_reminders(
    caller: MayRead,
    campaign_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
    state: State | None = None,
) -> HistoryOut:
    """The reminders of a campaign, planned and past; disputed people stand in no list."""
    await campaigns.get(session, caller, campaign_id)
    paused = await answers.paused_in(session, caller, campaign_id, now=services.clock.now())
    found = await queries.page(
        session,
        caller,
        page,
        campaign_id=campaign_id,
        employee_id=None,
        state=state,
        with_follows=not paused,
    )
    rows, cursor = split_page(found, page)
    items = await service.shown_reminders(session, caller, rows)
    reading.of((row.employee_id for row in rows), subject_id=campaign_id)
    return HistoryOut(items=items, next=cursor, paused=paused)


@router.get("/employees/{employee_id}/reminders")
async def list_employee_reminders(
    caller: MayRead,
    employee_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
) -> HistoryOut:
    """The reminders that went, or are to go, to one employee."""
    await employees.get(session, caller, employee_id)
    paused = await answers.paused_accounts(session, caller, now=services.clock.now())
    found = await queries.page(
        session,
        caller,
        page,
        campaign_id=None,
        employee_id=employee_id,
        state=None,
        with_follows=not paused,
    )
    rows, cursor = split_page(found, page)
    items = await service.shown_reminders(session, caller, rows)
    reading.of([employee_id])
    return HistoryOut(items=items, next=cursor, paused=paused)
