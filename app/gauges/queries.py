"""Reading what the figures are made of: within one government, or from the coordination tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.rules import AccountState
from app.campaigns.models import Campaign
from app.connections.models import Connection
from app.gauges.models import TenantGauges
from app.gauges.rules import SHOWN_AFTER_END, AccountSeen, QueuedJobs
from app.identity.models import Tenant
from app.observations.rules import CertificateVerdict
from app.privacy.rules import LEFT

ACCOUNTS = text("""
SELECT account.id, account.platform, reading.followers_min, reading.observed_at,
       (SELECT max(taken_at) FROM follower_lists AS list
        WHERE list.tenant_id = account.tenant_id AND list.official_account_id = account.id
          AND list.certificate = :complete AND list.taken_at <= :now) AS listed_at,
       (SELECT list.certificate = :void FROM follower_lists AS list
        WHERE list.tenant_id = account.tenant_id AND list.official_account_id = account.id
          AND list.taken_at <= :now
        ORDER BY list.taken_at DESC, list.id DESC LIMIT 1) AS void
FROM official_accounts AS account
LEFT JOIN LATERAL (
    SELECT followers_min, observed_at FROM count_snapshots AS reading
    WHERE reading.tenant_id = account.tenant_id AND reading.official_account_id = account.id
      AND NOT reading.suspicious AND reading.observed_at <= :now
    ORDER BY reading.observed_at DESC LIMIT 1
) AS reading ON true
WHERE account.tenant_id = :tenant_id AND account.active
ORDER BY account.id
""")


async def accounts_seen(session: AsyncSession, tenant_id: UUID, now: datetime) -> list[AccountSeen]:
    """What is known of every official account that is not switched off."""
    where = {
        "tenant_id": tenant_id,
        "now": now,
        "complete": CertificateVerdict.COMPLETE.value,
        "void": CertificateVerdict.VOID.value,
    }
    return [
        AccountSeen(
            row.id,
            row.platform,
            row.followers_min,
            row.observed_at,
            row.listed_at,
            latest_list_is_void=bool(row.void),
        )
        for row in await session.execute(ACCOUNTS, where)
    ]


async def campaigns_shown(
    session: AsyncSession, tenant_id: UUID, now: datetime
) -> Sequence[Campaign]:
    """The campaigns that have begun, and have not been over for long."""
    found = await session.scalars(
        select(Campaign)
        .where(
            Campaign.tenant_id == tenant_id,
            Campaign.starts_at <= now,
            Campaign.ends_at > now - SHOWN_AFTER_END,
        )
        .order_by(Campaign.id)
    )
    return found.all()


async def employees_at_work(session: AsyncSession, tenant_id: UUID) -> int:
    """How many employees have not left."""
    found = await session.scalar(
        text(
            "SELECT count(*) FROM employees"
            " WHERE tenant_id = :tenant_id AND standing <> ALL(CAST(:left AS text[]))"
        ),
        {"tenant_id": tenant_id, "left": [each.value for each in LEFT]},
    )
    return int(found or 0)


async def accounts_by_platform(session: AsyncSession, tenant_id: UUID) -> dict[str, int]:
    """How many accounts are declared on each platform that anybody has declared one on."""
    rows = await session.execute(
        text(
            "SELECT platform, count(*) AS declared FROM accounts"
            " WHERE tenant_id = :tenant_id AND state <> :retired GROUP BY platform"
        ),
        {"tenant_id": tenant_id, "retired": AccountState.RETIRED.value},
    )
    return {row.platform: row.declared for row in rows}


async def official_connections(session: AsyncSession, tenant_id: UUID) -> Sequence[Connection]:
    """Every connection of an official account; those of employees are nobody else's business."""
    found = await session.scalars(
        select(Connection).where(
            Connection.tenant_id == tenant_id, Connection.official_account_id.is_not(None)
        )
    )
    return found.all()


async def requests_overdue(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    """How many requests of people about their data are answered too late already."""
    found = await session.scalar(
        text(
            "SELECT count(*) FROM subject_requests"
            " WHERE tenant_id = :tenant_id AND outcome IS NULL AND due_at < :now"
        ),
        {"tenant_id": tenant_id, "now": now},
    )
    return int(found or 0)


async def keep(
    session: AsyncSession, tenant_id: UUID, read_at: datetime, figures: Sequence[Any]
) -> None:
    """Write a government's figures over its last ones, unless those are later."""
    values = {"read_at": read_at, "figures": list(figures)}
    await session.execute(
        insert(TenantGauges)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id"], set_=values, where=TenantGauges.read_at <= read_at
        )
    )


async def read_before(session: AsyncSession, moment: datetime) -> Sequence[UUID]:
    """The governments whose figures were last read before a moment; in a system transaction."""
    found = await session.scalars(
        select(Tenant.id)
        .outerjoin(TenantGauges, TenantGauges.tenant_id == Tenant.id)
        .where(TenantGauges.read_at.is_(None) | (TenantGauges.read_at <= moment))
        .order_by(TenantGauges.read_at.asc().nulls_first(), Tenant.id)
    )
    return found.all()


async def last_figures(
    session: AsyncSession,
) -> Sequence[Row[str, datetime, datetime | None, list[Any] | None]]:
    """Every government's short name, when it was made, and its figures as they were last read."""
    found = await session.execute(
        select(Tenant.slug, Tenant.created_at, TenantGauges.read_at, TenantGauges.figures)
        .outerjoin(TenantGauges, TenantGauges.tenant_id == Tenant.id)
        .order_by(Tenant.slug)
    )
    return found.all()


# The queue keeps the database's time.
QUEUE = text("""
SELECT entrypoint,
       count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()) AS waiting,
       COALESCE(now() - min(execute_after)
                FILTER (WHERE status = 'queued' AND execute_after <= now()), interval '0')
           AS oldest,
       count(*) FILTER (WHERE status = 'failed') AS dead
FROM pgqueuer GROUP BY entrypoint
""")


async def queue(session: AsyncSession) -> dict[str, QueuedJobs]:
    """How the jobs of each kind stand that is in the queue."""
    return {
        row.entrypoint: QueuedJobs(row.waiting, max(row.oldest, timedelta(0)), row.dead)
        for row in await session.execute(QUEUE)
    }


async def polls_due(session: AsyncSession, now: datetime) -> tuple[int, datetime | None]:
    """How many counts are due that no worker holds, and since when the oldest is."""
    row = (
        await session.execute(
            text(
                "SELECT count(*) AS due, min(next_poll_at) AS oldest FROM due_polls"
                " WHERE next_poll_at <= :now AND (lease_until IS NULL OR lease_until < :now)"
            ),
            {"now": now},
        )
    ).one()
    return row.due, row.oldest


async def cron_fired(session: AsyncSession) -> dict[str, datetime]:
    """The last slot of every cron line that has fired of late."""
    rows = await session.execute(
        text("SELECT name, max(slot) AS slot FROM cron_slots GROUP BY name ORDER BY name")
    )
    return {row.name: row.slot for row in rows}
