"""Excuses on the wire."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator

from app.campaigns.models import DutyKind
from app.core.schemas import Day, In, Out, Text


class ExcuseIn(In):
    """An officer's decision that nothing is asked of somebody; without a duty: nothing at all."""

    campaign_id: UUID
    employee_id: UUID
    duty: DutyKind | None = None
    reason: Text
    document_number: Text
    starts_on: Day
    ends_on: Day | None = None
    granted_by: Text

    @model_validator(mode="after")
    def require_order(self) -> Self:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            message = "ends_on must not come before starts_on"
            raise ValueError(message)
        return self


class ExcuseWithdrawalIn(In):
    """An officer takes an excuse back, from now on."""

    reason: Text
    withdrawn_by: Text


class ExcuseOut(Out):
    id: UUID
    campaign_id: UUID
    employee_id: UUID
    duty: DutyKind | None
    reason: str
    document_number: str
    starts_on: date
    ends_on: date | None
    granted_by: str
    granted_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_reason: str | None
