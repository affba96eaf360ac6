"""What a key may do: a closed list of `resource:action`."""

from enum import StrEnum


class Scope(StrEnum):
    """One permission."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    AUDIT_READ = "audit:read"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    COMPLIANCE_READ = "compliance:read"
    COMPLIANCE_WRITE = "compliance:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    EMPLOYEES_READ = "employees:read"
    EMPLOYEES_READ_NIP = "employees:read_nip"
    EMPLOYEES_WRITE = "employees:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    KEYS_WRITE = "keys:write"
    OBSERVATIONS_WRITE = "observations:write"
    OFFICIAL_ACCOUNTS_READ = "official_accounts:read"
    OFFICIAL_ACCOUNTS_WRITE = "official_accounts:write"
    REPORTS_READ = "reports:read"
    REPORTS_WRITE = "reports:write"
    WORK_UNITS_READ = "work_units:read"
    WORK_UNITS_WRITE = "work_units:write"
