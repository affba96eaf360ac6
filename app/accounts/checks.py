"""Checks of declared accounts: claiming those that are due, and keeping what a platform said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from app.accounts import queries
from app.accounts.models import Account, AccountCheck, AccountHandle
from app.accounts.rules import AccountState, Identity, finds, identify, state_after_check
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.ids import new_id
from app.platforms.base import Existence, ExistenceState, Platform
from app.platforms.handles import HandleRefused, normalize

ACTOR = "worker:checks"
# Half an hour short of a day, so that an hourly job finds it due at the same hour.
CHECK_EVERY = timedelta(hours=23, minutes=30)
CHECK_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ClaimedCheck:
    """A declared account that this worker may check until its lease ends."""

    account_id: UUID
    handle: str
    platform_id: str | None
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check; `told` is None where the platform told nothing."""

    claim: ClaimedCheck
    told: Existence | None
    next_check_at: datetime


# The lease stands in `next_check_at` itself: a worker that dies leaves the account due again.
CLAIM = text("""
WITH due AS (
    SELECT id FROM accounts
    WHERE tenant_id = :tenant_id AND platform = :platform
      AND state NOT IN ('contested', 'retired')
      AND (next_check_at IS NULL OR next_check_at <= :now)
    ORDER BY next_check_at NULLS FIRST, id LIMIT :batch FOR UPDATE SKIP LOCKED
)
UPDATE accounts AS account SET next_check_at = :lease_until FROM due
WHERE account.tenant_id = :tenant_id AND account.id = due.id
RETURNING account.id, account.handle, account.platform_id
""")


async def claim_due(
    session: AsyncSession,
    tenant_id: UUID,
    platform: Platform,
    *,
    now: datetime,
    lease: timedelta,
    batch: int,
) -> list[ClaimedCheck]:
    """Take hold of up to `batch` accounts of a platform that are due for a check."""
    until = now + lease
    rows = await session.execute(
        CLAIM,
        {
            "tenant_id": tenant_id,
            "platform": platform.value,
            "now": now,
            "lease_until": until,
            "batch": batch,
        },
    )
    return sorted(
        (ClaimedCheck(row.id, row.handle, row.platform_id, until) for row in rows),
        key=lambda claim: claim.account_id,
    )


POSTPONE = text("""
UPDATE accounts SET next_check_at = :until
WHERE tenant_id = :tenant_id AND platform = :platform AND state NOT IN ('contested', 'retired')
  AND (next_check_at IS NULL OR next_check_at < :until)
""")


async def postpone(
    session: AsyncSession, tenant_id: UUID, platform: Platform, until: datetime
) -> None:
    """Check no account of a platform before a moment, since it has asked for patience."""
    where = {"tenant_id": tenant_id, "platform": platform.value, "until": until}
    await session.execute(POSTPONE, where)


FENCE = text("""
SELECT id FROM accounts
WHERE tenant_id = :tenant_id AND id = :account_id AND next_check_at = :lease_until
  AND state NOT IN ('contested', 'retired')
FOR UPDATE
""")
RELEASE = text("""
UPDATE accounts SET next_check_at = :next_check_at,
                    last_checked_at = COALESCE(CAST(:checked_at AS timestamptz), last_checked_at)
WHERE tenant_id = :tenant_id AND id = :account_id
""")


async def record_checks(
    session: AsyncSession,
    tenant_id: UUID,
    platform: Platform,
    checks: Sequence[Checked],
    *,
    now: datetime,
) -> int:
    """Keep what was told and move the accounts by it; returns of how many any fact moved.

    A claim that another worker has taken over, or whose account was corrected meanwhile, is
    dropped. One account that cannot be written never keeps the others from being.
    """
    # Two batches may meet in one platform id: whoever comes second sees what the first has done.
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"checks:{tenant_id}:{platform}"},
    )
    moved = 0
    for check in checks:
        where = {"tenant_id": tenant_id, "account_id": check.claim.account_id}
        fence = {**where, "lease_until": check.claim.lease_until}
        if (await session.execute(FENCE, fence)).first() is None:
            continue
        next_check_at, checked_at = check.next_check_at, now if check.told else None
        try:
            async with session.begin_nested():
                moved += await _keep(session, tenant_id, check, now)
        except (DBAPIError, StaleDataError):
            # A declaration or edit of this moment stands in the way, or the platform told what no
            # column can hold; the others are written, and the next check tries again.
            next_check_at, checked_at = now + CHECK_AGAIN, None
        await session.execute(
            RELEASE, {**where, "next_check_at": next_check_at, "checked_at": checked_at}
        )
    return moved


