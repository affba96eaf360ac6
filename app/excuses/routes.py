"""Excuses over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.audit.looks import ReadingDep
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.excuses import queries, service
from app.excuses.schemas import ExcuseIn, ExcuseOut, ExcuseWithdrawalIn
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1/excuses", tags=["due process"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ_PEOPLE))]
MayDecide = Annotated[Caller, Depends(may(Scope.COMPLIANCE_WRITE, whole_tenant=True))]


@router.get("")
async def list_excuses(
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    campaign: UUID | None = None,
    employee: UUID | None = None,
) -> Page[ExcuseOut]:
    """Excuses that officers have granted, withdrawn ones too."""
    found, cursor = split_page(
        await queries.page(session, caller, page, campaign_id=campaign, employee_id=employee), page
    )
    reading.of(each.employee_id for each in found)
    return Page(items=await service.shown(session, caller, found), next=cursor)


@router.post("", status_code=201, dependencies=[OnceDep])
async def grant_excuse(
    caller: MayDecide,
    body: ExcuseIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> ExcuseOut:
    """Excuse an employee from a duty of a campaign, or from all of them."""
    excuse = await service.grant(session, caller, body, now=services.clock.now())
    reading.of([excuse.employee_id])
    return (await service.shown(session, caller, [excuse]))[0]


@router.get("/{excuse_id}")
async def get_excuse(
    excuse_id: UUID,
    caller: MayRead,
    session: SessionDep,
    reading: ReadingDep,
) -> ExcuseOut:
    """One excuse: who granted it, why and until when."""
    excuse = await queries.get(session, caller, excuse_id)
    reading.of([excuse.employee_id])
    return (await service.shown(session, caller, [excuse]))[0]


@router.post("/{excuse_id}/withdrawal", dependencies=[OnceDep])
async def withdraw_excuse(
    caller: MayDecide,
    excuse_id: UUID,
    body: ExcuseWithdrawalIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> ExcuseOut:
    """Take an excuse back from now on; it is never deleted."""
    excuse = await service.withdraw(session, caller, excuse_id, body, now=services.clock.now())
    reading.of([excuse.employee_id])
    return (await service.shown(session, caller, [excuse]))[0]
