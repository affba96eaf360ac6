"""Reading campaigns and the facts that growth is counted from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import ATTESTATION_DUE
from app.campaigns.models import Campaign, CampaignOfficialAccount, Duty
from app.campaigns.rules import STALE_AFTER_DAYS
from app.core.clock import jakarta_day
from app.core.db import over_whole_tables
from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.observations.findable import could_hold, keyed_by_id
from app.platforms.base import Platform


def visible_to(caller: Caller) -> Select[Campaign]:
    """Campaigns address the whole government; what a caller sees of their members is narrower."""
    return select(Campaign).where(Campaign.tenant_id == caller.tenant_id)


async def get(session: AsyncSession, caller: Caller, campaign_id: UUID) -> Campaign:
    """One campaign.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    campaign = await session.scalar(visible_to(caller).where(Campaign.id == campaign_id))
    if campaign is None:
        raise NotFound
    return campaign


async def page(session: AsyncSession, caller: Caller, wanted: PageRequest) -> Sequence[Campaign]:
    """One page and one row more, in order of id."""
    campaigns = visible_to(caller).order_by(Campaign.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        campaigns = campaigns.where(Campaign.id > wanted.after)
    return (await session.scalars(campaigns)).all()


async def running(session: AsyncSession, tenant_id: UUID, now: datetime) -> Sequence[UUID]:
    """The campaigns of a tenant that have begun."""
    found = await session.scalars(
        select(Campaign.id)
        .where(Campaign.tenant_id == tenant_id, Campaign.starts_at <= now, Campaign.ends_at > now)
        .order_by(Campaign.id)
    )
    return found.all()


async def duties(session: AsyncSession, tenant_id: UUID, campaign_id: UUID) -> Sequence[Duty]:
    """A campaign's duties, in order of kind."""
    found = await session.scalars(
        select(Duty)
        .where(Duty.tenant_id == tenant_id, Duty.campaign_id == campaign_id)
        .order_by(Duty.kind)
    )
    return found.all()


async def official_account_ids(
    session: AsyncSession, tenant_id: UUID, campaign_id: UUID
) -> Sequence[UUID]:
    """The official accounts that a campaign names; the first is the one it reports by."""
    found = await session.scalars(
        select(CampaignOfficialAccount.official_account_id)
        .where(
            CampaignOfficialAccount.tenant_id == tenant_id,
            CampaignOfficialAccount.campaign_id == campaign_id,
        )
        .order_by(CampaignOfficialAccount.position)
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class CohortDrift:
    """How the government has moved since the cohort was frozen."""

    joiners: int
    leavers: int
    members: int


# Whom a cohort filter addresses today: everyone of these who has not left the government.
ADDRESSED = """
    SELECT employee.id FROM employees AS employee
    WHERE employee.tenant_id = :tenant_id
      AND employee.standing NOT IN ('retired', 'dismissed', 'left')
      AND (CAST(:categories AS text[]) = '{}' OR employee.category = ANY(:categories))
      AND (CAST(:unit_ids AS uuid[]) = '{}' OR EXISTS (
          SELECT 1 FROM work_units AS unit
          WHERE unit.tenant_id = :tenant_id AND unit.id = employee.unit_id
            AND unit.ancestors && CAST(:unit_ids AS uuid[])))
"""

DRIFT = text(f"""
WITH present AS ({ADDRESSED}), roster AS (
    SELECT employee_id AS id FROM campaign_members
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id AND left_on IS NULL
)
SELECT (SELECT count(*) FROM present WHERE id NOT IN (SELECT id FROM roster)) AS joiners,
       (SELECT count(*) FROM roster WHERE id NOT IN (SELECT id FROM present)) AS leavers,
       (SELECT count(*) FROM roster) AS members
""")  # noqa: S608 - Only the constant above is put into the statement.


def addressed(campaign: Campaign) -> dict[str, Any]:
    """What `ADDRESSED` asks for."""
    return {
        "tenant_id": campaign.tenant_id,
        "categories": campaign.cohort_filter["categories"],
        "unit_ids": [UUID(each) for each in campaign.cohort_filter["unit_ids"]],
    }


async def drift(session: AsyncSession, campaign: Campaign) -> CohortDrift:
    """Employees whom the filter would add to or drop from the roster today, and its size."""
    row = (await session.execute(DRIFT, {**addressed(campaign), "campaign_id": campaign.id})).one()
    return CohortDrift(row.joiners, row.leavers, row.members)


# The last published reading at or before each end; LATERAL, since DISTINCT ON reads everything.
ENDS = text("""
SELECT account.id, account.platform, account.name, account.facts_revision,
       baseline.followers_min AS baseline_min, baseline.followers_max AS baseline_max,
       baseline.precision AS baseline_precision, baseline.observed_at AS baseline_at,
       current.followers_min AS current_min, current.followers_max AS current_max,
       current.precision AS current_precision, current.observed_at AS current_at
FROM official_accounts AS account
LEFT JOIN LATERAL (
    SELECT * FROM count_snapshots AS snapshot
    WHERE snapshot.tenant_id = account.tenant_id
      AND snapshot.official_account_id = account.id
      AND NOT snapshot.suspicious AND snapshot.observed_at <= :since
    ORDER BY snapshot.observed_at DESC LIMIT 1
) AS baseline ON true
LEFT JOIN LATERAL (
    SELECT * FROM count_snapshots AS snapshot
    WHERE snapshot.tenant_id = account.tenant_id
      AND snapshot.official_account_id = account.id
      AND NOT snapshot.suspicious AND snapshot.observed_at <= :until
    ORDER BY snapshot.observed_at DESC LIMIT 1
) AS current ON true
WHERE account.tenant_id = :tenant_id AND account.id = :official_account_id
""")


async def ends(
    session: AsyncSession,
    caller: Caller,
    official_account_id: UUID,
    *,
    since: datetime,
    until: datetime,
) -> Row[Any]:
    """The readings that growth is counted between.

    Raises:
        NotFound: there is no such official account.
    """
    found = await session.execute(
        ENDS,
        {
            "tenant_id": caller.tenant_id,
            "official_account_id": official_account_id,
            "since": since,
            "until": until,
        },
    )
    row = found.first()
    if row is None:
        raise NotFound
    return row


# Of the people concerned: who has an account there, and what is known of when they followed.
MEMBERSHIP = text(f"""
WITH people AS (
    SELECT employee.id,
           employee.standing <> 'active' OR employee.id = ANY (ARRAY(
               SELECT excuse.employee_id FROM excuses AS excuse
               LEFT JOIN duties AS duty
                 ON duty.tenant_id = excuse.tenant_id AND duty.id = excuse.duty_id
               WHERE excuse.tenant_id = :tenant_id AND excuse.campaign_id = :campaign_id
                 AND (excuse.duty_id IS NULL OR duty.kind = 'follow')
                 AND (excuse.withdrawn_at IS NULL OR excuse.withdrawn_at > :until)
                 AND CAST(CAST(:until AS timestamptz) AT TIME ZONE 'Asia/Jakarta' AS date)
                     BETWEEN excuse.starts_on AND COALESCE(excuse.ends_on, 'infinity')
           )) AS excused
    FROM employees AS employee
    WHERE employee.tenant_id = :tenant_id
      AND (CAST(:campaign_id AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM campaign_members AS member
          WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
            AND member.employee_id = employee.id
            -- Who has left by then can neither add to the gain nor be expected to.
            AND (member.left_on IS NULL OR member.left_on > CAST(:until_day AS date))))
), proof AS (
    -- Absence is known of accounts verified before the earlier of two complete lists a day apart,
    -- and only of those that both could hold: the same rule by which compliance judges absence.
    SELECT earlier.taken_at,
           LEAST(COALESCE(earlier.matched_at, earlier.recorded_at),
                 COALESCE(later.matched_at, later.recorded_at)) AS matched_at,
           'platform_list' IN (earlier.source, later.source)
               OR CAST(:keyed_by_id AS boolean) AS by_platform_id,
           -- Absence of a handle is that of an account only while it is known to go by it.
           CASE WHEN CAST(:keyed_by_id AS boolean) THEN NULL
                WHEN later.source <> 'platform_list' THEN later.taken_at
                WHEN earlier.source <> 'platform_list' THEN earlier.taken_at
           END - make_interval(days => COALESCE(
               (SELECT campaign.stale_after_days FROM campaigns AS campaign
                WHERE campaign.tenant_id = :tenant_id AND campaign.id = :campaign_id),
               :stale_after_days)) AS named_so_since
    FROM follower_lists AS earlier
    JOIN follower_lists AS later
      ON later.tenant_id = earlier.tenant_id
     AND later.official_account_id = earlier.official_account_id
     AND later.taken_at >= earlier.taken_at + interval '24 hours'
    WHERE earlier.tenant_id = :tenant_id AND earlier.official_account_id = :official_account_id
      AND earlier.certificate = 'complete' AND later.certificate = 'complete'
      AND later.taken_at <= :until
    ORDER BY earlier.taken_at DESC, matched_at DESC LIMIT 1
), there AS (
    SELECT people.id, people.excused,
           bool_or(account.id IS NOT NULL) AS has_account,
           -- A corrected handle is another account: of what the one before it followed, nothing.
           COALESCE(bool_or(follow.known_from >= account.declared_at), false) AS follows,
           min(follow.began_at) AS began_at,
           min(follow.first_seen_at) AS first_seen_at,
           bool_and(COALESCE(
               follow.id IS NULL AND account.verified_at < proof.taken_at
               AND {could_hold(matched_at="proof.matched_at", of_ids="proof.by_platform_id")}
               AND account.state IN ('verified', 'private') AND account.unseen_since IS NULL
               AND (account.seen_since IS NULL OR account.seen_since < proof.taken_at)
               AND (account.attested_at IS NULL OR {ATTESTATION_DUE} > :until)
               AND (proof.named_so_since IS NULL
                    OR GREATEST(account.verified_at, account.attested_at, account.seen_since)
                       >= proof.named_so_since)
               AND people.id <> ALL (ARRAY(
                   SELECT cleared.employee_id FROM verdict_clearances AS cleared
                   CROSS JOIN proof AS latest
                   WHERE cleared.tenant_id = :tenant_id
                     AND cleared.official_account_id = :official_account_id
                     AND cleared.cleared_at >= latest.taken_at)), false)
           ) AS proven_absent
    FROM people
    LEFT JOIN accounts AS account
           ON account.tenant_id = :tenant_id AND account.employee_id = people.id
          AND account.platform = :platform AND account.state NOT IN ('contested', 'retired')
    LEFT JOIN follows AS follow
           ON follow.tenant_id = :tenant_id AND follow.account_id = account.id
          AND follow.official_account_id = :official_account_id
          AND follow.first_seen_at <= :until
          AND (follow.closed_at IS NULL OR follow.closed_at > :until)
    LEFT JOIN proof ON true
    GROUP BY people.id, people.excused
)
SELECT count(*) AS people,
       count(*) FILTER (WHERE excused) AS excused,
       count(*) FILTER (WHERE has_account) AS concerned,
       count(*) FILTER (WHERE NOT has_account AND NOT excused) AS no_account,
       count(*) FILTER (WHERE began = 'inside') AS began_inside,
       count(*) FILTER (WHERE began = 'before') AS began_before,
       count(*) FILTER (WHERE began = 'unknown') AS began_unknown,
       count(*) FILTER (WHERE began = 'untold') AS membership_unknown,
       count(*) FILTER (WHERE began = 'before' AND NOT excused) AS unexcused_before,
       count(*) FILTER (WHERE began = 'unknown' AND NOT excused) AS unexcused_began_unknown,
       count(*) FILTER (WHERE began = 'untold' AND NOT excused) AS unexcused_membership_unknown
FROM (
    SELECT there.*,
           CASE WHEN follows AND (began_at < :since OR first_seen_at <= :since) THEN 'before'
                WHEN follows AND began_at >= :since THEN 'inside'
                WHEN follows THEN 'unknown'
                WHEN has_account AND NOT proven_absent THEN 'untold'
           END AS began
    FROM there
) AS there
""")  # noqa: S608 - Only the constant of another module is put into the statement.


async def membership(
    session: AsyncSession,
    caller: Caller,
    official_account_id: UUID,
    *,
    platform: str,
    campaign_id: UUID | None,
    since: datetime,
    until: datetime,
) -> Row[Any]:
    """How many of the cohort follow, since when, and of how many nothing is known."""
    where = {
        "tenant_id": caller.tenant_id,
        "official_account_id": official_account_id,
        "platform": platform,
        "keyed_by_id": keyed_by_id(Platform(platform)),
        "campaign_id": campaign_id,
        "stale_after_days": STALE_AFTER_DAYS,
        "since": since,
        "until": until,
        "until_day": jakarta_day(until),
    }
    async with over_whole_tables(session):
        return (await session.execute(MEMBERSHIP, where)).one()


# Facts may be dated ahead of a clock that lags, and become facts when it has caught up.
NEXT_FACT = text(f"""
SELECT LEAST(
    (SELECT min(observed_at) FROM count_snapshots
     WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
       AND observed_at > :moment),
    (SELECT min(taken_at) FROM follower_lists
     WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
       AND taken_at > :moment),
    (SELECT min(first_seen_at) FROM follows
     WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
       AND first_seen_at > :moment),
    (SELECT min(closed_at) FROM follows
     WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
       AND closed_at > :moment),
    -- Those who must be attested anew from then on.
    (SELECT min({ATTESTATION_DUE})
     FROM accounts AS account
     JOIN official_accounts AS official
       ON official.tenant_id = account.tenant_id AND official.id = :official_account_id
      AND official.platform = account.platform
     WHERE account.tenant_id = :tenant_id
       AND {ATTESTATION_DUE} > :moment))
""")  # noqa: S608 - Only the constant of another module is put into the statement.


async def next_fact(
    session: AsyncSession, tenant_id: UUID, official_account_id: UUID, moment: datetime
) -> datetime | None:
    """The earliest date after a moment that any fact about an official account bears."""
    found: datetime | None = await session.scalar(
        NEXT_FACT,
        {"tenant_id": tenant_id, "official_account_id": official_account_id, "moment": moment},
    )
    return found


# The last reading of each day and the baseline are enough for a pace, however often it is polled.
DAILY = text("""
SELECT DISTINCT ON (day) followers_min, followers_max, observed_at FROM (
    SELECT snapshot.*, date_trunc('day', observed_at AT TIME ZONE 'Asia/Jakarta') AS day
    FROM count_snapshots AS snapshot
    WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
      AND NOT suspicious AND observed_at <= :until
      AND observed_at >= COALESCE((
          SELECT max(before.observed_at) FROM count_snapshots AS before
          WHERE before.tenant_id = :tenant_id
            AND before.official_account_id = :official_account_id
            AND NOT before.suspicious AND before.observed_at <= :since), :since)
) AS reading
ORDER BY day, observed_at DESC
""")


async def daily_readings(
    session: AsyncSession,
    caller: Caller,
    official_account_id: UUID,
    *,
    since: datetime,
    until: datetime,
) -> Sequence[Row[Any]]:
    """The baseline and the last published reading of each day after it, oldest first."""
    found = await session.execute(
        DAILY,
        {
            "tenant_id": caller.tenant_id,
            "official_account_id": official_account_id,
            "since": since,
            "until": until,
        },
    )
    return found.all()


async def employees_matching(
    session: AsyncSession, tenant_id: UUID, categories: Sequence[str], unit_ids: Sequence[UUID]
) -> Sequence[UUID]:
    """Whom a cohort filter selects now, in order of id: everyone who has not left."""
    found = await session.execute(
        text(f"{ADDRESSED} ORDER BY employee.id"),
        {"tenant_id": tenant_id, "categories": list(categories), "unit_ids": list(unit_ids)},
    )
    return found.scalars().all()
