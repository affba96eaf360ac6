"""What the pages about people share: forms that come back as typed, and the names of statuses."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Form

Csrf: TypeAlias = Annotated[str, Form(max_length=200)]
# Wider than anything the API takes, so that the API says what is too long.
Typed: TypeAlias = Annotated[str, Form(max_length=20_000)]
# Refusals that who has sent a form can do something about; the others are pages of their own.
MENDABLE: Final = frozenset({409, 412, 413, 415, 422})
# The parts of a status's name: the campaign, the duty, and for a follow the official account.
BETWEEN: Final = "|"


def typed_of(**fields: str) -> Mapping[str, str]:
    """What was typed into a form; nothing in the fields of the others."""
    return defaultdict(str, fields)


def key_of(verdict: Mapping[str, Any]) -> str:
    """What a form calls a status by."""
    parts = (verdict["campaign_id"], verdict["duty"], verdict["official_account_id"] or "")
    return BETWEEN.join(parts)


def named_by(key: str) -> dict[str, str | None]:
    """The status that a form names, as the API is told of it; what is no name the API refuses."""
    campaign, _, rest = key.partition(BETWEEN)
    duty, _, account = rest.partition(BETWEEN)
    return {"campaign_id": campaign, "duty": duty, "official_account_id": account or None}


def disputable(verdicts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statuses that somebody could say something against, each with what it is called by."""
    return [
        {**each, "key": key_of(each)}
        for each in verdicts
        if each["verdict"] == "unmet" and not each["disputed"] and not each["excuse"]
    ]
