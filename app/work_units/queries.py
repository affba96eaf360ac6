"""Reading work units; every query starts at `visible_to`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.work_units.models import WorkUnit


def visible_to(caller: Caller) -> Select[WorkUnit]:
    """The work units a caller may see: its tenant's, or its own sub-tree of them."""
    units = select(WorkUnit).where(WorkUnit.tenant_id == caller.tenant_id)
    if caller.unit_id is not None:
        units = units.where(WorkUnit.ancestors.contains([caller.unit_id]))
    return units


def subtree(tenant_id: UUID, unit_id: UUID) -> Select[UUID]:
    """The ids of a unit and of everything below it."""
    return select(WorkUnit.id).where(
        WorkUnit.tenant_id == tenant_id, WorkUnit.ancestors.contains([unit_id])
    )


def within(caller: Caller, column: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The condition that a unit column lies inside the caller's sub-tree."""
    if caller.unit_id is None:
        return true()
    return column.in_(visible_to(caller).with_only_columns(WorkUnit.id))


async def get(session: AsyncSession, caller: Caller, unit_id: UUID) -> WorkUnit:
    """One unit.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    unit = await session.scalar(visible_to(caller).where(WorkUnit.id == unit_id))
    if unit is None:
        raise NotFound
    return unit


async def page(session: AsyncSession, caller: Caller, wanted: PageRequest) -> Sequence[WorkUnit]:
    """One page and one row more, in order of id."""
    units = visible_to(caller).order_by(WorkUnit.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        units = units.where(WorkUnit.id > wanted.after)
    return (await session.scalars(units)).all()


async def all_units(session: AsyncSession, caller: Caller) -> Sequence[WorkUnit]:
    """Every visible unit, in order of code; for the tree."""
    return (await session.scalars(visible_to(caller).order_by(WorkUnit.code))).all()


async def id_of_code(session: AsyncSession, tenant_id: UUID, code: str) -> UUID | None:
    """The unit that bears a code; None where there is none."""
    found = select(WorkUnit.id).where(WorkUnit.tenant_id == tenant_id, WorkUnit.code == code)
    return await session.scalar(found)
