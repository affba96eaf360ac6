"""Using, refreshing, showing and forgetting the tokens of connected accounts."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.budgets.rules import with_granted
from app.budgets.service import PostgresGate
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.connections import queries
from app.connections.models import Connection
from app.connections.rules import (
    ConnectionState,
    LossReason,
    RefreshOutcome,
    Step,
    Subject,
    Wanted,
    ends_at,
    loss_after,
    matching,
    next_step,
    outcome_of,
    retry_at,
    shown_state,
)
from app.connections.schemas import ConnectionOut
from app.connections.sealing import opened_tokens, sealed_pair
from app.core.crypto import Keyring, KeyringUnusable, Undecryptable, keys_of
from app.core.logs import get_logger
from app.core.metrics import record_token_refresh
from app.core.services import Services
from app.identity.rules import Caller
from app.platforms.access import Access, access_from
from app.platforms.base import Platform, PlatformError
from app.platforms.oauth import GrantRefused, OAuth, Tokens
from app.platforms.oauth_catalog import OAUTHS, oauth_of

# Longer than a refresh may take with all its requests, so that a live worker's lease holds.
LEASE = timedelta(seconds=120)
WAIT_SECONDS = 0.25
WAITS = 80
ACTOR = "worker:connections"
AccessMaker = Callable[[Platform], Access]
# The event loop itself keeps no task alive.
UNDER_WAY: set[asyncio.Task[str | None]] = set()


def access_maker(services: Services) -> AccessMaker:
    """How this process reaches a platform for its tokens, within the budgets of all workers."""
    granted = with_granted(services.settings.budgets)
    gate = PostgresGate(services.database, services.clock, granted)

    def make_access(platform: Platform) -> Access:
        return access_from(services.settings, platform, services.clock, gate)

    return make_access


async def show(
    session: AsyncSession, caller: Caller, subject: Subject, *, now: datetime
) -> ConnectionOut:
    """What people may know of an account's connection.

    Raises:
        NotFound: there is no such account, or it is not visible.
    """
    owner = await queries.visible_owner(session, caller, subject)
    connection = await queries.of_subject(session, caller.tenant_id, subject)
    if connection is not None and not owner.holds(connection.connected_at):
        connection = None
    held = queries.held_of(connection) if connection is not None else None
    return ConnectionOut(
        state=shown_state(held, now),
        platform=owner.platform,
        scopes=connection.scopes if connection else [],
        expires_at=ends_at(held) if held else None,
        connected_at=connection.connected_at if connection else None,
        connected_by=connection.connected_by if connection else None,
        loss_reason=connection.loss_reason if connection else None,
    )


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a connection said to do; the token is there while it is valid."""

    step: Step
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh that this worker alone may carry out, as long as the row has its epoch."""

    tenant_id: UUID
    subject: Subject
    platform: Platform
    wanted: Wanted
    epoch: int
    refresh_token: str = field(repr=False)


async def usable_token(
    services: Services, access: Access, tenant_id: UUID, subject: Subject, *, ahead: bool = False
) -> str | None:
    """A token to use now in the account's name, refreshed where it is about to end; None without.

    No connection is held while the platform is asked. With `ahead` it is renewed as early as the
    job that keeps tokens alive wants it.

    Raises:
        KeyringUnusable: the keys of stored tokens are not set.
        Undecryptable: the stored token is not this row's.
    """
    keys = keys_of(services.settings)
    for _ in range(WAITS):
        look = await _look(services, keys, tenant_id, subject, ahead=ahead)
        match look.step:
            case Step.USE | Step.DO_WITHOUT:
                return look.token
            case Step.WAIT:
                await asyncio.sleep(WAIT_SECONDS)
            case Step.REFRESH | Step.GIVE_UP:
                oauth = _oauth(services, access)
                if oauth is None:
                    return look.token
                claim = await _claim(services, keys, tenant_id, subject, ahead=ahead)
                if claim is not None:
                    return await _to_its_end(_refreshed(services, keys, oauth, claim)) or look.token
    return None


async def _to_its_end(refresh: Coroutine[None, None, str | None]) -> str | None:
    """A refresh that goes on where its waiter is called off: the new pair exists nowhere else."""
    task = asyncio.create_task(refresh)
    UNDER_WAY.add(task)
    task.add_done_callback(UNDER_WAY.discard)
    return await asyncio.shield(task)


def _oauth(services: Services, access: Access) -> OAuth | None:
    try:
        return oauth_of(services.settings, access)
    except PlatformError as error:
        # The app's settings are gone: the tokens stay as they are until they are back.
        _note(access.platform, RefreshOutcome.APP_REFUSED.value, error.reason)
        return None


async def _look(
    services: Services, keys: Keyring, tenant_id: UUID, subject: Subject, *, ahead: bool
) -> Look:
    now = services.clock.now()
    async with services.database.transaction(tenant_id) as session:
        connection = await queries.of_subject(session, tenant_id, subject)
        if connection is None:
            return Look(Step.DO_WITHOUT)
        owner = await queries.owner(session, tenant_id, subject)
        if owner is None or not owner.holds(connection.connected_at):
            return Look(Step.DO_WITHOUT)
        step = next_step(queries.held_of(connection), now, ahead=ahead)
        valid = connection.expires_at is None or connection.expires_at > now
        token, _ = opened_tokens(keys, connection)
    return Look(step, token if valid else None)


async def _claim(
    services: Services, keys: Keyring, tenant_id: UUID, subject: Subject, *, ahead: bool
) -> Refresh | None:
    """Mark the row as being refreshed, in one transaction; None where that is not the next step.

    A row whose worker is gone is given up here, where nobody else can be doing the same.
    """
    now = services.clock.now()
    async with services.database.transaction(tenant_id) as session:
        connection = await queries.of_subject(session, tenant_id, subject, lock=True)
        owner = await queries.owner(session, tenant_id, subject)
        if connection is None or owner is None:
            return None
        step = next_step(queries.held_of(connection), now, ahead=ahead)
        if step is Step.GIVE_UP:
            lose(session, connection, LossReason.LOST_WORKER, now=now)
        if step is not Step.REFRESH:
            return None
        # Opened before anything is marked: without its key, nothing must change.
        _, refresh_token = opened_tokens(keys, connection)
        assert refresh_token is not None
        connection.state = ConnectionState.REFRESHING
        connection.epoch += 1
        connection.lease_until = now + LEASE
        wanted = Wanted(owner.wanted.handle, connection.platform_id)
        platform, epoch = connection.platform, connection.epoch
    return Refresh(tenant_id, subject, platform, wanted, epoch, refresh_token)


async def _refreshed(services: Services, keys: Keyring, oauth: OAuth, claim: Refresh) -> str | None:
    """The new token; None where there is none, and the row says what became of it."""
    try:
        async with oauth:
            tokens = await _renewed(oauth, claim)
    except PlatformError as error:
        arrived = oauth.may_have_arrived(error)
        await _not_renewed(services, claim, error, outcome_of(error, may_have_arrived=arrived))
        return None
    return await _keep(services, keys, claim, tokens)


async def _renewed(oauth: OAuth, claim: Refresh) -> Tokens:
    tokens = await oauth.refresh(claim.refresh_token)
    if not oauth.by_person:
        return tokens
    identity = matching(claim.wanted, await oauth.identities(tokens))
    if identity is None:
        raise GrantRefused("the account is no longer managed by whoever consented")
    return tokens.speaking_as(identity)


async def _keep(services: Services, keys: Keyring, claim: Refresh, tokens: Tokens) -> str | None:
    now = services.clock.now()
    sealed = sealed_pair(keys, claim.tenant_id, claim.subject.id, tokens)
    async with services.database.transaction(claim.tenant_id) as session:
        kept = await _write(
            session,
            claim,
            **sealed,
            state=ConnectionState.CONNECTED,
            expires_at=tokens.expires_at,
            refresh_expires_at=tokens.refresh_expires_at,
            renewed_at=now,
            retry_at=None,
        )
    _note(claim.platform, RefreshOutcome.RENEWED.value if kept else "fenced", "")
    return tokens.access_token if kept else None


async def _not_renewed(
    services: Services, claim: Refresh, error: PlatformError, outcome: RefreshOutcome
) -> None:
    now = services.clock.now()
    loss = loss_after(outcome, rotates=OAUTHS[claim.platform].rotates)
    async with services.database.transaction(claim.tenant_id) as session:
        if loss is None:
            await _write(
                session,
                claim,
                state=ConnectionState.CONNECTED,
                retry_at=retry_at(error, now),
            )
        else:
            connection = await queries.of_subject(
                session, claim.tenant_id, claim.subject, lock=True
            )
            if connection is not None and connection.epoch == claim.epoch:
                lose(session, connection, loss, now=now)
    _note(claim.platform, outcome.value, error.reason)


async def _write(session: AsyncSession, claim: Refresh, **values: object) -> bool:
    """Whether the row still was this worker's, and now has these values."""
    written = await session.execute(
        update(Connection)
        .where(
            Connection.tenant_id == claim.tenant_id,
            Connection.subject_id == claim.subject.id,
            Connection.epoch == claim.epoch,
            Connection.state == ConnectionState.REFRESHING,
        )
        .values(lease_until=None, **values)
        .returning(Connection.subject_id)
        .execution_options(synchronize_session=False)
    )
    return written.first() is not None


