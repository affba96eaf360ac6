"""Declared accounts on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.accounts.rules import AccountState
from app.core.schemas import Day, In, Out, Text
from app.platforms.base import ExistenceState, Platform


class AccountIn(In):
    """A declaration as people paste it: an address, @handle, or a bare handle with its platform."""

    account: Text
    platform: Platform | None = None


class AccountEdit(In):
    """A corrected address or handle; the owner must be proven anew."""

    account: Text


class VerificationIn(In):
    """An officer's attestation that the account is this employee's."""

    method: Literal["attestation"]
    attested_on: Day


class NormalizeIn(In):
    """Texts to recognise; nothing is fetched."""

    items: Annotated[list[AccountIn], Field(min_length=1, max_length=1000)]


class NormalizedOut(Out):
    """What one text means, or why it was refused."""

    platform: Platform | None
    handle: str | None
    platform_id: str | None
    url: str | None
    code: str | None
    message: str | None


class NormalizeOut(Out):
    items: list[NormalizedOut]


class AccountOut(Out):
    id: UUID
    employee_id: UUID
    platform: Platform
    handle: str
    platform_id: str | None
    url: str
    state: AccountState
    notice: str | None
    declared_at: datetime
    verified_at: datetime | None
    attestation_due_at: datetime | None
    last_checked_at: datetime | None
    unseen_since: datetime | None
    version: int


class AccountCheckOut(Out):
    """What the platform said of the account at one moment, and by which route."""

    id: UUID
    checked_at: datetime
    state: ExistenceState
    source: str


class AccountsOut(Out):
    items: list[AccountOut]
