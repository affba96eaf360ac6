"""Holding a verdict still while a dispute is open, and judging anew once an officer has decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance.models import VerdictClearance, VerdictRow
from app.compliance.rules import Finding, under_dispute

# What a verdict is about, within a campaign: employee, duty, official account.
About = tuple[UUID, UUID, UUID | None]


@dataclass(frozen=True, slots=True)
class VerdictKey:
    """Which verdict: one employee, one duty, and for follow duties one official account."""

    campaign_id: UUID
    employee_id: UUID
    duty_id: UUID
    official_account_id: UUID | None


async def one_at_a_time(session: AsyncSession, campaign_id: UUID) -> None:
    """Wait until no evaluation of a campaign runs, and keep others waiting to the end of this."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"evaluate:{campaign_id}"},
    )


async def held(session: AsyncSession, tenant_id: UUID, key: VerdictKey) -> VerdictRow | None:
    """A verdict, locked to the end of the transaction; None where there is none."""
    return await session.scalar(
        select(VerdictRow)
        .where(
            VerdictRow.tenant_id == tenant_id,
            VerdictRow.campaign_id == key.campaign_id,
            VerdictRow.employee_id == key.employee_id,
            VerdictRow.duty_id == key.duty_id,
            VerdictRow.official_account_id.is_not_distinct_from(key.official_account_id),
        )
        .with_for_update()
    )


def freeze(verdict: VerdictRow) -> None:
    """Take a verdict out of every list; evaluations pass it by from now on."""
    told = Finding(verdict.verdict, verdict.reason, verdict.basis, tuple(verdict.evidence_ids))
    shown = under_dispute(told)
    verdict.verdict, verdict.reason, verdict.disputed = shown.verdict, shown.reason, True


async def release(
    session: AsyncSession, tenant_id: UUID, key: VerdictKey, *, cleared_at: datetime | None
) -> None:
    """Let evaluations judge again; nothing from before `cleared_at` counts against the person.

    A running evaluation has read what was so before, and must not write after this.
    """
    await one_at_a_time(session, key.campaign_id)
    verdict = await held(session, tenant_id, key)
    if verdict is not None:
        verdict.disputed = False
        if cleared_at is not None:
            verdict.unmet_since = None
    if cleared_at is not None:
        session.add(
            VerdictClearance(
                tenant_id=tenant_id,
                campaign_id=key.campaign_id,
                employee_id=key.employee_id,
                duty_id=key.duty_id,
                official_account_id=key.official_account_id,
                cleared_at=cleared_at,
            )
        )
    await session.flush()


async def clearances(
    session: AsyncSession, tenant_id: UUID, campaign_id: UUID
) -> Mapping[About, datetime]:
    """Up to when nothing counts against whom, where officers have decided so."""
    clearance = VerdictClearance
    about = (clearance.employee_id, clearance.duty_id, clearance.official_account_id)
    rows = await session.execute(
        select(*about, func.max(clearance.cleared_at).label("cleared_at"))
        .where(clearance.tenant_id == tenant_id, clearance.campaign_id == campaign_id)
        .group_by(*about)
    )
    return {(row.employee_id, row.duty_id, row.official_account_id): row.cleared_at for row in rows}
