"""Reading official accounts, and claiming those that are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.official_accounts.models import DuePoll, OfficialAccount
from app.platforms.base import Platform


def visible_to(caller: Caller) -> Select[OfficialAccount]:
    """Official accounts belong to the whole government: every caller of it sees them."""
    return select(OfficialAccount).where(OfficialAccount.tenant_id == caller.tenant_id)


async def get(session: AsyncSession, caller: Caller, account_id: UUID) -> OfficialAccount:
    """One official account.

    Raises:
        NotFound: there is none in the caller's tenant.
    """
    account = await session.scalar(visible_to(caller).where(OfficialAccount.id == account_id))
    if account is None:
        raise NotFound
    return account


async def of_tenant(session: AsyncSession, tenant_id: UUID, account_id: UUID) -> OfficialAccount:
    """One official account of a government, whoever asks.

    Raises:
        NotFound: there is none.
    """
    account = await session.get(OfficialAccount, (tenant_id, account_id))
    if account is None:
        raise NotFound
    return account


async def page(
    session: AsyncSession, caller: Caller, wanted: PageRequest, platform: Platform | None
) -> Sequence[OfficialAccount]:
    """One page and one row more, in order of id."""
    accounts = visible_to(caller).order_by(OfficialAccount.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        accounts = accounts.where(OfficialAccount.id > wanted.after)
    if platform is not None:
        accounts = accounts.where(OfficialAccount.platform == platform)
    return (await session.scalars(accounts)).all()


async def active_of(
    session: AsyncSession, tenant_id: UUID, platform: Platform
) -> Sequence[OfficialAccount]:
    """A government's active accounts on a platform, in order of id."""
    found = await session.scalars(
        select(OfficialAccount)
        .where(
            OfficialAccount.tenant_id == tenant_id,
            OfficialAccount.platform == platform,
            OfficialAccount.active.is_(True),
        )
        .order_by(OfficialAccount.id)
    )
    return found.all()


async def active_on(
    session: AsyncSession, platforms: Sequence[Platform]
) -> Sequence[Row[UUID, UUID, bool]]:
    """Tenant, id and `read_list` of every active account there, in a system transaction."""
    found = await session.execute(
        select(OfficialAccount.tenant_id, OfficialAccount.id, OfficialAccount.read_list)
        .where(OfficialAccount.active.is_(True), OfficialAccount.platform.in_(platforms))
        .order_by(OfficialAccount.id)
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class ClaimedPoll:
    """A due account that this worker holds until its lease ends; `epoch` fences late writes."""

    tenant_id: UUID
    official_account_id: UUID
    platform: Platform
    handle: str
    platform_id: str | None
    due_at: datetime
    interval: timedelta
    epoch: int
    failures: int


# SKIP LOCKED lets any number of workers claim side by side without waiting for one another.
CLAIM = text("""
WITH due AS (
    SELECT tenant_id, official_account_id FROM due_polls
    WHERE platform = :platform AND next_poll_at <= :now
      AND (lease_until IS NULL OR lease_until < :now)
    ORDER BY next_poll_at LIMIT :batch FOR UPDATE SKIP LOCKED
)
UPDATE due_polls AS poll SET lease_until = :lease_until, epoch = poll.epoch + 1
FROM due, official_accounts AS account
WHERE poll.tenant_id = due.tenant_id AND poll.official_account_id = due.official_account_id
  AND account.tenant_id = due.tenant_id AND account.id = due.official_account_id
RETURNING poll.tenant_id, poll.official_account_id, account.handle, account.platform_id,
          poll.next_poll_at, poll.interval_seconds, poll.epoch, poll.failures
""")


async def is_polled(session: AsyncSession, account: OfficialAccount) -> bool:
    """Whether an account's count is read from its platform at all."""
    due = await session.get(DuePoll, (account.tenant_id, account.id))
    return due is not None


# Whoever asks for it by hand does not wait until it is due, but never takes it from a worker.
CLAIM_ONE = text("""
WITH wanted AS (
    SELECT tenant_id, official_account_id FROM due_polls
    WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id
      AND (lease_until IS NULL OR lease_until < :now)
    FOR UPDATE SKIP LOCKED
)
UPDATE due_polls AS poll SET lease_until = :lease_until, epoch = poll.epoch + 1
FROM wanted, official_accounts AS account
WHERE poll.tenant_id = wanted.tenant_id AND poll.official_account_id = wanted.official_account_id
  AND account.tenant_id = wanted.tenant_id AND account.id = wanted.official_account_id
RETURNING poll.tenant_id, poll.official_account_id, account.handle, account.platform_id,
          poll.next_poll_at, poll.interval_seconds, poll.epoch, poll.failures
""")


async def claim_one(
    session: AsyncSession, account: OfficialAccount, *, now: datetime, lease: timedelta
) -> ClaimedPoll | None:
    """Take hold of one account, due or not, in a system transaction; None where it is not free."""
    rows = await session.execute(
        CLAIM_ONE,
        {
            "tenant_id": account.tenant_id,
            "official_account_id": account.id,
            "now": now,
            "lease_until": now + lease,
        },
    )
    return next((_claimed(row, account.platform) for row in rows), None)


def _claimed(row: Row[Any], platform: Platform) -> ClaimedPoll:
    return ClaimedPoll(
        tenant_id=row.tenant_id,
        official_account_id=row.official_account_id,
        platform=platform,
        handle=row.handle,
        platform_id=row.platform_id,
        due_at=row.next_poll_at,
        interval=timedelta(seconds=row.interval_seconds),
        epoch=row.epoch,
        failures=row.failures,
    )


async def claim_due(
    session: AsyncSession, platform: Platform, *, now: datetime, lease: timedelta, batch: int
) -> list[ClaimedPoll]:
    """Take hold of up to `batch` due accounts of a platform, in a system transaction."""
    rows = await session.execute(
        CLAIM,
        {"platform": platform.value, "now": now, "lease_until": now + lease, "batch": batch},
    )
    return [_claimed(row, platform) for row in rows]


async def poll_now(session: AsyncSession, platform: Platform, *, now: datetime) -> None:
    """Have every account of a platform polled at once that waits beyond its own interval."""
    await session.execute(
        text(
            "UPDATE due_polls SET next_poll_at = :now WHERE platform = :platform"
            " AND next_poll_at"
            " > CAST(:now AS timestamptz) + make_interval(secs => interval_seconds)"
        ),
        {"platform": platform.value, "now": now},
    )
