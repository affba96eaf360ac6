"""Writing a campaign's verdicts: only differences, and never what a dispute holds still."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.compliance import counts
from app.core.db import driver_connection

JUDGED = """
CREATE TEMP TABLE judged (
    id uuid, employee_id uuid, duty_id uuid, duty_kind text, official_account_id uuid,
    account_id uuid, verdict text, reason text, basis text, evidence_ids uuid[], excuse text
) ON COMMIT DROP
"""

WRITE = text("""
INSERT INTO verdicts AS stored (
    tenant_id, campaign_id, id, employee_id, duty_id, duty_kind, official_account_id,
    account_id, verdict, reason, basis, evidence_ids, excuse, disputed, unmet_since, decided_at)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), id, employee_id, duty_id, duty_kind,
       official_account_id, account_id, verdict, reason, basis, evidence_ids, excuse, false,
       CASE verdict WHEN 'unmet' THEN CAST(:now AS timestamptz) END, CAST(:now AS timestamptz)
FROM judged
ON CONFLICT (tenant_id, campaign_id, employee_id, duty_id, official_account_id) DO UPDATE SET
    account_id = excluded.account_id, verdict = excluded.verdict, reason = excluded.reason,
    basis = excluded.basis, evidence_ids = excluded.evidence_ids, excuse = excluded.excuse,
    decided_at = excluded.decided_at,
    unmet_since = CASE excluded.verdict
        WHEN 'unmet' THEN COALESCE(stored.unmet_since, excluded.unmet_since) END
WHERE NOT stored.disputed
  AND (stored.account_id, stored.verdict, stored.reason, stored.basis, stored.evidence_ids,
       stored.excuse)
      IS DISTINCT FROM (excluded.account_id, excluded.verdict, excluded.reason, excluded.basis,
                        excluded.evidence_ids, excluded.excuse)
""")

# A dispute holds the verdict still, but not the excuse beside it.
EXCUSE_FROZEN = text("""
UPDATE verdicts AS stored SET excuse = judged.excuse FROM judged
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id AND stored.disputed
  AND judged.employee_id = stored.employee_id AND judged.duty_id = stored.duty_id
  AND judged.official_account_id IS NOT DISTINCT FROM stored.official_account_id
  AND judged.excuse IS DISTINCT FROM stored.excuse
""")

# A duty ends for a person whose account there is gone, or who has left the cohort.
DROP_ENDED = text("""
DELETE FROM verdicts AS stored
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id
  AND NOT stored.disputed
  AND NOT EXISTS (
      SELECT 1 FROM judged
      WHERE judged.employee_id = stored.employee_id AND judged.duty_id = stored.duty_id
        AND judged.official_account_id IS NOT DISTINCT FROM stored.official_account_id)
""")


async def stage(session: AsyncSession, judged: list[tuple[Any, ...]]) -> None:
    """Put the findings of a campaign into the temporary table `judged`."""
    await session.execute(text("DROP TABLE IF EXISTS judged"))
    await session.execute(text(JUDGED))
    connection = await driver_connection(session)
    await connection.copy_records_to_table("judged", records=judged)
    await session.execute(text("ANALYZE judged"))


async def store(session: AsyncSession, campaign: Campaign, now: datetime) -> int:
    """Write what has changed of the findings in `judged`; returns how many verdicts did."""
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    written: Any = await session.execute(WRITE, {**where, "now": now})
    excused: Any = await session.execute(EXCUSE_FROZEN, where)
    ended: Any = await session.execute(DROP_ENDED, where)
    await counts.refresh(session, campaign.tenant_id, campaign.id)
    return int(written.rowcount + excused.rowcount + ended.rowcount)
