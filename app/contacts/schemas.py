"""Addresses and heads on the wire; addresses are masked unless the caller may read them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.contacts.rules import Source
from app.core.schemas import In, Out, Text

Address = Annotated[str, Field(max_length=300)]


class ContactIn(In):
    """Both addresses as they are from now on; null takes one away."""

    email: Address | None
    phone: Address | None
    set_by: Text


class ContactOut(Out):
    employee_id: UUID
    email: str | None
    phone: str | None
    masked: bool
    source: Source | None
    set_by: str | None
    set_at: datetime | None
    version: int


class HeadIn(In):
    """Who heads the unit from today on; null: nobody."""

    employee_id: UUID | None
    set_by: Text


class HeadshipOut(Out):
    employee_id: UUID
    starts_on: date
    ends_on: date | None
    set_by: str
    set_at: datetime
    ended_by: str | None


class HeadOut(Out):
    unit_id: UUID
    employee_id: UUID | None
    history: list[HeadshipOut]
    version: int
