"""Erasing people: decided by a named officer, and done in one transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.privacy import queries
from app.privacy.models import Erasure
from app.privacy.rules import obstacles
from app.privacy.schemas import ErasureIn


class StillNeeded(Conflict):
    """What is kept of this employee is still needed: {why}."""


async def erase(
    session: AsyncSession, caller: Caller, employee_id: UUID, body: ErasureIn, *, now: datetime
) -> Erasure:
    """Leave an id of an employee, and nothing else that tells who they were; twice is once.

    Raises:
        NotFound: there is no such employee.
        StillNeeded: they are at work, or stand in a campaign or process that has not ended.
    """
    employee = await employees.get(session, caller, employee_id)
    known = await session.get(Erasure, (caller.tenant_id, employee_id))
    if known is not None:
        return known
    await session.refresh(employee, with_for_update=True)
    standing_against = obstacles(await queries.involvement(session, employee, now))
    if standing_against:
        raise StillNeeded(why=", ".join(each.replace("_", " ") for each in standing_against))
    return await _carry_out(session, caller, employee, body, now)


async def _carry_out(
    session: AsyncSession, caller: Caller, employee: Employee, body: ErasureIn, now: datetime
) -> Erasure:
    erasure = Erasure(
        tenant_id=caller.tenant_id,
        employee_id=employee.id,
        reason=body.reason,
        legal_reference=body.legal_reference,
        decided_by=body.decided_by,
        erased_at=now,
        actor=caller.actor,
    )
    session.add(erasure)
    record(
        session,
        ChangeKind.EMPLOYEE_ERASED,
        employee.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    await queries.erase(session, caller.tenant_id, employee.id)
    return erasure
