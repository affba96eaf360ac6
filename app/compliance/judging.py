"""Judging a whole campaign by sets: no person passes through this program.

The statements say what `rules.py` and `declaring.py` say of one person.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries as campaigns
from app.campaigns.models import Duty, DutyMode
from app.compliance.asking import SET_ASIDE, Moment, lifted
from app.compliance.rules import LISTS_APART, Reason
from app.compliance.weighing import JUDGE_FOLLOWS
from app.core.clock import jakarta_day
from app.observations.findable import keyed_by_id
from app.observations.memberships import in_duty
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from app.platforms.catalog import CAPABILITIES

LISTS_CONSIDERED = 20

# `_held_as`: 1 declared, 2 contested, 3 unproven, 4 nothing. Each ask is met by the best account on
# its platforms, and the duty by the worst of its asks; but what is lacking on one platform is
# lacking, however the open questions elsewhere are answered. Retired accounts are none.
JUDGE_DECLARATIONS = text(f"""
INSERT INTO judged (employee_id, duty_id, duty_kind, official_account_id, account_id,
                    verdict, reason, basis, evidence_ids, excuse)
WITH {SET_ASIDE}, held AS MATERIALIZED (
    SELECT account.employee_id, account.id, account.platform,
           CASE account.state WHEN 'contested' THEN 2
                WHEN 'missing' THEN 3 WHEN 'suspended' THEN 3 WHEN 'deactivated' THEN 3
                ELSE 1 END AS rank
    FROM accounts AS account
    WHERE account.tenant_id = :tenant_id AND account.platform = ANY(CAST(:platforms AS text[]))
      AND account.state <> 'retired'
), answers AS (
    SELECT held.employee_id, min(held.rank) AS rank
    FROM held
    GROUP BY held.employee_id, CASE WHEN CAST(:each AS boolean) THEN held.platform END
), answered AS (
    SELECT answers.employee_id, count(*) AS asks, max(answers.rank) AS worst,
           bool_or(answers.rank = 2) AS contested
    FROM answers GROUP BY answers.employee_id
), found AS (
    SELECT asked.*, reached.*, CASE reached.reason
               WHEN 'declared_account' THEN 'met' WHEN 'account_contested' THEN 'unknown'
               WHEN 'account_unverified' THEN 'unknown' WHEN 'never_checked' THEN 'unknown'
               ELSE 'unmet' END AS verdict
    FROM asked
    LEFT JOIN answered ON answered.employee_id = asked.employee_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN answered.asks = :asks THEN CASE
                   WHEN answered.contested THEN 'account_contested'
                   WHEN answered.worst = 3 THEN 'account_unverified'
                   ELSE 'declared_account' END
               ELSE CASE asked.declaration
                   WHEN 'not_asked' THEN 'never_checked' WHEN 'undeclared' THEN 'undeclared'
                   WHEN 'declared_none' THEN 'declared_none'
                   ELSE 'platform_undeclared' END
               END AS reason
    ) AS reached
    WHERE asked.duty_id = :duty_id
), evidence AS (
    SELECT held.employee_id, array_agg(held.id ORDER BY held.id) AS ids
    FROM held WHERE held.rank = 1 GROUP BY held.employee_id
)
SELECT asked.employee_id, asked.duty_id, 'declare', NULL, NULL,
       {lifted("asked", cleared="cleared.employee_id IS NOT NULL")},
       CASE WHEN asked.verdict = 'unknown' THEN 'none' ELSE 'declaration' END,
       CASE asked.verdict WHEN 'met' THEN evidence.ids WHEN 'unmet' THEN ARRAY[asked.duty_id]
            ELSE '{{}}' END,
       asked.excuse
FROM found AS asked
LEFT JOIN evidence ON evidence.employee_id = asked.employee_id
LEFT JOIN disputed ON disputed.employee_id = asked.employee_id
LEFT JOIN cleared ON cleared.employee_id = asked.employee_id
""")  # noqa: S608 - Only constants of the application are put into the statement.


async def judge_declarations(session: AsyncSession, moment: Moment, duty: Duty) -> None:
    """Put into `judged` whether each member has declared what the duty asks for."""
    platforms = duty.platforms or [platform.value for platform in Platform]
    each = duty.mode is DutyMode.EACH and bool(duty.platforms)
    where = {
        **moment.where,
        "duty_id": duty.id,
        "platforms": platforms,
        "each": each,
        "asks": len(set(platforms)) if each else 1,
    }
    where.pop("at")
    await session.execute(JUDGE_DECLARATIONS, where)


async def judge_follows(session: AsyncSession, moment: Moment, duty: Duty) -> None:
    """Put into `judged` whether each member follows the official accounts that the duty names."""
    stale_after = timedelta(days=moment.campaign.stale_after_days)
    for platform, official_account_ids in (await _owed(session, moment, duty)).items():
        can = CAPABILITIES[platform]
        where = {
            **moment.where,
            "duty_id": duty.id,
            "platform": platform.value,
            "official_account_ids": list(official_account_ids),
            "can_tell": can.owner_export or can.membership_pairs or can.membership_list,
            "keyed_by_id": keyed_by_id(platform),
            "considered": LISTS_CONSIDERED,
            "lists_apart": LISTS_APART,
            "oldest_fresh": moment.at - stale_after,
            "renewed_after": moment.at - stale_after / 2,
            "stale_after": stale_after,
            "reasons": [reason.value for reason in Reason],
        }
        await session.execute(JUDGE_FOLLOWS, where)


async def _owed(
    session: AsyncSession, moment: Moment, duty: Duty
) -> Mapping[Platform, Sequence[UUID]]:
    """Whom people owe a follow today: a paused account, or of an ended term, is left out."""
    campaign, today = moment.campaign, jakarta_day(moment.now)
    owed: dict[Platform, list[UUID]] = defaultdict(list)
    for each in await campaigns.official_account_ids(session, campaign.tenant_id, campaign.id):
        official = await session.get_one(OfficialAccount, (campaign.tenant_id, each))
        asked = not duty.platforms or official.platform in duty.platforms
        if asked and await in_duty(session, official, today):
            owed[official.platform].append(official.id)
    return owed