async def _keep(session: AsyncSession, tenant_id: UUID, check: Checked, now: datetime) -> bool:
    """Write one check and its consequences; whether anything moved that verdicts rest on."""
    told = check.told
    if told is None:
        return False
    account = await session.get_one(
        Account, (tenant_id, check.claim.account_id), populate_existing=True
    )
    before, facts = account.state, _facts(account)
    session.add(
        AccountCheck(
            tenant_id=tenant_id,
            id=new_id(),
            account_id=account.id,
            checked_at=now,
            day=jakarta_day(now),
            state=told.state,
            source=told.source,
        )
    )
    await session.flush()
    if await _is_ours(session, account, told, now):
        await _follow_state(session, account, told, now)
    moved = _facts(account) != facts
    if moved:
        _announce(session, account, before, now)
    await session.flush()
    return moved


def _facts(account: Account) -> tuple[object, ...]:
    """What verdicts and growth rest on: they are to be judged anew when any of it moves."""
    return (account.state, account.platform_id, account.seen_since, account.unseen_since)


async def _is_ours(session: AsyncSession, account: Account, told: Existence, now: datetime) -> bool:
    """Learn the id and the handle that were told; False where they are contested."""
    handle = _plain(account.platform, told.handle)
    match identify(
        known_id=account.platform_id,
        handle=account.handle,
        told_id=told.platform_id,
        told_handle=handle,
    ):
        case Identity.SAME:
            return True
        case Identity.OTHER:
            account.state = AccountState.CONTESTED
            return False
        case Identity.LEARNT:
            ours = await _settled(session, account, account.handle, told.platform_id, now)
            account.platform_id, account.platform_id_since = told.platform_id, now
            return ours
        case Identity.RENAMED:
            assert handle is not None
            if not await _settled(session, account, handle, account.platform_id, now):
                return False
            _rename(session, account, handle, now)
            return True


def _plain(platform: Platform, handle: str | None) -> str | None:
    """A handle as accounts are declared; None where the platform told none that could be one."""
    try:
        return None if handle is None else normalize(handle, platform).handle
    except HandleRefused:
        return None


async def _settled(
    session: AsyncSession, account: Account, handle: str, platform_id: str | None, now: datetime
) -> bool:
    """Whether the account keeps its claim; of two live claims on one account the later waits."""
    rivals = await queries.live_claims(
        session,
        account.tenant_id,
        platform=account.platform,
        handle=handle,
        platform_id=platform_id,
    )
    mine = (account.declared_at, account.id)
    others = [each for each in rivals if each.id != account.id]
    if any((each.declared_at, each.id) < mine for each in others):
        account.state = AccountState.CONTESTED
        return False
    for each in others:
        before, each.state = each.state, AccountState.CONTESTED
        _announce(session, each, before, now)
    # The index on live claims must see the others gone before it sees this one's new name.
    await session.flush()
    return True


def _rename(session: AsyncSession, account: Account, handle: str, now: datetime) -> None:
    session.add(
        AccountHandle(
            tenant_id=account.tenant_id,
            account_id=account.id,
            held_until=now,
            handle=account.handle,
        )
    )
    account.handle = handle
    account.state = AccountState.RENAMED
    account.seen_since, account.unseen_since = now, None


async def _follow_state(
    session: AsyncSession, account: Account, told: Existence, now: datetime
) -> None:
    found = finds(told.state)
    # Once it was recognised, so it was renamed or changed hands, or cannot be told apart any more.
    lost = told.state is ExistenceState.AMBIGUOUS and account.platform_id is not None
    if found is False or lost:
        account.unseen_since = account.unseen_since or now
    elif found and account.unseen_since is not None:
        account.seen_since, account.unseen_since = now, None
    if account.state is AccountState.RENAMED and account.seen_since == now:
        return
    if found and account.state is AccountState.MISSING and told.platform_id is None:
        # A handle that was free for days may have passed to somebody else.
        account.verified_at = account.verified_by = None
    missed = told.state is ExistenceState.MISSING
    account.state = state_after_check(
        account.state,
        told.state,
        proven=account.verified_at is not None,
        missed_on=await queries.days_missed(session, account) if missed else (),
    )


def _announce(session: AsyncSession, account: Account, before: AccountState, now: datetime) -> None:
    contested = account.state is AccountState.CONTESTED
    record(
        session,
        ChangeKind.ACCOUNT_CONTESTED if contested else ChangeKind.ACCOUNT_CHECKED,
        account.id,
        tenant_id=account.tenant_id,
        actor=ACTOR,
        at=now,
        before=before,
        state=account.state,
    )
