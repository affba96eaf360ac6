"""Notices, disputes and their decisions over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.audit.looks import ReadingDep
from app.campaigns.models import DutyKind
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.disputes import notices, queries, service
from app.disputes.schemas import (
    DecisionIn,
    DisputeIn,
    DisputeOut,
    FindingIn,
    NoticeExtensionIn,
    NoticeIn,
    NoticeOut,
    NoticeTextOut,
    VerdictNamed,
)
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1", tags=["due process"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.COMPLIANCE_READ_PEOPLE))]
# A unit may hand in what its people say; telling them and deciding is the whole government's.
MayFile = Annotated[Caller, Depends(may(Scope.COMPLIANCE_WRITE))]
MayDecide = Annotated[Caller, Depends(may(Scope.COMPLIANCE_WRITE, whole_tenant=True))]


@router.get("/notices")
async def list_notices(
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    campaign: UUID | None = None,
    employee: UUID | None = None,
) -> Page[NoticeOut]:
    """Notices: who was told of what, when, and until when a reply is waited for."""
    found, cursor = split_page(
        await queries.notices_page(
            session, caller, page, campaign_id=campaign, employee_id=employee
        ),
        page,
    )
    reading.of(each.employee_id for each in found)
    return Page(items=await notices.shown(session, caller, found), next=cursor)


@router.get("/notices/text", responses={409: {"description": "There is nothing to tell now."}})
async def notice_text(
    caller: MayDecide,
    session: SessionDep,
    services: ServicesDep,
    campaign: UUID,
    employee: UUID,
    duty: DutyKind,
    reading: ReadingDep,
    official_account: UUID | None = None,
) -> NoticeTextOut:
    """The Indonesian text of a notice to this employee; nothing is sent or recorded."""
    wanted = VerdictNamed(
        campaign_id=campaign,
        employee_id=employee,
        duty=duty,
        official_account_id=official_account,
    )
    reading.of([employee])
    return await notices.letter(session, caller, wanted, now=services.clock.now())


@router.post("/notices", status_code=201, dependencies=[OnceDep])
async def record_notice(
    caller: MayDecide,
    body: NoticeIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> NoticeOut:
    """Record that an employee was told; they may reply within 3 x 24 hours from now."""
    notice = await notices.send(session, caller, body, now=services.clock.now())
    reading.of([notice.employee_id])
    return (await notices.shown(session, caller, [notice]))[0]


@router.get("/notices/{notice_id}")
async def get_notice(
    notice_id: UUID,
    caller: MayRead,
    session: SessionDep,
    reading: ReadingDep,
) -> NoticeOut:
    """One notice with its extensions and its finding."""
    notice = await queries.notice(session, caller, notice_id)
    reading.of([notice.employee_id])
    return (await notices.shown(session, caller, [notice]))[0]


@router.post("/notices/{notice_id}/extension", dependencies=[OnceDep])
async def extend_notice(
    caller: MayDecide,
    notice_id: UUID,
    body: NoticeExtensionIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> NoticeOut:
    """Give an employee more time to reply."""
    notice = await notices.extend(session, caller, notice_id, body, now=services.clock.now())
    reading.of([notice.employee_id])
    return (await notices.shown(session, caller, [notice]))[0]


@router.post("/notices/{notice_id}/finding", status_code=201, dependencies=[OnceDep])
async def record_finding(
    caller: MayDecide,
    notice_id: UUID,
    body: FindingIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> NoticeOut:
    """Record an officer's final finding, after a reply or when the time for one has passed."""
    notice = await notices.find(session, caller, notice_id, body, now=services.clock.now())
    reading.of([notice.employee_id])
    return (await notices.shown(session, caller, [notice]))[0]


@router.get("/disputes")
async def list_disputes(
    caller: MayRead,
    session: SessionDep,
    page: PageDep,
    reading: ReadingDep,
    *,
    campaign: UUID | None = None,
    employee: UUID | None = None,
    decided: Annotated[
        bool | None, Query(description="Only decided ones, or only open ones")
    ] = None,
) -> Page[DisputeOut]:
    """Disputes, decided and not."""
    found, cursor = split_page(
        await queries.disputes_page(
            session, caller, page, campaign_id=campaign, employee_id=employee, decided=decided
        ),
        page,
    )
    reading.of(each.employee_id for each in found)
    return Page(items=await service.shown(session, caller, found), next=cursor)


@router.post("/disputes", status_code=201, dependencies=[OnceDep])
async def file_dispute(
    caller: MayFile,
    body: DisputeIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> DisputeOut:
    """Keep what an employee says against a verdict; it stands still and in no list meanwhile."""
    dispute = await service.file(session, caller, body, now=services.clock.now())
    reading.of([dispute.employee_id])
    return (await service.shown(session, caller, [dispute]))[0]


@router.get("/disputes/{dispute_id}")
async def get_dispute(
    dispute_id: UUID,
    caller: MayRead,
    session: SessionDep,
    reading: ReadingDep,
) -> DisputeOut:
    """One dispute with its decision."""
    dispute = await queries.dispute(session, caller, dispute_id)
    reading.of([dispute.employee_id])
    return (await service.shown(session, caller, [dispute]))[0]


@router.post("/disputes/{dispute_id}/decision", dependencies=[OnceDep])
async def decide_dispute(
    caller: MayDecide,
    dispute_id: UUID,
    body: DecisionIn,
    session: SessionDep,
    services: ServicesDep,
    reading: ReadingDep,
) -> DisputeOut:
    """Decide a dispute, once, as a named officer and with a reason."""
    dispute = await service.decide(session, caller, dispute_id, body, now=services.clock.now())
    reading.of([dispute.employee_id])
    return (await service.shown(session, caller, [dispute]))[0]
