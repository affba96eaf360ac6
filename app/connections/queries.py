"""Reading connections, attempts, and the accounts that they belong to."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries as accounts
from app.accounts.models import Account
from app.accounts.rules import AccountState
from app.connections.models import Connection, ConnectionAttempt
from app.connections.rules import (
    ConnectionState,
    Held,
    Subject,
    SubjectKind,
    Wanted,
    consent_holds,
)
from app.identity.rules import Caller
from app.official_accounts import queries as official_accounts
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from app.platforms.oauth_catalog import OAUTHS

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that a connection belongs to, as far as connecting depends on it."""

    platform: Platform
    wanted: Wanted
    declared_at: datetime | None = None
    state: AccountState | None = None
    employee_id: UUID | None = None

    @property
    def open_to_consent(self) -> bool:
        """Whether a token may be asked for; a contested or retired account has no owner to ask."""
        return self.state not in {AccountState.CONTESTED, AccountState.RETIRED}

    def holds(self, connected_at: datetime) -> bool:
        """Whether a connection made then still belongs to this account."""
        return self.declared_at is None or consent_holds(
            connected_at=connected_at,
            declared_at=self.declared_at,
            retired=self.state is AccountState.RETIRED,
        )


async def visible_owner(session: AsyncSession, caller: Caller, subject: Subject) -> Owner:
    """The account, as far as the caller sees it.

    Raises:
        NotFound: there is none, or it is not visible.
    """
    if subject.kind is SubjectKind.OFFICIAL_ACCOUNT:
        official = await official_accounts.get(session, caller, subject.id)
        return Owner(official.platform, Wanted(official.handle, official.platform_id))
    account = await accounts.get(session, caller, subject.id)
    return Owner(
        account.platform,
        Wanted(account.handle, account.platform_id),
        account.declared_at,
        account.state,
        account.employee_id,
    )


async def owner(session: AsyncSession, tenant_id: UUID, subject: Subject) -> Owner | None:
    """The account, whoever asks; for workers."""
    if subject.kind is SubjectKind.OFFICIAL_ACCOUNT:
        official = await session.get(OfficialAccount, (tenant_id, subject.id))
        if official is None:
            return None
        return Owner(official.platform, Wanted(official.handle, official.platform_id))
    account = await session.get(Account, (tenant_id, subject.id))
    if account is None:
        return None
    wanted = Wanted(account.handle, account.platform_id)
    return Owner(account.platform, wanted, account.declared_at, account.state, account.employee_id)


async def of_subject(
    session: AsyncSession, tenant_id: UUID, subject: Subject, *, lock: bool = False
) -> Connection | None:
    """The connection of an account, locked until the transaction's end where it will change."""
    found = select(Connection).where(
        Connection.tenant_id == tenant_id, Connection.subject_id == subject.id
    )
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    connection = await session.scalar(found)
    # Ids are unique over both kinds, so another kind would be a mistake of the caller.
    return connection if connection is not None and connection.subject == subject else None


def held_of(connection: Connection) -> Held:
    """A connection as the rules see it."""
    # A pasted token comes from a platform without a way to renew it.
    kind = OAUTHS.get(connection.platform)
    return Held(
        state=connection.state,
        expires_at=connection.expires_at,
        refresh_expires_at=connection.refresh_expires_at,
        renewable=connection.refresh_token is not None,
        rotates=kind is not None and kind.rotates,
        long_lived=kind is not None and kind.long_lived,
        renewed_at=connection.renewed_at,
        lease_until=connection.lease_until,
        retry_at=connection.retry_at,
    )


async def alive(session: AsyncSession, tenant_id: UUID) -> Sequence[Connection]:
    """Every connection of a tenant that holds a token."""
    found = await session.scalars(
        select(Connection)
        .where(Connection.tenant_id == tenant_id, Connection.state != ConnectionState.NEEDS_REAUTH)
        .order_by(Connection.subject_id)
    )
    return found.all()


async def under_other_keys(
    session: AsyncSession, tenant_id: UUID, key_id: str, *, after: UUID, limit: int
) -> Sequence[Connection]:
    """Connections that another key has sealed, in order of id, locked."""
    found = await session.scalars(
        select(Connection)
        .where(
            Connection.tenant_id == tenant_id,
            Connection.key_id != key_id,
            Connection.subject_id > after,
        )
        .order_by(Connection.subject_id)
        .limit(limit)
        .with_for_update()
    )
    return found.all()


async def tenant_of_state(session: AsyncSession, state_hash: bytes) -> UUID | None:
    """Whose attempt a state belongs to, in a system transaction."""
    return await session.scalar(
        select(ConnectionAttempt.tenant_id).where(ConnectionAttempt.state_hash == state_hash)
    )


async def take_attempt(
    session: AsyncSession, tenant_id: UUID, state_hash: bytes
) -> ConnectionAttempt | None:
    """An attempt, its state used up by being taken: of two browsers with the same one gets it.

    The row stays until tokens are kept, so that a withdrawal finds it meanwhile.
    """
    return await session.scalar(
        update(ConnectionAttempt)
        .where(ConnectionAttempt.tenant_id == tenant_id, ConnectionAttempt.state_hash == state_hash)
        .values(state_hash=secrets.token_bytes(HASH_BYTES))
        .returning(ConnectionAttempt)
        .execution_options(synchronize_session=False)
    )


async def end_attempt(session: AsyncSession, tenant_id: UUID, attempt_id: UUID) -> bool:
    """Whether an attempt was still there, and not withdrawn since it was taken."""
    ended = await session.execute(
        delete(ConnectionAttempt)
        .where(ConnectionAttempt.tenant_id == tenant_id, ConnectionAttempt.id == attempt_id)
        .returning(ConnectionAttempt.id)
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None


async def drop_attempts(session: AsyncSession, tenant_id: UUID, subject: Subject) -> None:
    """Forget the attempts for an account that still wait for a browser."""
    await session.execute(
        delete(ConnectionAttempt)
        .where(
            ConnectionAttempt.tenant_id == tenant_id,
            (ConnectionAttempt.official_account_id == subject.id)
            | (ConnectionAttempt.account_id == subject.id),
        )
        .execution_options(synchronize_session=False)
    )


async def drop_old_attempts(session: AsyncSession, tenant_id: UUID, now: datetime) -> None:
    """Forget attempts that no browser has come back from in time."""
    await session.execute(
        delete(ConnectionAttempt)
        .where(ConnectionAttempt.tenant_id == tenant_id, ConnectionAttempt.expires_at <= now)
        .execution_options(synchronize_session=False)
    )
