"""Shaping verdicts into answers: progress, recaps, lists, one employee's evidence."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import growth
from app.campaigns import queries as campaigns
from app.campaigns.models import Campaign
from app.campaigns.schemas import VerdictCounts
from app.compliance import queries
from app.compliance.schemas import (
    CampaignEmployee,
    DutyProgress,
    EvidenceOut,
    ProgressOut,
    RecapBy,
    RecapOut,
    RecapRow,
    VerdictOut,
)
from app.employees.rules import mask_nip
from app.identity.rules import Caller
from app.identity.scopes import Scope


def counts_of(row: Row[Any]) -> VerdictCounts:
    return VerdictCounts(
        eligible=row.eligible,
        met=row.met,
        unmet=row.unmet,
        unknown=row.unknown,
        excused=row.excused,
        disputed=row.disputed,
    )


async def progress(
    session: AsyncSession, caller: Caller, campaign_id: UUID, *, now: datetime
) -> ProgressOut:
    """The whole answer of a campaign.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await campaigns.get(session, caller, campaign_id)
    accounts = [
        await growth.of_campaign(session, caller, campaign, each, now=now)
        for each in await campaigns.official_account_ids(session, caller.tenant_id, campaign_id)
    ]
    return ProgressOut(
        **dict(accounts[0]),
        campaign_id=campaign.id,
        cohort_size=campaign.cohort_size,
        evaluated_at=campaign.evaluated_at,
        duties=await _duties(session, caller, campaign),
        official_accounts=accounts,
    )


async def _duties(session: AsyncSession, caller: Caller, campaign: Campaign) -> list[DutyProgress]:
    reasons: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await queries.reasons(session, caller, campaign.id):
        reasons[row.duty_kind][row.reason] = row.people
    return [
        DutyProgress(
            duty=row.duty_kind, counts=counts_of(row), reasons=reasons.get(row.duty_kind, {})
        )
        for row in await queries.totals(session, caller, campaign.id)
    ]


async def recap(session: AsyncSession, caller: Caller, campaign_id: UUID, by: RecapBy) -> RecapOut:
    """A campaign's counts by one division of the cohort.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await campaigns.get(session, caller, campaign_id)
    rows = await queries.recap(session, caller, campaign_id, by)
    return RecapOut(
        campaign_id=campaign.id,
        by=by,
        evaluated_at=campaign.evaluated_at,
        items=[
            RecapRow(
                key=str(row.key),
                name=row.name,
                code=row.code,
                duty=row.duty_kind,
                counts=counts_of(row),
            )
            for row in rows
        ],
    )


def campaign_employees(caller: Caller, rows: Sequence[Row[Any]]) -> list[CampaignEmployee]:
    """Employees of a list as this caller may see them."""
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes
    return [
        CampaignEmployee(
            id=row.id,
            nip=mask_nip(row.nip) if masked else row.nip,
            nip_masked=masked,
            name=row.name,
            unit_id=row.unit_id,
            unit_name=row.unit_name,
            reasons=row.reasons,
            excused=row.excused,
            disputed=row.disputed,
        )
        for row in rows
    ]


def verdict_of(row: Row[Any]) -> VerdictOut:
    """One verdict with what it rests on."""
    return VerdictOut(
        campaign_id=row.campaign_id,
        campaign_title=row.title,
        duty=row.duty_kind,
        official_account_id=row.official_account_id,
        official_account_name=row.official_account_name,
        platform=row.official_account_platform,
        account_id=row.account_id,
        verdict=row.verdict,
        reason=row.reason,
        evidence=EvidenceOut(
            basis=row.basis, ids=row.evidence_ids, lists=row.lists, pairs=row.pairs
        ),
        excuse=row.excuse,
        disputed=row.disputed,
        decided_at=row.decided_at,
    )
