"""The poll log: every run against a platform, what it came to, and when the same is due again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.rules import Caller
from app.jobs.schedule import CHECK_ACCOUNTS, CHECK_PAIRS, READ_FOLLOWER_LISTS
from app.observations.models import PollRun
from app.observations.rules import PollKind
from app.observations.schemas import PollRunOut
from app.platforms.base import Platform


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to; the counts are of accounts, or of a list's entries and matches."""

    kind: PollKind
    platform: Platform
    official_account_id: UUID | None
    slot: datetime
    started_at: datetime
    finished_at: datetime
    outcome: str
    reason: str = ""
    retry_at: datetime | None = None
    asked: int | None = None
    answered: int | None = None


def log_run(session: AsyncSession, tenant_id: UUID, run: Run) -> None:
    """Write a run into the poll log."""
    session.add(
        PollRun(
            tenant_id=tenant_id,
            kind=run.kind,
            platform=run.platform,
            official_account_id=run.official_account_id,
            slot=run.slot,
            started_at=run.started_at,
            finished_at=run.finished_at,
            outcome=run.outcome,
            reason=run.reason,
            retry_at=run.retry_at,
            asked=run.asked,
            answered=run.answered,
        )
    )


DUE_COUNTS = text("""
SELECT account.id, account.active, account.read_list, due.next_poll_at
FROM official_accounts AS account
LEFT JOIN due_polls AS due
  ON due.tenant_id = account.tenant_id AND due.official_account_id = account.id
WHERE account.tenant_id = :tenant_id AND account.id = ANY(:ids)
""")
DUE_CHECKS = text("""
SELECT platform, min(COALESCE(next_check_at, :now)) AS next_check_at FROM accounts
WHERE tenant_id = :tenant_id AND state NOT IN ('contested', 'retired') GROUP BY platform
""")


async def shown_runs(
    session: AsyncSession, caller: Caller, runs: Sequence[PollRun], *, now: datetime
) -> list[PollRunOut]:
    """Runs as the API answers them, each with the moment at which the same is asked again."""
    ids = list({run.official_account_id for run in runs if run.official_account_id is not None})
    where = {"tenant_id": caller.tenant_id}
    watched = {row.id: row for row in await session.execute(DUE_COUNTS, {**where, "ids": ids})}
    checks = {
        row.platform: row.next_check_at
        for row in await session.execute(DUE_CHECKS, {**where, "now": now})
    }

    def due(run: PollRun) -> datetime | None:
        account = watched.get(run.official_account_id)
        match run.kind:
            case PollKind.EXISTENCE:
                due_at = checks.get(run.platform)
                # A job looks once an hour for what is due.
                return None if due_at is None else CHECK_ACCOUNTS.next_after(max(due_at, now))
            case PollKind.COUNT:
                return account.next_poll_at if account else None
            case PollKind.PAIRS:
                return CHECK_PAIRS.next_after(now) if account and account.active else None
            case PollKind.LIST:
                read = account and account.active and account.read_list
                return READ_FOLLOWER_LISTS.next_after(now) if read else None

    return [_shown_run(run, due(run)) for run in runs]


def _shown_run(run: PollRun, next_due: datetime | None) -> PollRunOut:
    return PollRunOut(
        id=run.id,
        kind=run.kind,
        platform=run.platform,
        official_account_id=run.official_account_id,
        slot=run.slot,
        started_at=run.started_at,
        finished_at=run.finished_at,
        outcome=run.outcome,
        reason=run.reason,
        retry_at=run.retry_at,
        asked=run.asked,
        answered=run.answered,
        next_due=next_due,
    )
