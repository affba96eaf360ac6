"""Progress, recaps and verdicts over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from app.audit.looks import ReadingDep
from app.campaigns import queries as campaigns
from app.campaigns.models import DutyKind
from app.compliance import answers, missing, queries
from app.compliance.replaying import enter_campaigns_past, enter_employees_past
from app.compliance.rules import Reason, Verdict
from app.compliance.schemas import (
    CampaignEmployees,
    Flag,
    MissingDeclarations,
    ProgressOut,
    RecapBy,
    RecapOut,
    VerdictsOut,
    WaitedFor,
)
from app.core.moments import MomentsDep
from app.core.paging import PageDep, split_page
from app.core.services import Services, ServicesDep
from app.core.web import JsonResponse, ModelResponse
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1", tags=["compliance"])
FORGOTTEN: dict[int | str, dict[str, Any]] = {
    409: {"description": "The campaign is archived: only its last numbers are left."}
}
MayRead = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ))]
MayRemind = Annotated[
    Caller, Depends(may(Scope.ACCOUNTS_READ, Scope.COMPLIANCE_READ, Scope.EMPLOYEES_READ))
]
MayReadPeople = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ_PEOPLE))]


@router.get("/campaigns/{campaign_id}/progress", response_model=ProgressOut, responses=FORGOTTEN)
async def campaign_progress(
    request: Request, campaign_id: UUID, caller: MayRead, moments: MomentsDep
) -> ModelResponse:
    """The answer in one look: growth, attainment, and what is met, unmet and unknown."""
    state = request.app.state
    services: Services = state.services
    beside = None
    if not moments.past:
        # Remembered before the transaction: a growth that must be counted takes one of its own.
        beside = await answers.remembered(services, state.growth, state.drift, caller, campaign_id)
    async with services.database.transaction(caller.tenant_id) as session:
        now = services.clock.now()
        past = await enter_campaigns_past(session, caller, moments, campaign_id, now=now)
        found = await answers.progress(
            session, caller, campaign_id, now=moments.valid_at, past=past, beside=beside
        )
    return ModelResponse(found)


@router.get("/campaigns/{campaign_id}/recap", response_model=RecapOut, responses=FORGOTTEN)
async def campaign_recap(
    caller: MayRead,
    campaign_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    moments: MomentsDep,
    by: Annotated[RecapBy, Query(description="What the rows are")] = "work_unit",
) -> JsonResponse:
    """Eligible, met, unmet, unknown, excused and disputed, by a division of the cohort."""
    now = services.clock.now()
    past = await enter_campaigns_past(session, caller, moments, campaign_id, now=now)
    found = await answers.recap_body(
        session, caller, campaign_id, by, now=moments.valid_at, past=past
    )
    return JsonResponse(found)


@router.get("/campaigns/{campaign_id}/employees", responses=FORGOTTEN)
async def campaign_employees(
    caller: MayReadPeople,
    campaign_id: UUID,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
    moments: MomentsDep,
    verdict: Verdict | None = None,
    reason: Reason | None = None,
    duty: DutyKind | None = None,
    unit: Annotated[UUID | None, Query(description="This unit and all below it")] = None,
    flag: Flag | None = None,
) -> CampaignEmployees:
    """Employees with such a verdict; excused and disputed ones only when asked for by flag."""
    now, valid_at = services.clock.now(), moments.valid_at
    past = await enter_campaigns_past(session, caller, moments, campaign_id, now=now)
    await campaigns.get(session, caller, campaign_id)
    paused = await answers.paused_in(session, caller, campaign_id, now=valid_at, past=past)
    found = await queries.employees(
        session,
        answers.asked_about(caller, campaign_id, paused, past),
        page,
        verdict=verdict,
        reason=reason,
        duty=duty,
        unit=unit,
        flag=flag,
    )
    rows, cursor = split_page(found, page)
    items = answers.campaign_employees(session, caller, rows)
    reading.of((row.id for row in rows), subject_id=campaign_id)
    return CampaignEmployees(
        items=items,
        next=cursor,
        paused=paused,
        valid_at=valid_at,
        known_at=moments.known_at,
    )


@router.get("/campaigns/{campaign_id}/missing-declarations")
async def missing_declarations(
    caller: MayRemind,
    campaign_id: UUID,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
) -> MissingDeclarations:
    """Members of the caller's units who have not declared yet; excused and disputed ones never."""
    campaign = await campaigns.get(session, caller, campaign_id)
    found = await missing.declarations(session, caller, campaign_id, page)
    rows, cursor = split_page(found, page)
    reading.of((row.id for row in rows), subject_id=campaign_id)
    items = [WaitedFor.model_validate(row) for row in rows]
    return MissingDeclarations(items=items, next=cursor, evaluated_at=campaign.evaluated_at)


@router.get("/employees/{employee_id}/verdicts")
async def employee_verdicts(
    employee_id: UUID,
    caller: MayReadPeople,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
    moments: MomentsDep,
) -> VerdictsOut:
    """Every verdict of one employee with its evidence."""
    now = services.clock.now()
    past = await enter_employees_past(session, caller, moments, employee_id, now=now)
    paused = await answers.paused_accounts(session, caller, now=moments.valid_at, past=past)
    left_out = [each.official_account_id for each in paused]
    rows = await queries.of_employee(session, caller, employee_id, left_out)
    reading.of([employee_id])
    return VerdictsOut(
        items=[answers.verdict_of(row, past) for row in rows],
        paused=paused,
        valid_at=moments.valid_at,
        known_at=moments.known_at,
    )
