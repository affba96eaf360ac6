"""Public answers on the wire."""

from app.core.schemas import Out
from app.platforms.base import Platform
from app.public.rules import Finding


class OwnerOut(Out):
    """Whose official account it is."""

    government: str
    account_name: str


class VerifiedOut(Out):
    """What is known of an account; `note` says it in Indonesian."""

    platform: Platform
    finding: Finding
    owners: list[OwnerOut]
    note: str


class DefinitionOut(Out):
    """What a figure means, in Indonesian; `version` moves whenever the counting does."""

    key: str
    name: str
    text: str
    version: int


class DefinitionsOut(Out):
    """Every figure that answers and reports hold."""

    items: list[DefinitionOut]
