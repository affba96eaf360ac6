"""Erasing and breaches over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.audit.looks import ExportingDep, ReadingDep
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.privacy import breaches, processing, service
from app.privacy.models import Erasure
from app.privacy.schemas import (
    BreachClosureIn,
    BreachExport,
    BreachIn,
    BreachOut,
    ErasureIn,
    ErasureOut,
    ProcessingRecord,
)

router = APIRouter(prefix="/v1", tags=["privacy"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.PRIVACY_READ, whole_tenant=True))]
MayWrite = Annotated[Caller, Depends(may(Scope.PRIVACY_WRITE, whole_tenant=True))]
MARKDOWN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A document.",
        "content": {"text/markdown": {"schema": {"type": "string"}}},
    }
}


@router.post("/employees/{employee_id}/erasure", response_model=ErasureOut)
async def erase_employee(
    employee_id: UUID,
    caller: MayWrite,
    body: ErasureIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> Erasure:
    """Erase who an employee was who has left; the numbers they were counted in stay."""
    reading.of([employee_id])
    return await service.erase(session, caller, employee_id, body, now=services.clock.now())


@router.get("/privacy/breaches")
async def list_breaches(caller: MayRead, session: SessionDep, page: PageDep) -> Page[BreachOut]:
    """Breaches of personal data, oldest first, each with its time to notify."""
    found, cursor = split_page(await breaches.page(session, caller, page), page)
    return Page(items=[breaches.shown(each) for each in found], next=cursor)


@router.post("/privacy/breaches", status_code=201, dependencies=[OnceDep])
async def record_breach(
    caller: MayWrite, body: BreachIn, session: SessionDep, services: ServicesDep
) -> BreachOut:
    """Write down what came about; people and the authority are notified within 3 x 24 hours."""
    return breaches.shown(
        await breaches.record_breach(session, caller, body, now=services.clock.now())
    )


@router.get("/privacy/breaches/{breach_id}")
async def get_breach(breach_id: UUID, caller: MayRead, session: SessionDep) -> BreachOut:
    """One breach, with the time that is left to notify."""
    return breaches.shown(await breaches.get(session, caller, breach_id))


@router.post("/privacy/breaches/{breach_id}/closure", dependencies=[OnceDep])
async def close_breach(
    caller: MayWrite,
    breach_id: UUID,
    body: BreachClosureIn,
    session: SessionDep,
    services: ServicesDep,
) -> BreachOut:
    """Say what came of it."""
    now = services.clock.now()
    return breaches.shown(await breaches.close(session, caller, breach_id, body, now=now))


@router.get("/privacy/breaches/{breach_id}/export")
async def export_breach(
    breach_id: UUID, caller: MayRead, session: SessionDep, exporting: ExportingDep
) -> BreachExport:
    """Who is concerned, by what and when, from the trail of who was told of whom."""
    found = await breaches.export(session, caller, breach_id)
    exporting.of((each.employee_id for each in found.people), subject_id=breach_id)
    return found


@router.get("/privacy/record")
async def processing_record(
    caller: MayRead, session: SessionDep, services: ServicesDep
) -> ProcessingRecord:
    """What is processed, why, until when, who receives it, and what protects it, as of now."""
    return await processing.record_of(session, caller, services.settings, now=services.clock.now())


@router.get("/privacy/record.md", response_class=Response, responses=MARKDOWN)
async def processing_record_for_people(
    caller: MayRead, session: SessionDep, services: ServicesDep
) -> Response:
    """The same as a document in Indonesian, with what an impact assessment begins from."""
    found = await processing.record_of(session, caller, services.settings, now=services.clock.now())
    return Response(processing.as_markdown(found), media_type="text/markdown; charset=utf-8")
