"""Filters as conditions of the database; what it cannot answer is refused, and never left out."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Forbidden
from app.employees.models import Employee, EmployeeNip
from app.employees.sealing import registry_keys
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.scim.filters import (
    Among,
    Both,
    Comparison,
    Either,
    Filter,
    Not,
    Operator,
    comparisons,
    parse_filter,
)
from app.scim.models import ScimGroup, ScimUser
from app.scim.rules import IN_OFFICE, Fault, FaultKind, names_nip
from app.scim.sealing import external_id_hash, user_name_hash
from app.work_units.models import WorkUnit

EQUALITY: Final = frozenset({Operator.EQ, Operator.NE, Operator.PR})
ORDERS: Final = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
USERS_BY: Final = "id, userName, externalId, employeeNumber, displayName, active, department"
GROUPS_BY: Final = "id, displayName, externalId, members.value"
Condition = ColumnElement[bool]


def user_condition(session: AsyncSession, caller: Caller, text: str | None) -> Condition:
    """Which Users a filter chooses; all, where there is none.

    Raises:
        Fault: it is no filter, or asks by what is not answered.
        Forbidden: it asks by a NIP, and the caller may read none.
    """
    if text is None:
        return true()
    tree = parse_filter(text)
    if Scope.EMPLOYEES_READ_NIP not in caller.scopes and any(map(_asks_nip, comparisons(tree))):
        raise Forbidden(scope=Scope.EMPLOYEES_READ_NIP)
    return _Users(session, caller).condition(tree)


def group_condition(caller: Caller, text: str | None) -> Condition:
    """Which Groups a filter chooses; all, where there is none.

    Raises:
        Fault: it is no filter, or asks by what is not answered.
    """
    return true() if text is None else _Groups(caller).condition(parse_filter(text))


def _asks_nip(one: Comparison) -> bool:
    if one.path == "employeenumber":
        return one.operator is not Operator.PR
    return isinstance(one.value, str) and names_nip(one.value)


class _Conditions:
    """The conditions of one kind of resource."""

    answered = ""

    def condition(self, node: Filter) -> Condition:
        match node:
            case Both(parts=parts):
                return and_(*map(self.condition, parts))
            case Either(parts=parts):
                return or_(*map(self.condition, parts))
            case Not(part=part):
                return not_(self.condition(part))
            case Among(path=path, part=part):
                return self.condition(_below(path, part))
            case Comparison():
                return self.compared(node)

    def compared(self, one: Comparison) -> Condition:
        raise NotImplementedError

    def refusal(self) -> Fault:
        return Fault(FaultKind.FILTER, f"it can ask by {self.answered}")


def _below(path: str, node: Filter) -> Filter:
    match node:
        case Comparison():
            return Comparison(f"{path}.{node.path}", node.operator, node.value)
        case Both(parts=parts):
            return Both(tuple(_below(path, part) for part in parts))
        case Either(parts=parts):
            return Either(tuple(_below(path, part) for part in parts))
        case Not(part=part):
            return Not(_below(path, part))
        case Among():
            raise Fault(FaultKind.FILTER, "brackets stand within brackets")


class _Users(_Conditions):
    answered = USERS_BY

    def __init__(self, session: AsyncSession, caller: Caller) -> None:
        self._keys = registry_keys(session)
        self._tenant = caller.tenant_id

    def compared(self, one: Comparison) -> Condition:
        match one.path:
            case "id":
                return _by_id(one, Employee.id)
            case "username" | "externalid" | "employeenumber":
                return self._sealed(one)
            case "displayname" | "name.formatted":
                return _by_text(one, Employee.name)
            case "active":
                return _by_active(one)
            case "department":
                found = exists().where(
                    WorkUnit.tenant_id == self._tenant, WorkUnit.id == Employee.unit_id
                )
                return found.where(_by_text(one, WorkUnit.code))
            case _:
                raise self.refusal()

    def _sealed(self, one: Comparison) -> Condition:
        if one.operator not in EQUALITY:
            raise Fault(FaultKind.FILTER, "userName, externalId and employeeNumber take eq, ne, pr")
        if one.operator is Operator.PR:
            known = ScimUser.external_id_hash.is_not(None)
            return self._called(known) if one.path == "externalid" else true()
        value = _text(one)
        match one.path:
            case "username":
                found = self._named(value)
            case "externalid":
                hashed = external_id_hash(self._keys, self._tenant, value)
                found = self._called(ScimUser.external_id_hash == hashed)
            case _:
                found = self._bears(value)
        return not_(found) if one.operator is Operator.NE else found

    def _named(self, name: str) -> Condition:
        """By the name at the provider; who has none is called by the NIP."""
        hashed = user_name_hash(self._keys, self._tenant, name)
        unnamed = not_(self._called(ScimUser.user_name_hash.is_not(None)))
        return or_(
            self._called(ScimUser.user_name_hash == hashed), and_(unnamed, self._bears(name))
        )

    def _called(self, condition: Condition) -> Condition:
        return exists().where(
            ScimUser.tenant_id == self._tenant, ScimUser.employee_id == Employee.id, condition
        )

    def _bears(self, nip: str) -> Condition:
        return exists().where(
            EmployeeNip.tenant_id == self._tenant,
            EmployeeNip.employee_id == Employee.id,
            EmployeeNip.nip_hash == self._keys.lookup(self._tenant, nip),
            EmployeeNip.valid_to.is_(None),
        )


class _Groups(_Conditions):
    answered = GROUPS_BY

    def __init__(self, caller: Caller) -> None:
        self._tenant = caller.tenant_id

    def compared(self, one: Comparison) -> Condition:
        match one.path:
            case "id":
                return _by_id(one, WorkUnit.id)
            case "displayname":
                return _by_text(one, WorkUnit.name)
            case "externalid":
                return self._by_external_id(one)
            case "members" | "members.value":
                return self._by_member(one)
            case _:
                raise self.refusal()

    def _by_external_id(self, one: Comparison) -> Condition:
        if one.operator not in EQUALITY:
            raise Fault(FaultKind.FILTER, "externalId takes eq, ne and pr")
        if one.operator is Operator.PR:
            return true()
        value = _text(one)
        called = exists().where(
            ScimGroup.tenant_id == self._tenant, ScimGroup.unit_id == WorkUnit.id
        )
        found = or_(
            called.where(ScimGroup.external_id == value),
            and_(WorkUnit.code == value, not_(called.where(ScimGroup.external_id.is_not(None)))),
        )
        return not_(found) if one.operator is Operator.NE else found

    def _by_member(self, one: Comparison) -> Condition:
        works = exists().where(Employee.tenant_id == self._tenant, Employee.unit_id == WorkUnit.id)
        if one.operator is Operator.PR:
            return works
        if one.operator is not Operator.EQ:
            raise Fault(FaultKind.FILTER, "members take eq and pr")
        return works.where(_by_id(one, Employee.id))


def _text(one: Comparison) -> str:
    if not isinstance(one.value, str):
        raise Fault(FaultKind.FILTER, "this attribute is compared with a text in double quotes")
    return one.value


def _by_id(one: Comparison, column: Any) -> Condition:
    if one.operator is Operator.PR:
        return true()
    if one.operator not in EQUALITY:
        raise Fault(FaultKind.FILTER, "id takes eq, ne and pr")
    try:
        found: Condition = column == UUID(_text(one))
    except ValueError as error:
        if isinstance(error, Fault):
            raise
        found = false()
    return not_(found) if one.operator is Operator.NE else found


def _by_text(one: Comparison, column: Any) -> Condition:
    """By a text whose case says nothing."""
    if one.operator is Operator.PR:
        return true()
    if one.operator in ORDERS:
        raise Fault(FaultKind.FILTER, "texts take eq, ne, co, sw, ew and pr")
    folded, value = func.lower(column), func.lower(_text(one))
    answers: Mapping[Operator, Condition] = {
        Operator.EQ: folded == value,
        Operator.NE: folded != value,
        Operator.CO: func.strpos(folded, value) > 0,
        Operator.SW: func.starts_with(folded, value),
        Operator.EW: func.right(folded, func.length(value)) == value,
    }
    return answers[one.operator]


def _by_active(one: Comparison) -> Condition:
    if one.operator is Operator.PR:
        return true()
    value = one.value.lower() == "true" if isinstance(one.value, str) else one.value
    if one.operator not in EQUALITY or not isinstance(value, bool):
        raise Fault(FaultKind.FILTER, "active takes eq and ne, with true or false")
    in_office = Employee.standing.in_(IN_OFFICE)
    return in_office if value is (one.operator is Operator.EQ) else not_(in_office)
