"""Setting addresses and heads; each by a named officer, dated, and without an address in a log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.contacts import queries
from app.contacts.models import EmployeeContact, UnitHead
from app.contacts.rules import (
    AddressRefused,
    Source,
    mask_email,
    mask_phone,
    parse_email,
    parse_phone,
)
from app.contacts.schemas import ContactIn, ContactOut, HeadIn, HeadOut, HeadshipOut
from app.contacts.sealing import Addresses, ContactsNotSetUp, opened, sealed
from app.core.clock import jakarta_day
from app.core.crypto import Keyring, KeyUnknown, Undecryptable
from app.core.errors import FieldError, Invalid
from app.core.etags import require_version
from app.employees import queries as employees
from app.employees.models import Employee
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.work_units import queries as work_units

NOTHING = Addresses(None, None)


class AddressInvalid(Invalid):
    """An address cannot be used."""


class HeadUnknown(Invalid):
    """The head of a unit is an employee whom this caller may see."""


def _checked(wanted: ContactIn) -> Addresses:
    try:
        email = None if wanted.email is None else parse_email(wanted.email)
    except AddressRefused as fault:
        raise AddressInvalid(errors=[FieldError("/email", fault.code, str(fault))]) from fault
    try:
        phone = None if wanted.phone is None else parse_phone(wanted.phone)
    except AddressRefused as fault:
        raise AddressInvalid(errors=[FieldError("/phone", fault.code, str(fault))]) from fault
    return Addresses(email, phone)


def _read(keys: Keyring, row: EmployeeContact | None) -> Addresses:
    """What a row holds.

    Raises:
        ContactsNotSetUp: it cannot be opened, which is not the same as holding nothing.
    """
    if row is None:
        return NOTHING
    try:
        return opened(keys, row)
    except (KeyUnknown, Undecryptable) as error:
        raise ContactsNotSetUp(what=str(error)) from None


async def put(
    session: AsyncSession,
    keys: Keyring,
    caller: Caller,
    employee_id: UUID,
    wanted: ContactIn,
    *,
    expected: int,
    now: datetime,
) -> EmployeeContact:
    """Set or take away an employee's addresses; the whole of both.

    Raises:
        NotFound: there is no such employee.
        PreconditionFailed: they were set by somebody else meanwhile.
        AddressInvalid: one is no address.
    """
    await employees.get(session, caller, employee_id)
    row = await queries.contact_of(session, caller.tenant_id, employee_id, locked=True)
    require_version(row.version if row is not None else 0, expected)
    addresses = _checked(wanted)
    said = {"set_by": wanted.set_by, "source": Source.OFFICER, "recorded_by": caller.actor}
    row = _write(session, keys, caller.tenant_id, employee_id, row, addresses, now=now, said=said)
    record(
        session,
        ChangeKind.CONTACT_CHANGED,
        employee_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        has_email=addresses.email is not None,
        has_phone=addresses.phone is not None,
    )
    await session.flush()
    return row


def _write(
    session: AsyncSession,
    keys: Keyring,
    tenant_id: UUID,
    employee_id: UUID,
    row: EmployeeContact | None,
    addresses: Addresses,
    *,
    now: datetime,
    said: Mapping[str, str],
) -> EmployeeContact:
    if row is None:
        row = EmployeeContact(tenant_id=tenant_id, employee_id=employee_id, version=0)
        session.add(row)
    fields = {**sealed(keys, tenant_id, employee_id, addresses), **said, "set_at": now}
    for name, value in fields.items():
        setattr(row, name, value)
    row.version += 1
    return row


async def take_imported(
    session: AsyncSession,
    keys: Keyring,
    tenant_id: UUID,
    told: Mapping[UUID, Addresses],
    *,
    actor: str,
    now: datetime,
) -> list[UUID]:
    """Keep what a file says of employees; an empty cell leaves what is known. Whom it changed."""
    before = await queries.contacts_of(session, tenant_id, list(told))
    changed: list[UUID] = []
    said = {"set_by": actor, "source": Source.IMPORT, "recorded_by": actor}
    for employee_id, given in told.items():
        row = before.get(employee_id)
        known = _read(keys, row)
        both = Addresses(given.email or known.email, given.phone or known.phone)
        if both == known:
            continue
        _write(session, keys, tenant_id, employee_id, row, both, now=now, said=said)
        changed.append(employee_id)
    await session.flush()
    return changed


def shown(
    keys: Keyring, caller: Caller, employee_id: UUID, row: EmployeeContact | None
) -> ContactOut:
    """An employee's addresses as this caller may see them."""
    addresses = _read(keys, row)
    masked = Scope.CONTACTS_READ not in caller.scopes
    email, phone = addresses.email, addresses.phone
    return ContactOut(
        employee_id=employee_id,
        email=mask_email(email) if email is not None and masked else email,
        phone=mask_phone(phone) if phone is not None and masked else phone,
        masked=masked,
        source=row.source if row is not None else None,
        set_by=row.set_by if row is not None else None,
        set_at=row.set_at if row is not None else None,
        version=row.version if row is not None else 0,
    )


def headship_version(rows: Sequence[UnitHead]) -> int:
    """A number that moves with each assignment and each end of one."""
    return len(rows) + sum(each.ends_on is not None for each in rows)


async def put_head(
    session: AsyncSession,
    caller: Caller,
    unit_id: UUID,
    wanted: HeadIn,
    *,
    expected: int,
    now: datetime,
) -> Sequence[UnitHead]:
    """Say who heads a unit from today on; nobody, where no employee is named.

    Raises:
        NotFound: there is no such unit.
        PreconditionFailed: somebody else was assigned meanwhile.
        HeadUnknown: there is no such employee.
    """
    unit = await work_units.get(session, caller, unit_id)
    await session.refresh(unit, with_for_update=True)
    rows = await queries.headships(session, caller.tenant_id, unit_id)
    require_version(headship_version(rows), expected)
    await _require_employee(session, caller, wanted.employee_id)
    today = jakarta_day(now)
    present = next((each for each in rows if each.ends_on is None), None)
    if wanted.employee_id == (present.employee_id if present is not None else None):
        return rows
    if present is not None:
        present.ends_on, present.ended_by = today, wanted.set_by
        await session.flush()
    if wanted.employee_id is not None:
        session.add(
            UnitHead(
                tenant_id=caller.tenant_id,
                unit_id=unit_id,
                employee_id=wanted.employee_id,
                starts_on=today,
                set_by=wanted.set_by,
                set_at=now,
                recorded_by=caller.actor,
            )
        )
    record(
        session,
        ChangeKind.UNIT_HEAD_CHANGED,
        unit_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        employee_id=None if wanted.employee_id is None else str(wanted.employee_id),
    )
    await session.flush()
    return await queries.headships(session, caller.tenant_id, unit_id)


async def _require_employee(
    session: AsyncSession, caller: Caller, employee_id: UUID | None
) -> None:
    if employee_id is None:
        return
    known = await session.scalar(employees.visible_to(caller).where(Employee.id == employee_id))
    if known is None:
        raise HeadUnknown(errors=[FieldError("/employee_id", "unknown", "no such employee")])


def shown_heads(unit_id: UUID, rows: Sequence[UnitHead]) -> HeadOut:
    """A unit's heads as the API answers them."""
    present = next((each for each in rows if each.ends_on is None), None)
    return HeadOut(
        unit_id=unit_id,
        employee_id=present.employee_id if present is not None else None,
        history=[HeadshipOut.model_validate(each) for each in rows],
        version=headship_version(rows),
    )
