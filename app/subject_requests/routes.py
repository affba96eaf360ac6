"""Requests about people's own data, as officers see and answer them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.audit.looks import ReadingDep
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.subject_requests import queries, service
from app.subject_requests.rules import RequestState
from app.subject_requests.schemas import AnswerIn, SubjectRequestIn, SubjectRequestOut

router = APIRouter(prefix="/v1/subject-requests", tags=["privacy"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.PRIVACY_READ, whole_tenant=True))]
MayAnswer = Annotated[Caller, Depends(may(Scope.PRIVACY_WRITE, whole_tenant=True))]


@router.get("")
async def list_subject_requests(
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    reading: ReadingDep,
    state: RequestState | None = None,
    employee: UUID | None = None,
) -> Page[SubjectRequestOut]:
    """Requests oldest first; each is answered within 3 x 24 hours."""
    now = services.clock.now()
    found, cursor = split_page(
        await queries.page(session, caller, page, state=state, employee_id=employee, now=now), page
    )
    reading.of(each.employee_id for each in found)
    return Page(items=[service.shown(each, now) for each in found], next=cursor)


@router.post("", status_code=201, dependencies=[OnceDep])
async def receive_subject_request(
    caller: MayAnswer,
    body: SubjectRequestIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> SubjectRequestOut:
    """Record what came by letter or in person; the clock began when it was received."""
    now = services.clock.now()
    request = await service.receive(session, caller, body, now=now)
    reading.of([request.employee_id])
    return service.shown(request, now)


@router.get("/{request_id}")
async def get_subject_request(
    request_id: UUID,
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> SubjectRequestOut:
    """One request about one's data, with its answer and its due date."""
    request = await queries.get(session, caller, request_id)
    reading.of([request.employee_id])
    return service.shown(request, services.clock.now())


@router.post("/{request_id}/answer", dependencies=[OnceDep])
async def answer_subject_request(
    caller: MayAnswer,
    request_id: UUID,
    body: AnswerIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> SubjectRequestOut:
    """A named officer's answer, with a reason; a refusal names what it rests on."""
    now = services.clock.now()
    request = await service.answer(session, caller, request_id, body, now=now)
    reading.of([request.employee_id])
    return service.shown(request, now)
