"""Notices, disputes, decisions and findings on the wire; none has a field for a sanction."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.campaigns.models import DutyKind
from app.compliance.rules import Basis, Reason
from app.core.schemas import In, LongText, Moment, Out, Text
from app.disputes.rules import DisputeOutcome, NoticeChannel
from app.platforms.base import Platform


class VerdictNamed(In):
    """Which verdict: a follow duty names the official account, a declare duty none."""

    campaign_id: UUID
    employee_id: UUID
    duty: DutyKind
    official_account_id: UUID | None = None


class NoticeIn(VerdictNamed):
    """The office has told the employee; the time to reply begins when this is recorded."""

    channel: NoticeChannel
    sent_at: Moment
    sent_by: Text


class NoticeExtensionIn(In):
    """More time to reply, and why."""

    reply_until: Moment
    reason: Text
    extended_by: Text


class DisputeIn(VerdictNamed):
    """What the employee says against a verdict, and which officer received it.

    It may point at evidence: answers about the employee's accounts, lists of the official account,
    or what the employee has shown, by their ids.
    """

    text: LongText
    evidence_ids: Annotated[list[UUID], Field(max_length=50, default_factory=list)]
    received_by: Text


class DecisionIn(In):
    """A named officer's decision; it is given once."""

    outcome: DisputeOutcome
    reason: LongText
    decided_by: Text


class FindingIn(In):
    """A named officer finds, finally, that the duty was unmet."""

    reason: LongText
    decided_by: Text


class NoticeTextOut(Out):
    """What the office may write, if it is recorded now; in Indonesian."""

    subject: str
    body: str
    reply_until: datetime


class NoticeExtensionOut(Out):
    reply_until: datetime
    reason: str
    extended_by: str
    extended_at: datetime


class FindingOut(Out):
    id: UUID
    notice_id: UUID
    reason: str
    decided_by: str
    decided_at: datetime


class NoticeOut(Out):
    """What somebody was told, on which evidence, and what has come of it."""

    id: UUID
    campaign_id: UUID
    employee_id: UUID
    duty: DutyKind
    official_account_id: UUID | None
    reason: Reason
    basis: Basis
    evidence_ids: list[UUID]
    channel: NoticeChannel
    sent_by: str
    sent_at: datetime
    recorded_at: datetime
    reply_until: datetime
    extensions: list[NoticeExtensionOut]
    dispute_id: UUID | None
    finding: FindingOut | None


class DecisionOut(Out):
    outcome: DisputeOutcome
    reason: str
    decided_by: str
    decided_at: datetime


class DisputeOut(Out):
    """A dispute; while it has no decision, the verdict stands still and in no list.

    `due_at` is until when it should be decided: 3 x 24 hours after it was filed.
    """

    id: UUID
    campaign_id: UUID
    campaign_title: str
    employee_id: UUID
    employee_name: str
    unit_name: str
    duty: DutyKind
    official_account_id: UUID | None
    official_account_name: str | None
    platform: Platform | None
    notice_id: UUID | None
    text: str
    evidence_ids: list[UUID]
    received_by: str
    filed_at: datetime
    due_at: datetime
    decision: DecisionOut | None
