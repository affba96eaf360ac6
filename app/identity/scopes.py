"""What a caller may do: a closed list of `resource:action`, and what each role brings."""

from collections.abc import Mapping
from enum import StrEnum


class Scope(StrEnum):
    """One permission."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    AUDIT_READ = "audit:read"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CHANGES_READ = "changes:read"
    COMPLIANCE_READ = "compliance:read"
    COMPLIANCE_READ_PEOPLE = "compliance:read_people"
    COMPLIANCE_WRITE = "compliance:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    EMPLOYEES_READ = "employees:read"
    EMPLOYEES_READ_NIP = "employees:read_nip"
    EMPLOYEES_WRITE = "employees:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    ME_READ = "me:read"
    ME_WRITE = "me:write"
    OBSERVATIONS_WRITE = "observations:write"
    OFFICIAL_ACCOUNTS_READ = "official_accounts:read"
    OFFICIAL_ACCOUNTS_WRITE = "official_accounts:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    REPORTS_READ = "reports:read"
    REPORTS_WRITE = "reports:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    WORK_UNITS_READ = "work_units:read"
    WORK_UNITS_WRITE = "work_units:write"


# An employee's own side; it is of use only to a caller who is an employee.
OWN = frozenset({Scope.ME_READ, Scope.ME_WRITE})
READING = frozenset(scope for scope in Scope if scope.value.endswith(":read")) - OWN


class Role(StrEnum):
    """What an officer or employee who signs in is; the first of several offices counts."""

    BKD_ADMIN = "bkd_admin"
    HUMAS_OFFICER = "humas_officer"
    AUDITOR = "auditor"
    EXECUTIVE = "executive"
    UNIT_HEAD = "unit_head"
    EMPLOYEE = "employee"


# A unit head sees whom the unit is still waiting for, and no verdict; an executive sees numbers.
SCOPES_OF_ROLES: Mapping[Role, frozenset[Scope]] = {
    Role.BKD_ADMIN: frozenset(Scope) - OWN,
    Role.HUMAS_OFFICER: frozenset({
        Scope.CAMPAIGNS_READ,
        Scope.CAMPAIGNS_WRITE,
        Scope.COMPLIANCE_READ,
        Scope.OBSERVATIONS_WRITE,
        Scope.OFFICIAL_ACCOUNTS_READ,
        Scope.OFFICIAL_ACCOUNTS_WRITE,
        Scope.REPORTS_READ,
        Scope.REPORTS_WRITE,
        Scope.WORK_UNITS_READ,
    }),
    Role.AUDITOR: READING | {Scope.COMPLIANCE_READ_PEOPLE},
    Role.EXECUTIVE: frozenset({
        Scope.CAMPAIGNS_READ,
        Scope.COMPLIANCE_READ,
        Scope.OFFICIAL_ACCOUNTS_READ,
        Scope.REPORTS_READ,
        Scope.WORK_UNITS_READ,
    }),
    Role.UNIT_HEAD: frozenset({
        Scope.ACCOUNTS_READ,
        Scope.CAMPAIGNS_READ,
        Scope.COMPLIANCE_READ,
        Scope.EMPLOYEES_READ,
        Scope.OFFICIAL_ACCOUNTS_READ,
        Scope.WORK_UNITS_READ,
    }),
    Role.EMPLOYEE: OWN,
}  # fmt: skip
