"""Creating, changing and deleting Users; the registry itself is written by its own rooms only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import PreconditionFailed
from app.employees import queries as employees
from app.employees import service as registry
from app.employees.models import Employee
from app.employees.rules import NipRefused, Standing, differences, parse_nip
from app.employees.sealing import registry_keys
from app.identity.rules import Caller
from app.scim import queries
from app.scim.models import ScimUser
from app.scim.refusals import NameTaken, UserKnown
from app.scim.rules import (
    Fault,
    FaultKind,
    UserWish,
    attributes_of,
    category_of,
    standing_for,
    user_wish,
)
from app.scim.sealing import (
    external_id_hash,
    names_of,
    seal_external_id,
    seal_user_name,
    user_name_hash,
)
from app.scim.shapes import user_version, weak_etag


def require_match(expected: str | None, version: str) -> None:
    """Refuse a change that names another version; who names none takes what there is.

    Raises:
        PreconditionFailed: the resource has moved on.
    """
    if expected is None or expected.strip() == "*":
        return
    plain = weak_etag(version).removeprefix("W/")
    if plain not in {each.strip().removeprefix("W/") for each in expected.split(",")}:
        raise PreconditionFailed


def wish_of(body: Mapping[str, Any]) -> UserWish:
    """What a whole User wants.

    Raises:
        Fault: it has no userName, or a value of another kind.
    """
    wish = user_wish(attributes_of(body))
    if wish.user_name is None:
        raise Fault(FaultKind.VALUE, "userName is needed")
    return wish


async def create(
    session: AsyncSession, caller: Caller, body: Mapping[str, Any], *, now: datetime
) -> Employee:
    """A new User, or one that was deleted over SCIM and comes back under the same id.

    Raises:
        Fault: something is missing, or not what it should be.
        UserKnown: the registry knows the NIP; nobody is taken over unasked.
        NameTaken: another User has the userName or the externalId.
    """
    wish = wish_of(body)
    if wish.nip is None:
        words = "employeeNumber of the enterprise extension is needed: the NIP as a string"
        raise Fault(FaultKind.VALUE, words)
    nip = _nip(wish.nip)
    known = await employees.id_of_nip(session, caller.tenant_id, nip)
    if known is not None:
        return await _bring_back(session, caller, known, wish, now)
    if wish.name is None:
        raise Fault(FaultKind.VALUE, "displayName, or name with formatted or both parts, is needed")
    employee = await registry.create(
        session,
        caller,
        now=now,
        nip=nip,
        name=wish.name,
        category=wish.category or category_of(nip),
        standing=standing_for(active=wish.active, present=Standing.ACTIVE),
        unit_id=await _unit(session, caller, wish.unit_code) or _own_unit(caller),
        position=wish.position,
    )
    await _call(session, employee, nip, None, wish)
    await session.flush()
    return employee


async def _bring_back(
    session: AsyncSession, caller: Caller, employee_id: UUID, wish: UserWish, now: datetime
) -> Employee:
    row = (await queries.names(session, caller.tenant_id, [employee_id])).get(employee_id)
    if row is None or row.removed_at is None:
        raise UserKnown
    visible = employees.visible_to(caller).where(Employee.id == employee_id)
    employee = await session.scalar(visible.with_for_update(of=Employee))
    if employee is None:
        raise UserKnown
    row.removed_at = None
    back = replace(wish, active=wish.active is not False)
    return await _change(session, caller, employee, row, back, now=now, besides=["scim"])


async def change(
    session: AsyncSession,
    caller: Caller,
    user_id: UUID,
    wish: UserWish,
    *,
    expected: str | None,
    now: datetime,
) -> Employee:
    """A User with what the wish says; all of it, or nothing. What it leaves out stays.

    Raises:
        NotFound: there is none.
        PreconditionFailed: they have changed meanwhile.
        Fault: as in `create`.
        NameTaken: as in `create`.
    """
    employee = await queries.user(session, caller, user_id, locked=True)
    row = (await queries.names(session, caller.tenant_id, [user_id])).get(user_id)
    require_match(expected, user_version(employee, row))
    return await _change(session, caller, employee, row, wish, now=now)


async def delete(
    session: AsyncSession, caller: Caller, user_id: UUID, *, expected: str | None, now: datetime
) -> None:
    """Let a User be none any more: they have left, and all that is known of them stays.

    Raises:
        NotFound: there is none.
        PreconditionFailed: they have changed meanwhile.
    """
    employee = await queries.user(session, caller, user_id, locked=True)
    row = (await queries.names(session, caller.tenant_id, [user_id])).get(user_id)
    require_match(expected, user_version(employee, row))
    if row is None:
        row = _row(session, employee)
    seal_user_name(registry_keys(session), row, None)
    seal_external_id(registry_keys(session), row, None)
    row.removed_at = now
    standing = standing_for(active=False, present=employee.standing)
    await registry.edit(
        session,
        caller,
        user_id,
        expected=employee.version,
        now=now,
        changes=differences({"standing": employee.standing}, {"standing": standing}),
        besides=["scim"],
    )


async def _change(
    session: AsyncSession,
    caller: Caller,
    employee: Employee,
    row: ScimUser | None,
    wish: UserWish,
    *,
    now: datetime,
    besides: Sequence[str] = (),
) -> Employee:
    borne = (await employees.nips_of(session, caller.tenant_id, [employee.id]))[employee.id]
    nip = borne if wish.nip is None else _nip(wish.nip)
    unit_id = await _unit(session, caller, wish.unit_code)
    changes = _differences(employee, wish, unit_id)
    if nip != borne:
        changes["nip"] = nip
    if await _call(session, employee, nip, row, wish):
        besides = ["scim"]
    if not changes and not besides:
        return employee
    return await registry.edit(
        session,
        caller,
        employee.id,
        expected=employee.version,
        now=now,
        changes=changes,
        besides=besides,
    )


def _differences(employee: Employee, wish: UserWish, unit_id: UUID | None) -> dict[str, Any]:
    wanted: dict[str, object] = {
        "name": wish.name,
        "category": wish.category,
        "position": wish.position,
        "unit_id": unit_id,
        "standing": standing_for(active=wish.active, present=employee.standing),
    }
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if "title" in wish.gone:
        wanted["position"] = None
    return differences({name: getattr(employee, name) for name in wanted}, wanted)


async def _call(
    session: AsyncSession, employee: Employee, nip: str, row: ScimUser | None, wish: UserWish
) -> bool:
    """Keep what an employee is called at the provider; answers whether anything has changed."""
    keys = registry_keys(session)
    user_name, external_id = present = names_of(keys, row)
    if wish.user_name is not None:
        # Who is called by the NIP needs no second copy of it.
        user_name = None if wish.user_name == nip else wish.user_name
    if wish.external_id is not None or "externalid" in wish.gone:
        external_id = wish.external_id
    if (user_name, external_id) == present:
        return False
    tenant = employee.tenant_id
    if user_name is not None and user_name != present[0]:
        bearer = await employees.id_of_nip(session, tenant, user_name)
        hashed = ScimUser.user_name_hash == user_name_hash(keys, tenant, user_name)
        await _require_free(session, employee, hashed, bearer, "userName")
    if external_id is not None and external_id != present[1]:
        hashed = ScimUser.external_id_hash == external_id_hash(keys, tenant, external_id)
        await _require_free(session, employee, hashed, None, "externalId")
    row = row if row is not None else _row(session, employee)
    row.key_id = keys.ring.current
    seal_user_name(keys, row, user_name)
    seal_external_id(keys, row, external_id)
    return True


async def _require_free(
    session: AsyncSession, employee: Employee, hashed: Any, bearer: UUID | None, what: str
) -> None:
    other = await session.scalar(
        select(ScimUser.employee_id).where(
            ScimUser.tenant_id == employee.tenant_id, ScimUser.employee_id != employee.id, hashed
        )
    )
    if other is not None or bearer not in {None, employee.id}:
        raise NameTaken(what=what)


def _row(session: AsyncSession, employee: Employee) -> ScimUser:
    row = ScimUser(
        tenant_id=employee.tenant_id,
        employee_id=employee.id,
        key_id=registry_keys(session).ring.current,
    )
    session.add(row)
    return row


def _nip(text: str) -> str:
    try:
        return parse_nip(text)
    except NipRefused as refusal:
        raise Fault(FaultKind.VALUE, f"employeeNumber: {refusal}") from refusal


async def _unit(session: AsyncSession, caller: Caller, code: str | None) -> UUID | None:
    if code is None:
        return None
    unit = await queries.group_by_code(session, caller, code)
    if unit is None:
        words = "department is the code of a work unit, and none that this key can see has this one"
        raise Fault(FaultKind.VALUE, words)
    return unit.id


def _own_unit(caller: Caller) -> UUID:
    if caller.unit_id is None:
        words = "department of the enterprise extension is needed: the code of a work unit"
        raise Fault(FaultKind.VALUE, words)
    return caller.unit_id
