"""Neutrality windows over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.neutrality import queries, service
from app.neutrality.models import NeutralityWindow
from app.neutrality.schemas import NeutralityWindowIn, NeutralityWindowOut, WindowWithdrawalIn

router = APIRouter(prefix="/v1/neutrality-windows", tags=["neutrality"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_READ))]
MayWrite = Annotated[Caller, Depends(may(Scope.CAMPAIGNS_WRITE, whole_tenant=True))]


@router.get("")
async def list_neutrality_windows(
    caller: MayRead, session: SessionDep, page: PageDep
) -> Page[NeutralityWindowOut]:
    """Every declared election window; withdrawn ones stay in the list."""
    found, cursor = split_page(await queries.page(session, caller, page), page)
    return Page(items=[NeutralityWindowOut.model_validate(each) for each in found], next=cursor)


@router.post("", status_code=201, response_model=NeutralityWindowOut, dependencies=[OnceDep])
async def declare_neutrality_window(
    caller: MayWrite, body: NeutralityWindowIn, session: SessionDep, services: ServicesDep
) -> NeutralityWindow:
    """Pause every official account of owner kind `person` for these days."""
    return await service.declare(session, caller, body, now=services.clock.now())


@router.post("/{window_id}/withdrawal", response_model=NeutralityWindowOut, dependencies=[OnceDep])
async def withdraw_neutrality_window(
    caller: MayWrite,
    window_id: UUID,
    body: WindowWithdrawalIn,
    session: SessionDep,
    services: ServicesDep,
) -> NeutralityWindow:
    """Take a window back; an officer says why."""
    return await service.withdraw(session, caller, window_id, body, now=services.clock.now())
