"""Reminder plans, previews and histories on the wire; no address stands in any of them."""

from datetime import datetime, time, timedelta
from typing import Annotated, Self, TypeAlias
from uuid import UUID

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from app.campaigns.models import DutyKind
from app.core.schemas import Day, In, Out, Text, refuse_numbers
from app.neutrality.schemas import PausedOut
from app.reminders.letters import Language
from app.reminders.rules import Channel, FirstFrom, Recipient, State, Trouble, Withheld

# A day must leave some hours in which anything can be sent.
LONGEST_QUIET = timedelta(hours=20)
A_DAY = timedelta(days=1)


# What JSON Schema calls a time has an offset, which a local time of day has not.
TimeOfDay: TypeAlias = Annotated[
    time,
    BeforeValidator(refuse_numbers),
    WithJsonSchema({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"}),
]


class QuietHours(In):
    """Local times of Asia/Jakarta between which nothing is sent, and whole days off."""

    starts: TimeOfDay = time(20)
    ends: TimeOfDay = time(7)
    weekends: bool = False
    holidays: Annotated[list[Day], Field(max_length=200, default_factory=list)]

    @model_validator(mode="after")
    def require_open_hours(self) -> Self:
        if self.starts.tzinfo is not None or self.ends.tzinfo is not None:
            message = "times of day in Asia/Jakarta, without an offset"
            raise ValueError(message)
        begins = timedelta(hours=self.starts.hour, minutes=self.starts.minute)
        length = timedelta(hours=self.ends.hour, minutes=self.ends.minute) - begins
        if length < timedelta():
            length += A_DAY
        if length > LONGEST_QUIET:
            message = "quiet hours may last 20 hours at most"
            raise ValueError(message)
        return self


class PlanIn(In):
    """A whole plan; what it changes counts from now on."""

    enabled: bool
    duties: Annotated[
        list[DutyKind],
        Field(min_length=1, max_length=2, default_factory=lambda: [DutyKind.DECLARE]),
    ]
    channels: Annotated[
        list[Channel], Field(min_length=1, max_length=2, default_factory=lambda: [Channel.EMAIL])
    ]
    first_from: FirstFrom = FirstFrom.START
    first_after_days: Annotated[
        int, Field(ge=0, le=365, description="Days after the start, or before the due date")
    ] = 7
    every_days: Annotated[int, Field(ge=1, le=365)] = 7
    at_most: Annotated[int, Field(ge=1, le=20, description="For each person and duty")] = 3
    escalate_after: Annotated[
        int | None, Field(ge=1, le=20, description="Reminders without an answer; null: never")
    ] = None
    ahead_of_due: bool = False
    quiet: QuietHours = QuietHours(holidays=[])
    language: Language = Language.INDONESIAN
    set_by: Text

    @model_validator(mode="after")
    def require_sense(self) -> Self:
        for name in ("duties", "channels"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                message = f"{name} are named once each"
                raise ValueError(message)
        if self.first_from is FirstFrom.DUE and not self.ahead_of_due:
            message = "days before the due date need ahead_of_due"
            raise ValueError(message)
        if self.escalate_after is not None and self.escalate_after > self.at_most:
            message = "escalate_after is at most at_most"
            raise ValueError(message)
        return self


class PlanOut(Out):
    campaign_id: UUID
    enabled: bool
    duties: list[DutyKind]
    channels: list[Channel]
    first_from: FirstFrom
    first_after_days: int
    every_days: int
    at_most: int
    escalate_after: int | None
    ahead_of_due: bool
    quiet: QuietHours
    language: Language
    counts_from: datetime | None
    set_by: str | None
    set_at: datetime | None
    version: int


class Waiting(Out):
    """Of one duty, how many would be reminded now, and how many not and why.

    Null and `suppressed` where few people are told of and the caller does not keep the registry.
    """

    recipient: Recipient
    duty: DutyKind
    would_remind: int | None
    withheld: dict[Withheld, int | None]
    suppressed: bool


class PreviewOut(Out):
    campaign_id: UUID
    enabled: bool
    channels_on: list[Channel]
    note: str | None
    quiet_now: bool
    next_at: datetime | None
    groups: list[Waiting]


class ReminderOut(Out):
    """One reminder; `employee_id` is whom it goes to."""

    id: UUID
    campaign_id: UUID
    recipient: Recipient
    employee_id: UUID
    name: str
    nip: str
    nip_masked: bool
    unit_id: UUID | None
    duty: DutyKind
    channel: Channel
    number: int
    planned_for: datetime
    state: State
    stop_reason: Withheld | None
    attempts: int
    last_error: Trouble | None
    message_id: str | None
    created_at: datetime
    finished_at: datetime | None


class HistoryOut(Out):
    """One page of reminders; `paused` names official accounts of which nothing is told today."""

    items: list[ReminderOut]
    next: str | None
    paused: list[PausedOut]
