"""Neutrality windows and paused accounts on the wire."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import model_validator

from app.core.schemas import Day, In, Out, Text
from app.neutrality.rules import PauseReason
from app.platforms.base import Platform


class NeutralityWindowIn(In):
    """An election window in whole days of Asia/Jakarta, both ends included."""

    starts_on: Day
    ends_on: Day
    legal_basis: Text
    document_number: Text

    @model_validator(mode="after")
    def require_order(self) -> Self:
        if self.starts_on > self.ends_on:
            message = "ends_on must not come before starts_on"
            raise ValueError(message)
        return self


class WindowWithdrawalIn(In):
    """Who takes a window back, and why."""

    officer: Text
    reason: Text


class NeutralityWindowOut(Out):
    id: UUID
    starts_on: date
    ends_on: date
    legal_basis: str
    document_number: str
    declared_at: datetime
    declared_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_because: str | None


class PausedOut(Out):
    """An official account that an answer leaves out, why, and its last paused day."""

    official_account_id: UUID
    name: str
    platform: Platform
    reason: PauseReason
    until: date | None
