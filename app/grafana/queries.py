"""Reading many official accounts in one statement each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.connections.models import Connection
from app.connections.queries import held_of
from app.connections.rules import ShownState, ends_at, shown_state
from app.grafana.rules import ConnectionState
from app.identity.rules import Caller
from app.observations.queries import SnapshotRange
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount

# The last published reading of each step; a step without one stays null: no interpolation.
SERIES = text("""
SELECT bucket, account.id AS official_account_id, account.name, account.platform,
       reading.followers_min, reading.followers_max, reading.precision, reading.observed_at
FROM official_accounts AS account
CROSS JOIN generate_series(CAST(:first AS timestamptz), CAST(:until AS timestamptz)
                           - interval '1 microsecond', CAST(:step AS interval)) AS bucket
LEFT JOIN LATERAL (
    SELECT followers_min, followers_max, precision, observed_at FROM count_snapshots AS seen
    WHERE seen.tenant_id = account.tenant_id AND seen.official_account_id = account.id
      AND NOT seen.suspicious AND seen.observed_at >= GREATEST(bucket, CAST(:since AS timestamptz))
      AND seen.observed_at < LEAST(bucket + CAST(:step AS interval), CAST(:until AS timestamptz))
    ORDER BY seen.observed_at DESC LIMIT 1
) AS reading ON true
WHERE account.tenant_id = :tenant_id AND account.id = ANY(:ids)
ORDER BY bucket, account.id
""")

POLLS = text("""
SELECT account.id AS official_account_id, account.name, account.platform,
       reading.followers_min, reading.followers_max, reading.observed_at,
       run.outcome, run.reason, run.finished_at, due.next_poll_at,
       tries.tries, tries.failures, listed.taken_at AS listed_at
FROM official_accounts AS account
LEFT JOIN due_polls AS due
  ON due.tenant_id = account.tenant_id AND due.official_account_id = account.id
LEFT JOIN LATERAL (
    SELECT followers_min, followers_max, observed_at FROM count_snapshots AS seen
    WHERE seen.tenant_id = account.tenant_id AND seen.official_account_id = account.id
      AND NOT seen.suspicious AND seen.observed_at <= :now
    ORDER BY seen.observed_at DESC LIMIT 1
) AS reading ON true
LEFT JOIN LATERAL (
    SELECT outcome, reason, finished_at FROM poll_runs AS tried
    WHERE tried.tenant_id = account.tenant_id AND tried.official_account_id = account.id
      AND tried.kind = 'count'
    ORDER BY tried.started_at DESC LIMIT 1
) AS run ON true
CROSS JOIN LATERAL (
    SELECT count(*) AS tries, count(*) FILTER (WHERE outcome <> 'ok') AS failures
    FROM poll_runs AS tried
    WHERE tried.tenant_id = account.tenant_id AND tried.official_account_id = account.id
      AND tried.kind = 'count' AND tried.started_at > CAST(:now AS timestamptz) - interval '1 day'
) AS tries
LEFT JOIN LATERAL (
    SELECT max(taken_at) AS taken_at FROM follower_lists AS list
    WHERE list.tenant_id = account.tenant_id AND list.official_account_id = account.id
      AND list.certificate = 'complete' AND list.taken_at <= :now
) AS listed ON true
WHERE account.tenant_id = :tenant_id AND account.active
ORDER BY account.id
""")


async def watched(
    session: AsyncSession, caller: Caller, official_account_id: UUID | None
) -> Sequence[OfficialAccount]:
    """The one official account that is asked for, or every one that is not switched off.

    Raises:
        NotFound: there is no such account in the caller's tenant.
    """
    if official_account_id is not None:
        return [await official_accounts.get(session, caller, official_account_id)]
    active = official_accounts.visible_to(caller).where(OfficialAccount.active)
    return (await session.scalars(active.order_by(OfficialAccount.id))).all()


async def series(
    session: AsyncSession, caller: Caller, ids: Sequence[UUID], wanted: SnapshotRange
) -> Sequence[Row[Any]]:
    """Every step of a range for each of these accounts, in the order of time."""
    rows = await session.execute(
        SERIES,
        {
            "tenant_id": caller.tenant_id,
            "ids": list(ids),
            "first": wanted.first,
            "since": wanted.since,
            "until": wanted.until,
            "step": timedelta(seconds=wanted.step or 0),
        },
    )
    return rows.all()


async def polls(session: AsyncSession, caller: Caller, now: datetime) -> Sequence[Row[Any]]:
    """How every official account is being read that is not switched off."""
    return (await session.execute(POLLS, {"tenant_id": caller.tenant_id, "now": now})).all()


async def running(session: AsyncSession, caller: Caller, now: datetime) -> Sequence[Campaign]:
    """The campaigns that have begun and are not over."""
    found = await session.scalars(
        select(Campaign)
        .where(
            Campaign.tenant_id == caller.tenant_id,
            Campaign.starts_at <= now,
            Campaign.ends_at > now,
        )
        .order_by(Campaign.id)
    )
    return found.all()


async def connections(
    session: AsyncSession, caller: Caller, now: datetime
) -> list[ConnectionState]:
    """Every connection of an official account."""
    found = await session.scalars(
        select(Connection).where(
            Connection.tenant_id == caller.tenant_id, Connection.official_account_id.is_not(None)
        )
    )
    return [
        ConnectionState(
            each.official_account_id,
            shown_state(held_of(each), now) is not ShownState.CONNECTED,
            ends_at(held_of(each)),
        )
        for each in found
        if each.official_account_id is not None
    ]
