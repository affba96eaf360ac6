"""The audit trail over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.audit import service
from app.audit.looks import ReadingDep
from app.audit.queries import TrailFilter
from app.audit.schemas import AuditEntryOut
from app.changes.models import EntryKind
from app.core.paging import Page, PageDep
from app.core.schemas import Moment
from app.identity.access import SessionDep, may
from app.identity.rules import Caller
from app.identity.scopes import Scope

router = APIRouter(prefix="/v1/audit", tags=["audit"])
MayAudit = Annotated[Caller, Depends(may(Scope.AUDIT_READ, whole_tenant=True))]


async def trail_filter(
    employee: Annotated[
        UUID | None, Query(description="Looks at this employee, and changes of them")
    ] = None,
    kind: EntryKind | None = None,
    since: Annotated[Moment | None, Query(description="Not before this moment")] = None,
) -> TrailFilter:
    return TrailFilter(employee, kind, since)


@router.get("")
async def list_audit_entries(
    caller: MayAudit,
    session: SessionDep,
    page: PageDep,
    chosen: Annotated[TrailFilter, Depends(trail_filter)],
    reading: ReadingDep,
) -> Page[AuditEntryOut]:
    """Who read, exported or changed what, newest first; this look is itself recorded."""
    reading.of([chosen.employee_id] if chosen.employee_id else ())
    return await service.trail(session, caller, chosen, page)
