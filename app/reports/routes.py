"""Reports over HTTP: frozen by POST, and given out as JSON, XLSX and PDF."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.looks import ExportingDep, note_by_hand
from app.changes.models import EntryKind
from app.core.paging import Page, PageDep, split_page
from app.core.services import ServicesDep
from app.identity.access import SessionDep, may
from app.identity.idempotency import OnceDep, OnceRoute
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.reports import queries, service
from app.reports.printing import Press
from app.reports.schemas import ReportIn, ReportOut

router = APIRouter(prefix="/v1/reports", tags=["reports"], route_class=OnceRoute)
MayRead = Annotated[Caller, Depends(may(Scope.REPORTS_READ, whole_tenant=True))]
MayFreeze = Annotated[Caller, Depends(may(Scope.REPORTS_WRITE, whole_tenant=True))]


class Format(StrEnum):
    """What a report is given out as; the value is the media type."""

    JSON = "application/json"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PDF = "application/pdf"


def documented(kind: Format) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI describes the file, and the refusal of an election window."""
    schema = {"type": "object"} if kind is Format.JSON else {"type": "string", "format": "binary"}
    return {
        200: {"description": "The report", "content": {kind.value: {"schema": schema}}},
        409: {"description": "Withheld: it tells of an account that an election window pauses"},
    }


def as_file(content: bytes, kind: Format, number: str) -> Response:
    """An answer that browsers save under the report's number."""
    name = f"laporan-{number.replace('/', '-')}.{kind.name.lower()}"
    return Response(
        content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _note_export(
    session: AsyncSession,
    request: Request,
    caller: Caller,
    report_id: UUID,
    employee_ids: Iterable[UUID],
    at: datetime,
) -> None:
    """The files are made when their transaction has ended, so they note their export in it."""
    note_by_hand(
        session, request, caller, EntryKind.EXPORT, employee_ids, at=at, subject_id=report_id
    )


@router.get("")
async def list_reports(
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    page: PageDep,
    campaign: UUID | None = None,
) -> Page[ReportOut]:
    """Reports, newest first."""
    rows, cursor = split_page(await queries.page(session, caller, page, campaign), page)
    items = [await service.shown(session, each, clock=services.clock) for each in rows]
    return Page(items=items, next=cursor)


@router.post("", status_code=201, dependencies=[OnceDep])
async def create_report(
    caller: MayFreeze,
    body: ReportIn,
    session: SessionDep,
    services: ServicesDep,
    response: Response,
) -> ReportOut:
    """Freeze a campaign's numbers under the next number; waits for a running evaluation."""
    report = await service.freeze(session, caller, body, clock=services.clock)
    response.headers["Location"] = f"/v1/reports/{report.id}"
    return await service.shown(session, report, clock=services.clock)


# The files stand before the report itself, whose path would match theirs.
@router.get("/{report_id}.json", response_class=Response, responses=documented(Format.JSON))
async def report_json(
    report_id: UUID,
    caller: MayRead,
    session: SessionDep,
    services: ServicesDep,
    exporting: ExportingDep,
) -> Response:
    """The frozen document, byte for byte; its SHA-256 is the report's."""
    copy = await service.copy(session, caller, report_id, clock=services.clock)
    exporting.of((), subject_id=report_id)
    return as_file(copy.report.document, Format.JSON, copy.report.number)


@router.get("/{report_id}.xlsx", response_class=Response, responses=documented(Format.XLSX))
async def report_xlsx(
    request: Request, report_id: UUID, caller: MayRead, services: ServicesDep
) -> Response:
    """The workbook; with the list of people only for callers who may see them."""
    await request.app.state.limits.export(caller)
    async with services.database.transaction(caller.tenant_id) as session:
        copy = await service.copy(session, caller, report_id, clock=services.clock)
        listed = await service.people_of(session, caller, copy.report, clock=services.clock)
        shown = [] if listed is None else [each.employee_id for each in listed]
        _note_export(session, request, caller, report_id, shown, services.clock.now())
    press: Press = request.app.state.press
    return as_file(await press.workbook(copy.frozen, listed), Format.XLSX, copy.report.number)


@router.get("/{report_id}.pdf", response_class=Response, responses=documented(Format.PDF))
async def report_pdf(
    request: Request, report_id: UUID, caller: MayRead, services: ServicesDep
) -> Response:
    """The printed report, in Indonesian, for A4."""
    await request.app.state.limits.export(caller)
    async with services.database.transaction(caller.tenant_id) as session:
        copy = await service.copy(session, caller, report_id, clock=services.clock)
        _note_export(session, request, caller, report_id, (), services.clock.now())
    press: Press = request.app.state.press
    return as_file(await press.pages(copy.frozen), Format.PDF, copy.report.number)


@router.get("/{report_id}")
async def get_report(
    report_id: UUID, caller: MayRead, session: SessionDep, services: ServicesDep
) -> ReportOut:
    """What names a report, and whether it is withheld today."""
    report = await queries.get(session, caller, report_id)
    return await service.shown(session, report, clock=services.clock)
