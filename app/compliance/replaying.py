"""Answering of the past: the verdicts that stood then, or those that a day would have deserved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import archives
from app.campaigns.models import Campaign, CampaignMember
from app.campaigns.past import About, Past, enter_past
from app.compliance.service import judge
from app.compliance.storing import ID, batch
from app.core.db import put_first_what_is_temporary
from app.core.errors import Conflict
from app.core.moments import Moments
from app.employees import queries as employees
from app.identity.rules import Caller


class PastForgotten(Conflict):
    """Since {since} only the last numbers of this campaign are left: ask without a moment."""


# The queries of answers read it under the name of the table for which it stands.
TEMPORARY = (
    "DROP TABLE IF EXISTS pg_temp.verdicts",
    "CREATE TEMP TABLE verdicts (LIKE public.verdicts INCLUDING DEFAULTS) ON COMMIT DROP",
)

COLUMNS = """
tenant_id, campaign_id, id, employee_id, duty_id, duty_kind, official_account_id, account_id,
verdict, reason, basis, evidence_ids, excuse, disputed, decided_at
"""
SAME = """
judged.employee_id = held.employee_id AND judged.duty_id = held.duty_id
AND judged.official_account_id IS NOT DISTINCT FROM held.official_account_id
"""

# Transactions that had begun at the moment asked about, and had not ended.
UNFINISHED = "CAST(current_setting('simedsos.unfinished') AS timestamptz[])"

# A verdict under dispute, then or when it is known, is held still and told of nobody.
HELD = text(f"""
INSERT INTO pg_temp.verdicts ({COLUMNS})
SELECT DISTINCT ON (held.employee_id, held.duty_id, held.official_account_id)
       held.tenant_id, held.campaign_id, held.id, held.employee_id, held.duty_id, held.duty_kind,
       held.official_account_id, held.account_id, held.verdict, held.reason, held.basis,
       held.evidence_ids,
       CASE WHEN judged.employee_id IS NULL THEN held.excuse ELSE judged.excuse END,
       true, held.decided_at
FROM (
    SELECT {COLUMNS}, known_from, CAST('infinity' AS timestamptz) AS known_to FROM public.verdicts
    UNION ALL
    SELECT {COLUMNS}, known_from,
           CASE WHEN known_to = ANY({UNFINISHED}) THEN 'infinity' ELSE known_to END
    FROM public.verdicts_past
) AS held
LEFT JOIN judged ON {SAME}
WHERE held.tenant_id = :tenant_id AND held.campaign_id = :campaign_id AND held.disputed
  AND held.known_from <> ALL({UNFINISHED})
  AND (CAST(:employee_id AS uuid) IS NULL OR held.employee_id = :employee_id)
  AND (held.known_from <= :valid_at AND held.known_to > :valid_at
       OR judged.employee_id IS NOT NULL
          AND held.known_from <= :known_at AND held.known_to > :known_at)
ORDER BY held.employee_id, held.duty_id, held.official_account_id, held.known_from
""")  # noqa: S608 - Only the constants above are put into the statement.

JUDGED = text(f"""
INSERT INTO pg_temp.verdicts ({COLUMNS})
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), {ID}, judged.employee_id,
       judged.duty_id, judged.duty_kind, judged.official_account_id, judged.account_id,
       judged.verdict, judged.reason, judged.basis, judged.evidence_ids, judged.excuse, false,
       CAST(:judged_at AS timestamptz)
FROM judged
WHERE (CAST(:employee_id AS uuid) IS NULL OR judged.employee_id = :employee_id)
  AND NOT EXISTS (
      SELECT 1 FROM pg_temp.verdicts AS held WHERE held.campaign_id = :campaign_id AND {SAME})
""")  # noqa: S608 - Only the constants above are put into the statement.


# What is disputed today, and what officers have set aside since.
LIFTED = text("""
SELECT dispute.campaign_id, dispute.employee_id,
       COALESCE(dispute.official_account_id, dispute.duty_id) AS about, true AS disputed
FROM disputes AS dispute
WHERE dispute.tenant_id = :tenant_id
  AND (CAST(:campaign_id AS uuid) IS NULL OR dispute.campaign_id = :campaign_id)
  AND (CAST(:employee_id AS uuid) IS NULL OR dispute.employee_id = :employee_id)
  AND NOT EXISTS (
      SELECT 1 FROM dispute_decisions AS decision
      WHERE decision.tenant_id = :tenant_id AND decision.dispute_id = dispute.id)
