"""Reading Users and Groups; every query starts at what the caller may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, cast, exists, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import among
from app.core.errors import NotFound
from app.employees import queries as employees
from app.employees.models import Employee, EmployeeNip
from app.identity.rules import Caller
from app.scim.models import ScimGroup, ScimUser
from app.work_units import queries as work_units
from app.work_units.models import WorkUnit


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: `count` rows from the place `start`, the first of which is 1."""

    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works directly in a unit, as one number and one digest that moves with them."""

    people: int = 0
    digest: str = ""


def users(caller: Caller) -> Select[Employee]:
    """The visible employees who are Users: with a NIP, and not deleted over SCIM."""
    bears_nip = exists().where(
        EmployeeNip.tenant_id == caller.tenant_id,
        EmployeeNip.employee_id == Employee.id,
        EmployeeNip.valid_to.is_(None),
    )
    removed = exists().where(
        ScimUser.tenant_id == caller.tenant_id,
        ScimUser.employee_id == Employee.id,
        ScimUser.removed_at.is_not(None),
    )
    return employees.visible_to(caller).where(bears_nip, ~removed)


def groups(caller: Caller) -> Select[WorkUnit]:
    """The visible work units that are Groups."""
    removed = exists().where(
        ScimGroup.tenant_id == caller.tenant_id,
        ScimGroup.unit_id == WorkUnit.id,
        ScimGroup.removed_at.is_not(None),
    )
    return work_units.visible_to(caller).where(~removed)


async def user(
    session: AsyncSession, caller: Caller, user_id: UUID, *, locked: bool = False
) -> Employee:
    """One User, on wish locked.

    Raises:
        NotFound: there is none, or the caller may not see them.
    """
    wanted = users(caller).where(Employee.id == user_id)
    found = await session.scalar(wanted.with_for_update(of=Employee) if locked else wanted)
    if found is None:
        raise NotFound
    return found


async def group(
    session: AsyncSession, caller: Caller, group_id: UUID, *, locked: bool = False
) -> WorkUnit:
    """One Group, on wish locked.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    wanted = groups(caller).where(WorkUnit.id == group_id)
    found = await session.scalar(wanted.with_for_update(of=WorkUnit) if locked else wanted)
    if found is None:
        raise NotFound
    return found


async def user_window(
    session: AsyncSession, caller: Caller, condition: ColumnElement[bool], window: Window
) -> tuple[int, Sequence[Employee]]:
    """How many Users there are, and those of one window, in order of id."""
    wanted = users(caller).where(condition)
    total = await _total(session, wanted.with_only_columns(Employee.id))
    if not window.count:
        return total, []
    page = wanted.order_by(Employee.id).offset(window.start - 1).limit(window.count)
    return total, (await session.scalars(page)).all()


async def group_window(
    session: AsyncSession, caller: Caller, condition: ColumnElement[bool], window: Window
) -> tuple[int, Sequence[WorkUnit]]:
    """How many Groups there are, and those of one window, in order of id."""
    wanted = groups(caller).where(condition)
    total = await _total(session, wanted.with_only_columns(WorkUnit.id))
    if not window.count:
        return total, []
    page = wanted.order_by(WorkUnit.id).offset(window.start - 1).limit(window.count)
    return total, (await session.scalars(page)).all()


async def _total(session: AsyncSession, wanted: Select[UUID]) -> int:
    return await session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


async def names(
    session: AsyncSession, tenant_id: UUID, employee_ids: Iterable[UUID]
) -> Mapping[UUID, ScimUser]:
    """What some employees are called elsewhere, by employee."""
    found = await session.scalars(
        select(ScimUser).where(
            ScimUser.tenant_id == tenant_id, among(ScimUser.employee_id, employee_ids)
        )
    )
    return {each.employee_id: each for each in found}


async def group_names(
    session: AsyncSession, tenant_id: UUID, unit_ids: Iterable[UUID]
) -> Mapping[UUID, ScimGroup]:
    """What some work units are called elsewhere, by unit."""
    found = await session.scalars(
        select(ScimGroup).where(
            ScimGroup.tenant_id == tenant_id, among(ScimGroup.unit_id, unit_ids)
        )
    )
    return {each.unit_id: each for each in found}


async def units_of(
    session: AsyncSession, caller: Caller, unit_ids: Iterable[UUID]
) -> Mapping[UUID, WorkUnit]:
    """The units that employees work in, by id."""
    found = await session.scalars(
        work_units.visible_to(caller).where(among(WorkUnit.id, set(unit_ids)))
    )
    return {each.id: each for each in found}


async def members(
    session: AsyncSession, caller: Caller, unit_ids: Iterable[UUID]
) -> Mapping[UUID, Sequence[Employee]]:
    """The Users who work directly in each unit."""
    found = await session.scalars(
        users(caller).where(among(Employee.unit_id, unit_ids)).order_by(Employee.id)
    )
    by_unit: dict[UUID, list[Employee]] = {}
    for each in found:
        by_unit.setdefault(each.unit_id, []).append(each)
    return by_unit


async def crews(
    session: AsyncSession, caller: Caller, unit_ids: Iterable[UUID]
) -> Mapping[UUID, Crew]:
    """The members of each unit in short, without loading them."""
    in_short = (
        users(caller)
        .where(among(Employee.unit_id, unit_ids))
        .with_only_columns(
            Employee.unit_id,
            func.count(),
            func.md5(
                func.string_agg(
                    cast(Employee.id, Text), aggregate_order_by(literal(""), Employee.id)
                )
            ),
        )
        .group_by(Employee.unit_id)
    )
    return {
        unit_id: Crew(people, digest) for unit_id, people, digest in await session.execute(in_short)
    }


async def group_by_code(session: AsyncSession, caller: Caller, code: str) -> WorkUnit | None:
    """The visible unit that bears a code, also one that is no Group any more."""
    return await session.scalar(work_units.visible_to(caller).where(WorkUnit.code == code))


async def many_users(
    session: AsyncSession, caller: Caller, user_ids: Sequence[UUID]
) -> Sequence[Employee]:
    """Those of some Users whom the caller may see, locked, always in the same order."""
    found = await session.scalars(
        users(caller)
        .where(among(Employee.id, user_ids))
        .order_by(Employee.id)
        .with_for_update(of=Employee)
    )
    return found.all()
