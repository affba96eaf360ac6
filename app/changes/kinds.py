"""The closed list of what can change, each `subject:verb`, in alphabetical order."""

from enum import StrEnum


class ChangeKind(StrEnum):
    """What happened."""

    ACCOUNT_CHECKED = "account:checked"
    ACCOUNT_CONTESTED = "account:contested"
    ACCOUNT_DECLARED = "account:declared"
    ACCOUNT_RETIRED = "account:retired"
    ACCOUNT_UPDATED = "account:updated"
    ACCOUNT_VERIFIED = "account:verified"
    API_KEY_CREATED = "api_key:created"
    API_KEY_REVOKED = "api_key:revoked"
    CAMPAIGN_CREATED = "campaign:created"
    CAMPAIGN_EVALUATED = "campaign:evaluated"
    CAMPAIGN_UPDATED = "campaign:updated"
    CONNECTION_CREATED = "connection:created"
    CONNECTION_LOST = "connection:lost"
    CONNECTION_REMOVED = "connection:removed"
    EMPLOYEE_CREATED = "employee:created"
    EMPLOYEE_UPDATED = "employee:updated"
    FOLLOWER_LIST_TAKEN = "follower_list:taken"
    IMPORT_APPLIED = "import:applied"
    IMPORT_PREVIEWED = "import:previewed"
    OFFICIAL_ACCOUNT_CREATED = "official_account:created"
    OFFICIAL_ACCOUNT_UPDATED = "official_account:updated"
    PAIR_ANSWERS_TAKEN = "pair_answers:taken"
    SNAPSHOT_CONFIRMED = "snapshot:confirmed"
    SNAPSHOT_TAKEN = "snapshot:taken"
    WORK_UNIT_CREATED = "work_unit:created"
    WORK_UNIT_UPDATED = "work_unit:updated"
