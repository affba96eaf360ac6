"""Erasing and breaches on the wire."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field, StringConstraints

from app.core.schemas import In, LongText, Moment, Out, Text

Principal: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^(api_key|user):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
]


class ErasureIn(In):
    """A named officer's decision, and what it rests on; write nothing of the person here."""

    reason: LongText
    legal_reference: Text
    decided_by: Text


class ErasureOut(Out):
    """Of whom only this id is left."""

    employee_id: UUID
    reason: str
    legal_reference: str
    decided_by: str
    erased_at: datetime


class BreachIn(In):
    """What came about, when, and by which keys or users, as the trail names them.

    A lost backup or device has neither: name then the systems and the kinds of data.
    """

    what: LongText
    principals: Annotated[list[Principal], Field(max_length=50)]
    systems: Annotated[
        list[Text],
        Field(default_factory=list, max_length=50, description="Servers, files, devices concerned"),
    ]
    data_kinds: Annotated[
        list[Text],
        Field(default_factory=list, max_length=50, description="Kinds of data, such as NIP"),
    ]
    begins: Moment
    ends: Moment
    found_at: Annotated[Moment, Field(description="From when the 3 x 24 hours run")]
    recorded_by: Text


class BreachClosureIn(In):
    """What came of it: who was notified, and what was mended."""

    conclusion: LongText
    closed_by: Text


class BreachOut(Out):
    """A breach with its clock."""

    id: UUID
    what: str
    principals: list[str]
    systems: list[str]
    data_kinds: list[str]
    begins: datetime
    ends: datetime
    found_at: datetime
    notify_until: datetime | None = None
    recorded_by: str
    recorded_at: datetime
    conclusion: str | None
    closed_by: str | None
    closed_at: datetime | None


class AffectedPerson(Out):
    """Of whom was told, by which operations, how often and when."""

    employee_id: UUID
    name: str
    unit_code: str
    looks: int
    first_at: datetime
    last_at: datetime
    operations: list[str]
    exported: bool


class BreachExport(Out):
    """Everything that a notice to people and to the authority needs of the trail."""

    breach: BreachOut
    in_trail: Annotated[
        bool,
        Field(description="False: no key or user is named, so the trail cannot tell of whom"),
    ]
    people: list[AffectedPerson]


class Purpose(Out):
    """Why people's data are processed: a campaign, with what it rests on."""

    campaign_id: UUID
    title: str
    legal_basis: str
    document_number: str
    people: int
    starts_at: datetime
    ends_at: datetime


class Kept(Out):
    """A class of data, where it is stored, and until when."""

    what: str
    tables: list[str]
    until: str


class DataRecipient(Out):
    """Who receives what."""

    who: str
    kind: str
    receives: str


class Measure(Out):
    """A protection, and whether it is in force."""

    what: str
    in_force: bool


class ProcessingRecord(Out):
    """The record of processing as it stands now, in Indonesian."""

    made_at: datetime
    controller: str
    purposes: list[Purpose]
    kept: list[Kept]
    recipients: list[DataRecipient]
    measures: list[Measure]
