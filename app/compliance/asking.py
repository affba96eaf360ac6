"""Whom a campaign asks at a moment, who still has time, and what officers have set aside."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.core.clock import jakarta_day
from app.excuses.rules import GRANTED


@dataclass(frozen=True, slots=True)
class Moment:
    """When a campaign is judged: evidence counts up to its end, decisions of officers up to now."""

    campaign: Campaign
    now: datetime

    @property
    def at(self) -> datetime:
        """The last moment of evidence: what grew old after the end is not held against anybody."""
        return min(self.now, self.campaign.ends_at)

    @property
    def where(self) -> dict[str, Any]:
        return {
            "tenant_id": self.campaign.tenant_id,
            "campaign_id": self.campaign.id,
            "now": self.now,
            "at": self.at,
        }


STAGE = """
CREATE TEMP TABLE asked (
    employee_id uuid, duty_id uuid, declaration text, excuse text, due boolean
) ON COMMIT DROP
"""

# An excuse holds on the last day of the campaign or today; standing speaks before it, and who has
# left since the campaign's end was asked in it all the same. An extension counts from the moment it
# was granted: what was judged before stays as it was (`rules.due_at`).
ASK = text("""
INSERT INTO asked (employee_id, duty_id, declaration, excuse, due)
WITH excused AS (
    SELECT DISTINCT excuse.employee_id, duty.id AS duty_id
    FROM excuses AS excuse
    JOIN duties AS duty
      ON duty.tenant_id = excuse.tenant_id AND duty.campaign_id = excuse.campaign_id
     AND duty.id = COALESCE(excuse.duty_id, duty.id)
    WHERE excuse.tenant_id = :tenant_id AND excuse.campaign_id = :campaign_id
      AND (excuse.withdrawn_at IS NULL OR excuse.withdrawn_at > :now)
      AND (CAST(:day AS date)
               BETWEEN excuse.starts_on AND COALESCE(excuse.ends_on, 'infinity')
           OR CAST(:today AS date)
               BETWEEN excuse.starts_on AND COALESCE(excuse.ends_on, 'infinity'))
), extended AS (
    SELECT extension.employee_id, CAST(max(extension.due_on) + 1 AS timestamp)
               AT TIME ZONE 'Asia/Jakarta' AS due_at
    FROM extensions AS extension
    WHERE extension.tenant_id = :tenant_id AND extension.campaign_id = :campaign_id
      AND extension.granted_at <= :now
    GROUP BY extension.employee_id
), stood AS (
    SELECT DISTINCT ON (was.id) was.id, was.standing
    FROM public.employees_past AS was
    WHERE was.tenant_id = :tenant_id AND was.known_from <= :at AND was.known_to > :at
    ORDER BY was.id, was.known_to
)
SELECT member.employee_id, duty.id, employee.declaration,
       COALESCE(
           NULLIF(COALESCE(stood.standing, employee.standing), 'active'),
           CASE WHEN excused.employee_id IS NOT NULL THEN :granted END),
       CAST(:at AS timestamptz) >= GREATEST(
           begun.at + CAST(:grace AS interval), COALESCE(extended.due_at, begun.at))
FROM campaign_members AS member
JOIN employees AS employee
  ON employee.tenant_id = member.tenant_id AND employee.id = member.employee_id
JOIN duties AS duty
  ON duty.tenant_id = member.tenant_id AND duty.campaign_id = member.campaign_id
LEFT JOIN stood ON stood.id = member.employee_id
LEFT JOIN excused
  ON excused.employee_id = member.employee_id AND excused.duty_id = duty.id
LEFT JOIN extended ON extended.employee_id = member.employee_id
CROSS JOIN LATERAL (
    SELECT GREATEST(CAST(:starts_at AS timestamptz), CASE WHEN member.added_by IS NOT NULL
               THEN CAST(member.joined_on AS timestamp) AT TIME ZONE 'Asia/Jakarta' END) AS at
) AS begun
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
  AND member.joined_on <= :today AND (member.left_on IS NULL OR member.left_on > :today)
""")

# Open disputes (`under_dispute`), and up to when nothing counts against whom (`once_cleared`): what
# an officer has decided speaks of the time before it too.
SET_ASIDE = """
disputed AS (
    SELECT DISTINCT dispute.employee_id, dispute.official_account_id
    FROM disputes AS dispute
    WHERE dispute.tenant_id = :tenant_id AND dispute.campaign_id = :campaign_id
      AND dispute.duty_id = :duty_id AND dispute.filed_at <= :now
      AND NOT EXISTS (
          SELECT 1 FROM dispute_decisions AS decision
          WHERE decision.tenant_id = :tenant_id AND decision.dispute_id = dispute.id
            AND decision.decided_at <= :now)
), cleared AS (
    SELECT clearance.employee_id, clearance.official_account_id,
           max(clearance.cleared_at) AS cleared_at
    FROM verdict_clearances AS clearance
    WHERE clearance.tenant_id = :tenant_id AND clearance.campaign_id = :campaign_id
      AND clearance.duty_id = :duty_id
    GROUP BY clearance.employee_id, clearance.official_account_id
)"""


def lifted(found: str, *, cleared: str) -> str:
    """The verdict and the reason of a finding, where nobody may stand as `unmet`.

    A dispute speaks first, then what an officer has decided, then the time that is left.
    """
    why = f"""CASE WHEN {found}.verdict <> 'unmet' THEN NULL
            WHEN disputed.employee_id IS NOT NULL THEN 'disputed'
            WHEN {cleared} THEN 'dispute_upheld'
            WHEN NOT asked.due THEN 'not_due_yet' END"""
    return f"""CASE WHEN {why} IS NULL THEN {found}.verdict ELSE 'unknown' END,
       COALESCE({why}, {found}.reason)"""


async def ask(session: AsyncSession, moment: Moment) -> None:
    """Put into the temporary table `asked` who owes which duty, and what excuses or spares them."""
    campaign = moment.campaign
    await session.execute(text("DROP TABLE IF EXISTS asked"))
    await session.execute(text(STAGE))
    where = {
        **moment.where,
        "today": jakarta_day(moment.now),
        "day": jakarta_day(moment.at),
        "starts_at": campaign.starts_at,
        "grace": timedelta(hours=24 * campaign.grace_days),
        "granted": GRANTED,
    }
    await session.execute(ASK, where)
    await session.execute(text("ANALYZE asked"))