def lose(
    session: AsyncSession, connection: Connection, reason: LossReason, *, now: datetime
) -> None:
    """Give a connection up: its tokens are forgotten, and its owner is needed again."""
    connection.state = ConnectionState.NEEDS_REAUTH
    connection.epoch += 1
    connection.access_token = connection.refresh_token = None
    connection.lease_until = connection.retry_at = None
    connection.loss_reason = reason
    record(
        session,
        ChangeKind.CONNECTION_LOST,
        connection.subject_id,
        tenant_id=connection.tenant_id,
        actor=ACTOR,
        at=now,
        platform=connection.platform,
        subject=connection.subject.kind,
        reason=reason,
    )


async def disconnect(
    services: Services, make_access: AccessMaker, caller: Caller, subject: Subject
) -> None:
    """Forget a connection and its pending attempts, then tell the platform, if it listens.

    Raises:
        NotFound: there is no such account, or it is not visible.
    """
    now = services.clock.now()
    async with services.database.transaction(caller.tenant_id) as session:
        owner = await queries.visible_owner(session, caller, subject)
        await queries.drop_attempts(session, caller.tenant_id, subject)
        connection = await queries.of_subject(session, caller.tenant_id, subject, lock=True)
        if connection is None:
            return
        token = _token_to_revoke(services, connection)
        await session.delete(connection)
        record(
            session,
            ChangeKind.CONNECTION_REMOVED,
            subject.id,
            tenant_id=caller.tenant_id,
            actor=caller.actor,
            at=now,
            platform=connection.platform,
            subject=subject.kind,
        )
    confirmed = token is not None and await _revoke(services, make_access(owner.platform), token)
    _note(owner.platform, "revoked" if confirmed else "forgotten", "")


