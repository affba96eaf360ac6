"""Users, Groups and lists as SCIM answers them, with no more than the caller may see."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.employees import queries as employees
from app.employees.models import Employee
from app.employees.sealing import registry_keys
from app.employees.service import told_nip
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.scim import queries
from app.scim.models import ScimGroup, ScimUser
from app.scim.queries import Crew
from app.scim.rules import CORE_GROUP, CORE_USER, ENTERPRISE, IN_OFFICE, hidden_nip
from app.scim.sealing import names_of
from app.work_units.models import WorkUnit

LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def user_version(employee: Employee, row: ScimUser | None) -> str:
    """What moves whenever the employee or their names do; both numbers only ever grow."""
    return str(employee.version + (row.version if row is not None else 0))


def group_version(unit: WorkUnit, row: ScimGroup | None, crew: Crew) -> str:
    """What moves whenever the unit, its name or its members do."""
    number = unit.version + (row.version if row is not None else 0)
    return f"{number}-{crew.people}{crew.digest[:12]}"


def weak_etag(version: str) -> str:
    """A version as `meta.version` and the header ETag tell it."""
    return f'W/"{version}"'


def listed(resources: Sequence[Mapping[str, Any]], *, total: int, start: int = 1) -> dict[str, Any]:
    """A list, or one window of it."""
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


async def users(
    session: AsyncSession, caller: Caller, found: Sequence[Employee], base: str
) -> list[dict[str, Any]]:
    """Users as this caller may see them; a NIP shows in full only to who may read it."""
    ids = [each.id for each in found]
    nips = await employees.nips_of(session, caller.tenant_id, ids)
    rows = await queries.names(session, caller.tenant_id, ids)
    units = await queries.units_of(session, caller, {each.unit_id for each in found})
    unit_rows = await queries.group_names(session, caller.tenant_id, units)
    keys = registry_keys(session)
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes
    told = []
    for each in found:
        row, nip = rows.get(each.id), nips.get(each.id)
        names = names_of(keys, row)
        if masked:
            names = _hidden(names[0], nip), _hidden(names[1], nip)
        unit = units.get(each.unit_id)
        unit_row = unit_rows.get(each.unit_id)
        is_group = unit is not None and (unit_row is None or unit_row.removed_at is None)
        number = told_nip(nip, masked=masked)
        told.append({
            **_user(each, names, number, unit),
            **({"groups": [_group_of(unit, base)]} if is_group and unit else {}),
            "meta": _meta("User", each, base, user_version(each, row)),
        })  # fmt: skip
    return told


def _hidden(text: str | None, nip: str | None) -> str | None:
    return None if text is None else hidden_nip(text, nip or "")


def _user(
    employee: Employee,
    names: tuple[str | None, str | None],
    number: str,
    unit: WorkUnit | None,
) -> dict[str, Any]:
    user_name, external_id = names
    return {
        "schemas": [CORE_USER, ENTERPRISE],
        "id": str(employee.id),
        **({"externalId": external_id} if external_id is not None else {}),
        "userName": user_name if user_name is not None else number,
        "name": {"formatted": employee.name},
        "displayName": employee.name,
        **({"title": employee.position} if employee.position is not None else {}),
        "userType": employee.category.value,
        "active": employee.standing in IN_OFFICE,
        ENTERPRISE: {
            "employeeNumber": number,
            **({"department": unit.code} if unit is not None else {}),
        },
    }


def _group_of(unit: WorkUnit, base: str) -> dict[str, str]:
    return {
        "value": str(unit.id),
        "$ref": f"{base}/Groups/{unit.id}",
        "display": unit.name,
        "type": "direct",
    }


async def groups(
    session: AsyncSession,
    caller: Caller,
    found: Sequence[WorkUnit],
    base: str,
    *,
    with_members: bool,
) -> tuple[list[dict[str, Any]], list[UUID]]:
    """Groups, with the Users who work directly in each where they are asked for; and whose ids."""
    ids = [each.id for each in found]
    rows = await queries.group_names(session, caller.tenant_id, ids)
    crews = await queries.crews(session, caller, ids)
    members = await queries.members(session, caller, ids) if with_members else {}
    told = []
    for each in found:
        row = rows.get(each.id)
        external_id = row.external_id if row is not None else None
        people = [_member(one, base) for one in members.get(each.id, ())]
        version = group_version(each, row, crews.get(each.id, Crew()))
        told.append({
            "schemas": [CORE_GROUP],
            "id": str(each.id),
            "externalId": external_id if external_id is not None else each.code,
            "displayName": each.name,
            **({"members": people} if with_members else {}),
            "meta": _meta("Group", each, base, version),
        })  # fmt: skip
    return told, [one.id for crew in members.values() for one in crew]


def _member(employee: Employee, base: str) -> dict[str, str]:
    return {
        "value": str(employee.id),
        "$ref": f"{base}/Users/{employee.id}",
        "display": employee.name,
        "type": "User",
    }


def _meta(kind: str, row: Employee | WorkUnit, base: str, version: str) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": _moment(row.created_at),
        "lastModified": _moment(row.updated_at),
        "location": f"{base}/{kind}s/{row.id}",
        "version": weak_etag(version),
    }


def _moment(at: datetime) -> str:
    return at.isoformat()
