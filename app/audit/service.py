"""Showing the audit trail."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import queries
from app.audit.queries import TrailFilter
from app.audit.schemas import AuditEntryOut, ChangeOut
from app.core.errors import FieldError
from app.core.paging import CursorInvalid, Page, PageRequest, encode_cursor
from app.identity.rules import Caller

LAST_NUMBER = 2**63 - 1


def number_behind(page: PageRequest) -> int | None:
    """The number of the entry behind which a page begins.

    Raises:
        CursorInvalid: the cursor is one of another list.
    """
    if page.after is None:
        return None
    if page.after.int > LAST_NUMBER:
        raise CursorInvalid(
            errors=[FieldError("/query/cursor", "cursor", "not a cursor of this list")]
        )
    return page.after.int


async def trail(
    session: AsyncSession, caller: Caller, chosen: TrailFilter, page: PageRequest
) -> Page[AuditEntryOut]:
    """One page of the trail, newest first.

    Raises:
        CursorInvalid: the cursor is one of another list.
    """
    tenant_id, before = caller.tenant_id, number_behind(page)
    found = await queries.trail(session, tenant_id, chosen, before=before, limit=page.limit + 1)
    rows = found[: page.limit]
    covering = [row.sequence for row in rows if row.change_count is not None]
    changes = await queries.changes_of(session, tenant_id, covering, chosen.employee_id)
    items = [
        AuditEntryOut(
            sequence=row.sequence,
            hash=row.hash.hex(),
            kind=row.kind,
            at=row.at,
            actor=row.actor,
            operation=row.operation,
            people=row.people,
            employee_ids=row.employee_ids,
            subject_id=row.subject_id,
            change_count=row.change_count,
            changes=[ChangeOut.model_validate(each) for each in changes.get(row.sequence, ())],
        )
        for row in rows
    ]
    more = len(found) > page.limit
    return Page(items=items, next=encode_cursor(UUID(int=rows[-1].sequence)) if more else None)
