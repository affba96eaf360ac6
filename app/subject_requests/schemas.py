"""Requests of people about their own data, on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.schemas import In, LongText, Moment, Out, Text
from app.subject_requests.rules import RequestOutcome, RequestState, Right


class OwnRequestIn(In):
    """What an employee asks about their own data."""

    right: Right
    text: LongText


class SubjectRequestIn(OwnRequestIn):
    """The same, as an officer has received it by letter or in person."""

    employee_id: UUID
    received_at: Annotated[Moment, Field(description="When it came in; the clock began then")]
    received_by: Text


class AnswerIn(In):
    """A named officer's answer; it is given once."""

    outcome: RequestOutcome
    reason: LongText
    legal_reference: Annotated[
        Text | None, Field(description="What a refusal rests on, such as UU 27/2022 Pasal 15")
    ] = None
    answered_by: Text


class SubjectRequestOut(Out):
    """A request with its clock, and its answer once there is one."""

    id: UUID
    employee_id: UUID
    right: Right
    text: str
    received_at: datetime
    received_by: str | None
    due_at: datetime
    state: RequestState
    outcome: RequestOutcome | None
    reason: str | None
    legal_reference: str | None
    answered_by: str | None
    answered_at: datetime | None
