"""Official accounts on the wire."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.schemas import Edit, In, Out, Text
from app.official_accounts.models import OwnerKind
from app.platforms.base import Platform

PollInterval = Annotated[int, Field(ge=10, le=86_400)]


class OfficialAccountIn(In):
    """A new official account, as an address, @handle or handle with its platform."""

    account: Text
    name: Text
    owner_kind: OwnerKind
    platform: Platform | None = None
    platform_id: Text | None = None
    custodian: Text | None = None
    office_term_start: date | None = None
    office_term_end: date | None = None
    opened_at: date | None = None
    poll_interval_seconds: PollInterval | None = None
    active: bool = True
    read_list: bool | None = None

    @model_validator(mode="after")
    def require_office_term(self) -> Self:
        if self.owner_kind is OwnerKind.PERSON and self.office_term_start is None:
            message = "an account of owner kind person needs office_term_start"
            raise ValueError(message)
        return self


class OfficialAccountEdit(Edit):
    """The fields to change."""

    never_null: ClassVar[frozenset[str]] = frozenset(
        {"name", "poll_interval_seconds", "active", "read_list"}
    )

    name: Text | None = None
    custodian: Text | None = None
    office_term_end: date | None = None
    opened_at: date | None = None
    poll_interval_seconds: PollInterval | None = None
    active: bool | None = None
    read_list: bool | None = None


class OfficialAccountOut(Out):
    id: UUID
    platform: Platform
    handle: str
    platform_id: str | None
    name: str
    owner_kind: OwnerKind
    custodian: str | None
    office_term_start: date | None
    office_term_end: date | None
    opened_at: date | None
    poll_interval_seconds: int
    active: bool
    read_list: bool
    version: int
    created_at: datetime
    updated_at: datetime
