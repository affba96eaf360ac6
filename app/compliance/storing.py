"""Writing a campaign's verdicts: only differences, and never what a dispute holds still."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.compliance import counts
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.ids import new_id

JUDGED = """
CREATE TEMP TABLE judged (
    id uuid, employee_id uuid, duty_id uuid, duty_kind text, official_account_id uuid,
    account_id uuid, verdict text, reason text, basis text, evidence_ids uuid[], excuse text
) ON COMMIT DROP
"""

# The ids of one statement count on from one new id, in order of the employee: rows that come in the
# order of the indexes are written at half the cost.
ID = """CAST(CAST(:batch AS text) || lpad(
           to_hex(row_number() OVER (ORDER BY asked.employee_id)), 12, '0') AS uuid)"""

# A campaign has one duty to follow, which its official accounts tell apart, and one to declare,
# which stands for itself: equal sides that can be hashed.
SAME = """judged.employee_id = stored.employee_id
  AND COALESCE(judged.official_account_id, judged.duty_id)
      = COALESCE(stored.official_account_id, stored.duty_id)"""

# A row that says the same already is not touched: to lock it would cost as much as to write it.
CHANGE = text(f"""
UPDATE verdicts AS stored SET
    account_id = judged.account_id, verdict = judged.verdict, reason = judged.reason,
    basis = judged.basis, evidence_ids = judged.evidence_ids, excuse = judged.excuse,
    decided_at = :now,
    unmet_since = CASE judged.verdict
        WHEN 'unmet' THEN COALESCE(stored.unmet_since, CAST(:now AS timestamptz)) END
FROM judged
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id
  AND NOT stored.disputed AND {SAME}
  AND (stored.account_id, stored.verdict, stored.reason, stored.basis, stored.evidence_ids,
       stored.excuse)
      IS DISTINCT FROM (judged.account_id, judged.verdict, judged.reason, judged.basis,
                        judged.evidence_ids, judged.excuse)
""")  # noqa: S608 - Only the constant above is put into the statement.

# Evaluations of a campaign come one after the other, so nobody else adds the same.
ADD = text(f"""
INSERT INTO verdicts (
    tenant_id, campaign_id, id, employee_id, duty_id, duty_kind, official_account_id,
    account_id, verdict, reason, basis, evidence_ids, excuse, disputed, unmet_since, decided_at)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), id, employee_id, duty_id, duty_kind,
       official_account_id, account_id, verdict, reason, basis, evidence_ids, excuse, false,
       CASE verdict WHEN 'unmet' THEN CAST(:now AS timestamptz) END, CAST(:now AS timestamptz)
FROM judged
WHERE NOT EXISTS (
    SELECT 1 FROM verdicts AS stored
    WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id AND {SAME})
""")  # noqa: S608 - Only the constant above is put into the statement.

# A dispute holds the verdict still, but not the excuse beside it.
EXCUSE_FROZEN = text(f"""
UPDATE verdicts AS stored SET excuse = judged.excuse FROM judged
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id AND stored.disputed
  AND {SAME} AND judged.excuse IS DISTINCT FROM stored.excuse
""")  # noqa: S608 - Only the constant above is put into the statement.

# A duty ends for a person whose account there is gone, or who has left the cohort. What is said of
# a paused official account is hidden and waits: it is judged anew when the pause is over.
DROP_ENDED = text(f"""
DELETE FROM verdicts AS stored
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id
  AND NOT stored.disputed
  AND COALESCE(stored.official_account_id <> ALL(CAST(:paused AS uuid[])), true)
  AND NOT EXISTS (SELECT 1 FROM judged WHERE {SAME})
""")  # noqa: S608 - Only the constant above is put into the statement.

# The accusation itself ends with the pause: what was told of it before serves no finding after it.
# On each day of a pause it is moved once.
END_ACCUSATIONS = text("""
UPDATE verdicts AS stored SET unmet_since = CASE verdict
    WHEN 'unmet' THEN CAST(:now AS timestamptz) END
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id
  AND stored.official_account_id = ANY(CAST(:paused AS uuid[]))
  AND NOT stored.disputed AND stored.unmet_since < :today
""")


def batch() -> str:
    """What the ids of one statement begin with: a new id less the digits that are counted."""
    return new_id().hex[:20]


async def stage(session: AsyncSession) -> None:
    """Make the temporary table `judged`, empty."""
    await session.execute(text("DROP TABLE IF EXISTS judged"))
    await session.execute(text(JUDGED))


async def store(
    session: AsyncSession, campaign: Campaign, now: datetime, *, paused: Sequence[UUID]
) -> int:
    """Write what has changed of the findings in `judged`; returns how many verdicts did.

    Nothing was judged of the official accounts that are `paused`, and their verdicts stay.
    """
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    steps: tuple[tuple[TextClause, dict[str, Any]], ...] = (
        (DROP_ENDED, {"paused": list(paused)}),
        (CHANGE, {"now": now}),
        (EXCUSE_FROZEN, {}),
        (ADD, {"now": now}),
    )
    changed = 0
    for step, more in steps:
        done: Any = await session.execute(step, {**where, **more})
        changed += done.rowcount
    if paused:
        today = jakarta_midnight(jakarta_day(now))
        moment = {"now": now, "today": today, "paused": list(paused)}
        await session.execute(END_ACCUSATIONS, {**where, **moment})
    await counts.refresh(session, campaign.tenant_id, campaign.id)
    return changed
