"""Registering and changing official accounts, and keeping their place in the due table."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.errors import Conflict, FieldError, Invalid
from app.core.etags import require_version
from app.core.ids import new_id
from app.identity.rules import Caller
from app.official_accounts import queries
from app.official_accounts.models import DuePoll, OfficialAccount
from app.official_accounts.schemas import OfficialAccountIn
from app.platforms.base import Platform
from app.platforms.catalog import CAPABILITIES
from app.platforms.handles import HandleRefused, normalize


class OfficialAccountRefused(Invalid):
    """The text does not name an account."""


class OfficialAccountTaken(Conflict):
    """This official account is registered already."""


async def create(
    session: AsyncSession,
    caller: Caller,
    wanted: OfficialAccountIn,
    *,
    default_interval: int,
    now: datetime,
) -> OfficialAccount:
    """Register an official account; where its platform can be polled, it is due at once.

    Raises:
        OfficialAccountRefused: the text names no account.
        OfficialAccountTaken: it is registered already.
    """
    try:
        found = normalize(wanted.account, wanted.platform)
    except HandleRefused as refusal:
        raise OfficialAccountRefused(
            errors=[FieldError("/account", refusal.code, str(refusal))]
        ) from refusal
    taken = await session.scalar(
        queries.visible_to(caller).where(
            OfficialAccount.platform == found.platform, OfficialAccount.handle == found.handle
        )
    )
    if taken is not None:
        raise OfficialAccountTaken
    fields = wanted.model_dump(exclude={"account", "platform", "platform_id"})
    fields["poll_interval_seconds"] = wanted.poll_interval_seconds or default_interval
    if wanted.read_list is None:
        # Each page of X's list costs money, so somebody must want it.
        fields["read_list"] = found.platform is not Platform.X
    account = OfficialAccount(
        tenant_id=caller.tenant_id,
        id=new_id(),
        platform=found.platform,
        handle=found.handle,
        platform_id=wanted.platform_id or found.platform_id,
        **fields,
    )
    session.add(account)
    record(
        session,
        ChangeKind.OFFICIAL_ACCOUNT_CREATED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
    )
    await session.flush()
    await keep_due(session, account, now=now)
    await session.refresh(account)
    return account


async def edit(
    session: AsyncSession,
    caller: Caller,
    account_id: UUID,
    *,
    expected: int,
    now: datetime,
    changes: dict[str, Any],
) -> OfficialAccount:
    """Change an official account; an inactive one is no longer polled.

    Raises:
        NotFound: there is none.
        PreconditionFailed: it has changed meanwhile.
    """
    account = await queries.get(session, caller, account_id)
    require_version(account.version, expected)
    for name, value in changes.items():
        setattr(account, name, value)
    record(
        session,
        ChangeKind.OFFICIAL_ACCOUNT_UPDATED,
        account.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        fields=sorted(changes),
    )
    await session.flush()
    await keep_due(session, account, now=now)
    await session.refresh(account)
    return account


async def keep_due(session: AsyncSession, account: OfficialAccount, *, now: datetime) -> None:
    """Make the due table agree with the account."""
    if not (account.active and CAPABILITIES[account.platform].counts):
        due = await session.scalar(
            select(DuePoll).where(
                DuePoll.tenant_id == account.tenant_id, DuePoll.official_account_id == account.id
            )
        )
        if due is not None:
            await session.delete(due)
        return
    await session.execute(
        insert(DuePoll)
        .values(
            tenant_id=account.tenant_id,
            official_account_id=account.id,
            platform=account.platform,
            next_poll_at=now,
            interval_seconds=account.poll_interval_seconds,
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "official_account_id"],
            set_={"interval_seconds": account.poll_interval_seconds},
        )
    )


async def note_new_fact(session: AsyncSession, tenant_id: UUID, account_id: UUID) -> None:
    """Move the revision that remembered answers depend on, in the transaction of the fact."""
    await session.execute(
        update(OfficialAccount)
        .where(OfficialAccount.tenant_id == tenant_id, OfficialAccount.id == account_id)
        # The raw columns: a learned fact is no edit and must not move the ETag.
        .values(
            facts_revision=OfficialAccount.facts_revision + 1,
            updated_at=OfficialAccount.updated_at,
        )
        .execution_options(synchronize_session=False)
    )


async def learn_platform_id(
    session: AsyncSession, tenant_id: UUID, account_id: UUID, platform_id: str
) -> None:
    """Keep the stable id that a platform told for an account known by handle only."""
    await session.execute(
        update(OfficialAccount)
        .where(
            OfficialAccount.tenant_id == tenant_id,
            OfficialAccount.id == account_id,
            OfficialAccount.platform_id.is_(None),
        )
        .values(platform_id=platform_id)
        .execution_options(synchronize_session=False)
    )


FINISH = text("""
UPDATE due_polls SET lease_until = NULL, next_poll_at = :next_poll_at, failures = :failures
WHERE tenant_id = :tenant_id AND official_account_id = :official_account_id AND epoch = :epoch
RETURNING official_account_id
""")


async def finish_poll(
    session: AsyncSession,
    claim: queries.ClaimedPoll,
    *,
    next_poll_at: datetime,
    failures: int,
) -> bool:
    """Give a claimed account back; False where another worker has taken it over meanwhile.

    It runs in the transaction of the data that was polled, so a late worker's data is dropped.
    """
    finished = await session.execute(
        FINISH,
        {
            "tenant_id": claim.tenant_id,
            "official_account_id": claim.official_account_id,
            "epoch": claim.epoch,
            "next_poll_at": next_poll_at,
            "failures": failures,
        },
    )
    return finished.first() is not None
