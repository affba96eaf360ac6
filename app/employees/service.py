"""Creating and changing employees, and showing them with the NIP masked or not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.errors import Conflict, FieldError, Invalid
from app.core.etags import require_version
from app.core.ids import new_id
from app.employees import queries
from app.employees.models import Employee, EmployeeNip
from app.employees.rules import Category, NipRefused, mask_nip, parse_nip
from app.employees.schemas import EmployeeOut
from app.employees.sealing import opened_nip, registry_keys, sealed_nip
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.work_units import queries as work_units
from app.work_units.models import WorkUnit


class NipTaken(Conflict):
    """Another employee of this tenant bears this NIP."""


class NipInvalid(Invalid):
    """The NIP is not valid."""


class UnitUnknown(Invalid):
    """The work unit does not exist or is not visible to this caller."""


def checked_nip(nip: str, category: Category) -> str:
    """The NIP as 18 digits.

    Raises:
        NipInvalid: it is not one, or not one of this category.
    """
    try:
        return parse_nip(nip, category)
    except NipRefused as refusal:
        raise NipInvalid(errors=[FieldError("/nip", refusal.code, str(refusal))]) from refusal


async def _require_free(session: AsyncSession, tenant_id: UUID, nip: str) -> None:
    taken = await queries.id_of_nip(session, tenant_id, nip)
    if taken is not None:
        raise NipTaken(errors=[FieldError("/nip", "taken", "borne by another employee")])


async def _require_unit(session: AsyncSession, caller: Caller, unit_id: UUID) -> None:
    unit = await session.scalar(work_units.visible_to(caller).where(WorkUnit.id == unit_id))
    if unit is None:
        raise UnitUnknown(errors=[FieldError("/unit_id", "unknown", "no such work unit")])


def _bear(session: AsyncSession, employee: Employee, nip: str, now: datetime) -> None:
    session.add(
        EmployeeNip(
            tenant_id=employee.tenant_id,
            employee_id=employee.id,
            **sealed_nip(registry_keys(session), employee.tenant_id, nip),
            valid_from=jakarta_day(now),
        )
    )


async def create(
    session: AsyncSession, caller: Caller, *, now: datetime, nip: str, **fields: Any
) -> Employee:
    """A new employee.

    Raises:
        NipInvalid: the NIP is damaged.
        NipTaken: it is borne by another.
        UnitUnknown: there is no such unit.
    """
    nip = checked_nip(nip, fields["category"])
    await _require_unit(session, caller, fields["unit_id"])
    await _require_free(session, caller.tenant_id, nip)
    employee = Employee(tenant_id=caller.tenant_id, id=new_id(), **fields)
    session.add(employee)
    await session.flush()
    _bear(session, employee, nip, now)
    record(
        session,
        ChangeKind.EMPLOYEE_CREATED,
        employee.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    await session.refresh(employee)
    return employee


async def edit(
    session: AsyncSession,
    caller: Caller,
    employee_id: UUID,
    *,
    expected: int,
    now: datetime,
    changes: dict[str, Any],
    besides: Sequence[str] = (),
) -> Employee:
    """Change an employee; `besides` names what of another room has changed with them.

    Raises:
        NotFound: there is none.
        PreconditionFailed: they have changed meanwhile.
        NipInvalid, NipTaken, UnitUnknown: as in `create`.
    """
    employee = await queries.get(session, caller, employee_id)
    require_version(employee.version, expected)
    if "unit_id" in changes:
        await _require_unit(session, caller, changes["unit_id"])
    given_nip = changes.pop("nip", None)
    for name, value in changes.items():
        setattr(employee, name, value)
    if given_nip is not None or "category" in changes:
        await _correct_nip(session, employee, given_nip, now)
    # The version moves even when only the NIP did, which lives in another table.
    employee.updated_at = now
    record(
        session,
        ChangeKind.EMPLOYEE_UPDATED,
        employee.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        fields=sorted([*changes, *besides, *(["nip"] if given_nip else [])]),
    )
    await session.flush()
    await session.refresh(employee)
    return employee


async def _correct_nip(
    session: AsyncSession, employee: Employee, given: str | None, now: datetime
) -> None:
    """Close the present alias and open the corrected one; a new category asks for both to agree."""
    present = (
        await session.scalars(
            select(EmployeeNip).where(
                EmployeeNip.tenant_id == employee.tenant_id,
                EmployeeNip.employee_id == employee.id,
                EmployeeNip.valid_to.is_(None),
            )
        )
    ).one()
    borne = opened_nip(registry_keys(session), employee.tenant_id, present)
    nip = checked_nip(given if given is not None else borne, employee.category)
    if nip == borne:
        return
    await _require_free(session, employee.tenant_id, nip)
    present.valid_to = jakarta_day(now)
    await session.flush()
    _bear(session, employee, nip, now)


async def shown(
    session: AsyncSession, caller: Caller, employees: Sequence[Employee]
) -> list[EmployeeOut]:
    """Employees as this caller may see them."""
    nips = await queries.nips_of(session, caller.tenant_id, [each.id for each in employees])
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes
    return [
        EmployeeOut(
            id=each.id,
            nip=told_nip(nips.get(each.id), masked=masked),
            nip_masked=masked,
            name=each.name,
            category=each.category,
            standing=each.standing,
            unit_id=each.unit_id,
            position=each.position,
            declaration=each.declaration,
            version=each.version,
            created_at=each.created_at,
            updated_at=each.updated_at,
        )
        for each in employees
    ]


def told_nip(nip: str | None, *, masked: bool) -> str:
    """A NIP as a caller may see it; nothing of who was erased and has none any more."""
    if nip is None:
        return ""
    return mask_nip(nip) if masked else nip