UNION ALL
SELECT cleared.campaign_id, cleared.employee_id,
       COALESCE(cleared.official_account_id, cleared.duty_id), false
FROM verdict_clearances AS cleared
WHERE cleared.tenant_id = :tenant_id AND cleared.cleared_at > :valid_at
  AND (CAST(:campaign_id AS uuid) IS NULL OR cleared.campaign_id = :campaign_id)
  AND (CAST(:employee_id AS uuid) IS NULL OR cleared.employee_id = :employee_id)
ORDER BY disputed
""")


def moment_of_judgement(campaign: Campaign, valid_at: datetime) -> datetime | None:
    """As of when a campaign is judged: before its start not at all, after its end as of that."""
    return None if valid_at < campaign.starts_at else min(valid_at, campaign.ends_at)


async def enter_campaigns_past(
    session: AsyncSession, caller: Caller, moments: Moments, campaign_id: UUID, *, now: datetime
) -> Past | None:
    """Turn the rest of a transaction to the past of one campaign, where one is asked for.

    Raises:
        NotFound: there is no such campaign.
        NotRecordedThen: the campaign was recorded later.
        PastForgotten: only the campaign's last numbers are left.
    """
    if not moments.past:
        return None
    archived_at = await archives.archived_at(session, caller.tenant_id, campaign_id)
    if archived_at is not None:
        raise PastForgotten(since=archived_at.isoformat())
    lifted = await _lifted(session, caller, moments, campaign_id=campaign_id)
    past = await enter_past(session, caller, moments, {"campaigns": campaign_id}, now=now)
    if past.anew:
        await _judge_anew(session, caller.tenant_id, [campaign_id], past)
    return replace(past, lifted=lifted)


async def enter_employees_past(
    session: AsyncSession, caller: Caller, moments: Moments, employee_id: UUID, *, now: datetime
) -> Past | None:
    """Turn the rest of a transaction to the past of one employee, where one is asked for.

    Raises:
        NotFound: the caller may not see them, or could not have seen them then.
        NotRecordedThen: the employee was recorded later.
    """
    await employees.get(session, caller, employee_id)
    if not moments.past:
        return None
    # Read before looking back: what is forgotten today was not so then.
    forgotten = await archives.archived(session, caller.tenant_id)
    lifted = await _lifted(session, caller, moments, employee_id=employee_id)
    past = await enter_past(session, caller, moments, {"employees": employee_id}, now=now)
    await employees.get(session, caller, employee_id)
    if past.anew:
        member = CampaignMember
        asked = await session.scalars(
            select(member.campaign_id)
            .where(member.tenant_id == caller.tenant_id, member.employee_id == employee_id)
            .order_by(member.campaign_id)
        )
        known = [each for each in asked if each not in forgotten]
        await _judge_anew(session, caller.tenant_id, known, past, employee_id)
    return replace(past, lifted=lifted)


async def _lifted(
    session: AsyncSession,
    caller: Caller,
    moments: Moments,
    *,
    campaign_id: UUID | None = None,
    employee_id: UUID | None = None,
) -> dict[About, bool]:
    """The accusations of which nobody is to be reminded by name; read before looking back."""
    where = {
        "tenant_id": caller.tenant_id,
        "campaign_id": campaign_id,
        "employee_id": employee_id,
        "valid_at": moments.valid_at,
    }
    rows = await session.execute(LIFTED, where)
    return {(row.campaign_id, row.employee_id, row.about): row.disputed for row in rows}


async def _judge_anew(
    session: AsyncSession,
    tenant_id: UUID,
    campaign_ids: Sequence[UUID],
    past: Past,
    employee_id: UUID | None = None,
) -> None:
    """Let what may be said as of `valid_at` stand for the verdicts that were stored."""
    for statement in TEMPORARY:
        await session.execute(text(statement))
    for campaign_id in campaign_ids:
        campaign = await session.get_one(Campaign, (tenant_id, campaign_id))
        judged_at = moment_of_judgement(campaign, past.valid_at)
        if judged_at is None:
            continue
        await judge(session, campaign, now=judged_at)
        where = {
            "tenant_id": tenant_id,
            "campaign_id": campaign_id,
            "employee_id": employee_id,
        }
        times = {"valid_at": past.valid_at, "known_at": past.known_at}
        await session.execute(HELD, {**where, **times})
        await session.execute(JUDGED, {**where, "judged_at": judged_at, "batch": batch()})
    await session.execute(text("ANALYZE pg_temp.verdicts"))
    await put_first_what_is_temporary(session)
