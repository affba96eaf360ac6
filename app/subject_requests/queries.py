"""Reading requests; every query starts at `visible_to`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.subject_requests.models import SubjectRequest
from app.subject_requests.rules import RequestState


def visible_to(caller: Caller) -> Select[SubjectRequest]:
    """Requests of those whom the caller may see."""
    seen = employees.visible_to(caller).with_only_columns(Employee.id)
    return select(SubjectRequest).where(
        SubjectRequest.tenant_id == caller.tenant_id, SubjectRequest.employee_id.in_(seen)
    )


async def get(
    session: AsyncSession, caller: Caller, request_id: UUID, *, locked: bool = False
) -> SubjectRequest:
    """One request.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    found = visible_to(caller).where(SubjectRequest.id == request_id)
    request = await session.scalar(found.with_for_update(of=SubjectRequest) if locked else found)
    if request is None:
        raise NotFound
    return request


async def page(
    session: AsyncSession,
    caller: Caller,
    wanted: PageRequest,
    *,
    state: RequestState | None = None,
    employee_id: UUID | None = None,
    now: datetime,
) -> Sequence[SubjectRequest]:
    """One page and one row more, oldest first."""
    found = visible_to(caller).order_by(SubjectRequest.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        found = found.where(SubjectRequest.id > wanted.after)
    if employee_id is not None:
        found = found.where(SubjectRequest.employee_id == employee_id)
    if state is RequestState.ANSWERED:
        found = found.where(SubjectRequest.outcome.is_not(None))
    elif state is RequestState.OVERDUE:
        found = found.where(SubjectRequest.outcome.is_(None), SubjectRequest.due_at < now)
    elif state is RequestState.OPEN:
        found = found.where(SubjectRequest.outcome.is_(None), SubjectRequest.due_at >= now)
    return (await session.scalars(found)).all()
