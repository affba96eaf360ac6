"""Reading addresses and heads; every query of a caller starts at whom the caller may see."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.models import EmployeeContact, UnitHead
from app.core.db import among


async def contact_of(
    session: AsyncSession, tenant_id: UUID, employee_id: UUID, *, locked: bool = False
) -> EmployeeContact | None:
    """One employee's addresses, on wish locked; ask `employees.get` first whether they are seen."""
    wanted = select(EmployeeContact).where(
        EmployeeContact.tenant_id == tenant_id, EmployeeContact.employee_id == employee_id
    )
    return await session.scalar(wanted.with_for_update() if locked else wanted)


async def contacts_of(
    session: AsyncSession, tenant_id: UUID, employee_ids: Sequence[UUID]
) -> Mapping[UUID, EmployeeContact]:
    """The addresses of some employees, by employee; locked, for all in the same order."""
    found = await session.scalars(
        select(EmployeeContact)
        .where(
            EmployeeContact.tenant_id == tenant_id,
            among(EmployeeContact.employee_id, employee_ids),
        )
        .order_by(EmployeeContact.employee_id)
        .with_for_update()
    )
    return {each.employee_id: each for each in found}


async def headships(session: AsyncSession, tenant_id: UUID, unit_id: UUID) -> Sequence[UnitHead]:
    """Everyone who has headed a unit, the present head last."""
    found = await session.scalars(
        select(UnitHead)
        .where(UnitHead.tenant_id == tenant_id, UnitHead.unit_id == unit_id)
        .order_by(UnitHead.id)
    )
    return found.all()


async def heads_on(session: AsyncSession, tenant_id: UUID, day: date) -> Mapping[UUID, UUID]:
    """Who heads which unit on a day: the head's employee id by unit."""
    found = await session.execute(
        select(UnitHead.unit_id, UnitHead.employee_id).where(
            UnitHead.tenant_id == tenant_id,
            UnitHead.starts_on <= day,
            or_(UnitHead.ends_on.is_(None), UnitHead.ends_on > day),
        )
    )
    return {row.unit_id: row.employee_id for row in found}
