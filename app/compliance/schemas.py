"""Verdicts and recaps on the wire."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.campaigns.models import DutyKind
from app.campaigns.schemas import GrowthOut, VerdictCounts
from app.compliance.rules import Basis, Reason, Verdict
from app.core.paging import Page
from app.core.schemas import Out
from app.neutrality.schemas import PausedOut
from app.platforms.base import Platform

RecapBy = Literal["work_unit", "category", "platform", "official_account"]
Flag = Literal["excused", "disputed"]


class DutyProgress(Out):
    """One duty's verdicts over everyone visible, and how often each reason stands behind them.

    Outside BKD numbers that would tell of fewer than five people are suppressed.
    """

    duty: DutyKind
    suppressed: bool
    counts: VerdictCounts | None
    reasons: dict[str, int]


class ProgressOut(GrowthOut):
    """The answer in one look: growth of the first official account and of each, and verdicts."""

    campaign_id: UUID
    cohort_size: int
    members: int
    joiners: int
    leavers: int
    evaluated_at: datetime | None
    duties: list[DutyProgress]
    official_accounts: list[GrowthOut]
    paused_accounts: list[PausedOut]


class RecapRow(Out):
    """One unit, category, platform or official account; a unit includes those below it.

    Outside BKD numbers that would tell of fewer than five people are suppressed: `counts` is null.
    """

    key: str
    name: str
    code: str | None
    duty: DutyKind
    suppressed: bool
    counts: VerdictCounts | None


class RecapOut(Out):
    """Counts that were true at `valid_at`, by what was known at `known_at`."""

    valid_at: datetime
    known_at: datetime
    campaign_id: UUID
    by: RecapBy
    evaluated_at: datetime | None
    items: list[RecapRow]
    paused: list[PausedOut]


class CampaignEmployee(Out):
    """An employee with such a verdict; the NIP is masked unless the caller may read it."""

    id: UUID
    nip: str
    nip_masked: bool
    name: str
    unit_id: UUID
    unit_name: str
    reasons: list[Reason]
    excused: bool
    disputed: bool


class CampaignEmployees(Page[CampaignEmployee]):
    """One page of employees; nothing is told about a follow of the `paused` accounts."""

    valid_at: datetime
    known_at: datetime
    paused: list[PausedOut]


class WaitedFor(Out):
    """A member who has not yet declared what was asked; nothing else is said of them."""

    id: UUID
    name: str
    unit_id: UUID
    unit_name: str


class MissingDeclarations(Page[WaitedFor]):
    """One page of members whose unit may remind them, as the last evaluation found them."""

    evaluated_at: datetime | None


class EvidenceOut(Out):
    """What a verdict rests on."""

    basis: Basis
    ids: list[UUID]
    lists: list[dict[str, Any]]
    pairs: list[dict[str, Any]]


class VerdictOut(Out):
    campaign_id: UUID
    campaign_title: str
    duty: DutyKind
    official_account_id: UUID | None
    official_account_name: str | None
    platform: Platform | None
    account_id: UUID | None
    verdict: Verdict
    reason: Reason
    evidence: EvidenceOut
    excuse: str | None
    disputed: bool
    decided_at: datetime


class VerdictsOut(Out):
    """Verdicts that were true at `valid_at`, by what was known at `known_at`."""

    valid_at: datetime
    known_at: datetime
    items: list[VerdictOut]
    paused: list[PausedOut]