async def platform_of(services: Services, tenant_id: UUID, subject: Subject) -> Platform | None:
    """The platform of an account that is connected; None where it is not."""
    async with services.database.transaction(tenant_id) as session:
        connection = await queries.of_subject(session, tenant_id, subject)
    return connection.platform if connection is not None else None


async def drop_ownerless(services: Services, tenant_id: UUID) -> None:
    """Forget attempts out of time, and tokens whose account was retired or corrected meanwhile."""
    now = services.clock.now()
    async with services.database.transaction(tenant_id) as session:
        await queries.drop_old_attempts(session, tenant_id, now)
        for connection in await queries.alive(session, tenant_id):
            owner = await queries.owner(session, tenant_id, connection.subject)
            if owner is not None and owner.holds(connection.connected_at):
                continue
            await session.delete(connection)
            record(
                session,
                ChangeKind.CONNECTION_REMOVED,
                connection.subject_id,
                tenant_id=tenant_id,
                actor=ACTOR,
                at=now,
                platform=connection.platform,
                subject=connection.subject.kind,
            )


async def subjects(services: Services, tenant_id: UUID) -> list[tuple[Subject, Platform]]:
    """Whatever of a tenant holds a token."""
    async with services.database.transaction(tenant_id) as session:
        found = await queries.alive(session, tenant_id)
        return [(each.subject, each.platform) for each in found]


def _token_to_revoke(services: Services, connection: Connection) -> str | None:
    # A withdrawal must not wait for a key: what cannot be read is forgotten unread.
    with suppress(KeyringUnusable, Undecryptable):
        access_token, refresh_token = opened_tokens(keys_of(services.settings), connection)
        return refresh_token or access_token
    return None


async def _revoke(services: Services, access: Access, token: str) -> bool:
    try:
        async with oauth_of(services.settings, access) as oauth:
            return await oauth.revoke(token)
    except PlatformError:
        return False
    finally:
        await access.aclose()


def _note(platform: Platform, outcome: str, reason: str) -> None:
    record_token_refresh(platform=platform.value, outcome=outcome)
    get_logger().info(
        "token refresh",
        action="token_refresh",
        platform=platform.value,
        outcome=outcome,
        reason=reason,
    )
