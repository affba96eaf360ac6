"""What the roles of a person amount to."""

from uuid import UUID

import pytest

from app.identity.rules import Office, office_of
from app.identity.scopes import OWN, SCOPES_OF_ROLES, Role, Scope

UNIT = UUID(int=7)


@pytest.mark.parametrize(
    ("roles", "unit", "is_employee", "role", "reach"),
    [
        ({Role.BKD_ADMIN}, None, False, Role.BKD_ADMIN, None),
        ({Role.BKD_ADMIN}, UNIT, False, Role.BKD_ADMIN, None),
        ({Role.UNIT_HEAD}, UNIT, False, Role.UNIT_HEAD, UNIT),
        ({Role.UNIT_HEAD, Role.EXECUTIVE}, UNIT, False, Role.EXECUTIVE, None),
        ({Role.UNIT_HEAD, Role.HUMAS_OFFICER}, UNIT, False, Role.HUMAS_OFFICER, None),
        ({Role.UNIT_HEAD, Role.EMPLOYEE}, None, True, Role.EMPLOYEE, None),
        ({Role.EMPLOYEE}, UNIT, True, Role.EMPLOYEE, None),
    ],
    ids=[
        "bkd", "bkd-of-a-unit", "head", "head-and-executive", "head-and-humas",
        "head-of-no-unit", "employee",
    ],
)  # fmt: skip
def test_the_first_office_counts(roles, unit, is_employee, role, reach):
    office = office_of(roles, unit_id=unit, is_employee=is_employee)
    own = OWN if is_employee and Role.EMPLOYEE in roles else frozenset()
    assert office == Office(role, SCOPES_OF_ROLES[role] | own, reach)


@pytest.mark.parametrize(
    ("roles", "is_employee"),
    [(set(), True), ({Role.EMPLOYEE}, False), ({Role.UNIT_HEAD}, True)],
    ids=["no-role", "unknown-in-the-registry", "head-of-no-unit"],
)
def test_nothing_opens_nothing(roles, is_employee):
    assert office_of(roles, unit_id=None, is_employee=is_employee) is None


def test_rights_of_an_office_never_reach_further_than_it():
    head = SCOPES_OF_ROLES[Role.UNIT_HEAD]
    assert Scope.COMPLIANCE_READ_PEOPLE not in head
    assert not any(scope.value.endswith(":write") for scope in head)
    assert Scope.EMPLOYEES_READ not in SCOPES_OF_ROLES[Role.EXECUTIVE]
    assert Scope.EMPLOYEES_READ not in SCOPES_OF_ROLES[Role.HUMAS_OFFICER]
    auditor = SCOPES_OF_ROLES[Role.AUDITOR]
    assert not any(scope.value.endswith(":write") for scope in auditor)
    assert Scope.EMPLOYEES_READ_NIP not in auditor
    assert [role for role in Role if Scope.EMPLOYEES_READ_NIP in SCOPES_OF_ROLES[role]] == [
        Role.BKD_ADMIN
    ]


def test_the_own_side_is_beside_every_office():
    for role in set(Role) - {Role.EMPLOYEE}:
        office = office_of({role, Role.EMPLOYEE}, unit_id=UNIT, is_employee=True)
        assert office is not None
        assert office.scopes == SCOPES_OF_ROLES[role] | OWN
    assert SCOPES_OF_ROLES[Role.BKD_ADMIN] == frozenset(Scope) - OWN
