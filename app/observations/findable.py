"""Whether a list could have shown a declared account: one rule for everything that reads absence.

`rules.could_hold` says the same of one account, and the tests hold the statements against it.
"""

from app.observations.rules import SELF_EVIDENCE
from app.platforms.base import Platform
from app.platforms.exports import KeyedBy, followers_keyed_by

# A list says nothing of an account declared, nor a list of ids of an id learnt, after the list was
# matched.
_COULD_HOLD = """(account.declared_at <= {matched_at}
    AND (NOT {of_ids} OR account.platform_id IS NOT NULL
         AND (account.platform_id_since IS NULL OR account.platform_id_since < {matched_at})))"""

PLATFORM_LIST = "platform_list"
# Lists from before there was a column for it were matched when they were recorded.
MATCHED_AT = "COALESCE(list.matched_at, list.recorded_at)"
OF_IDS = f"(CAST(:keyed_by_id AS boolean) OR list.source = '{PLATFORM_LIST}')"

BY_EMPLOYEE = ", ".join(f"'{source}'" for source in sorted(SELF_EVIDENCE))
# Whether an answer, called `told`, is about the account as it is declared now (`rules.tells_of`).
TELLS_OF = f"""(told.asked_at >= account.declared_at
    OR told.source IN ({BY_EMPLOYEE}) AND told.known_from >= account.declared_at)"""


def could_hold(*, matched_at: str, of_ids: str) -> str:
    """The condition that a list could hold what a statement calls `account`."""
    return _COULD_HOLD.format(matched_at=matched_at, of_ids=of_ids)


def keyed_by_id(platform: Platform) -> bool:
    """Whether the lists that a platform exports know accounts by their ids."""
    return followers_keyed_by(platform) is KeyedBy.PLATFORM_ID


def names_ids(platform: Platform, source: str) -> bool:
    """Whether a list was matched by platform ids: those that a platform's API gave always are."""
    return source == PLATFORM_LIST or keyed_by_id(platform)
