"""Connecting an account: a consent is asked for, and the browser that returns is believed once."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.connections import queries
from app.connections.answers import Outcome
from app.connections.models import VERIFIER, Connection, ConnectionAttempt
from app.connections.rules import PASTED, ConnectionState, Subject, SubjectKind, matching
from app.connections.schemas import ConsentOut
from app.connections.sealing import sealed_pair
from app.connections.service import AccessMaker
from app.core.crypto import Keyring, KeyringUnusable, Place, Undecryptable, keys_of
from app.core.errors import Conflict, Invalid, NotFound
from app.core.ids import new_id
from app.core.logs import get_logger
from app.core.metrics import record_connection
from app.core.services import Services
from app.identity import queries as callers
from app.identity.rules import Caller, hash_token
from app.identity.scopes import Scope
from app.official_accounts import service as official_accounts
from app.platforms.access import Access
from app.platforms.base import CredentialsBad, Platform, PlatformError, RateLimited, Unavailable
from app.platforms.oauth import Identity, OAuth, Tokens
from app.platforms.oauth_catalog import OAUTHS, oauth_of

LIFETIME = timedelta(minutes=10)
LONGEST_STATE = 200
LONGEST_CODE = 2000
# Only YouTube answers a question about an employee's own account with the employee's consent.
CONSENT_PLATFORMS = frozenset({Platform.YOUTUBE})
SCOPES = {
    SubjectKind.OFFICIAL_ACCOUNT: Scope.OFFICIAL_ACCOUNTS_WRITE,
    SubjectKind.ACCOUNT: Scope.ACCOUNTS_WRITE,
}


class NotConnectable(Invalid):
    """Accounts of this kind on {platform} cannot be connected."""


class NotSetUp(Conflict):
    """Connecting accounts is not set up: {what}"""


class TokenWanted(Invalid):
    """Accounts on {platform} have no consent page: PUT an access token to this address."""


class OwnerUnclear(Conflict):
    """This account is contested or retired; nobody can consent for it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Tokens of a subject, who brought them, and whom they speak for."""

    caller: Caller
    subject: Subject
    platform: Platform
    tokens: Tokens
    identity: Identity


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt whose browser has come back in time."""

    attempt_id: UUID
    caller: Caller
    subject: Subject
    platform: Platform
    verifier: str = field(repr=False)


async def begin(
    services: Services, make_access: AccessMaker, caller: Caller, subject: Subject
) -> ConsentOut:
    """Where the account's owner gives consent.

    The state is bound to the caller, its tenant and the account, is good once and for ten minutes.

    Raises:
        NotFound: there is no such account.
        NotConnectable: its platform offers no such consent.
        OwnerUnclear: it is contested or retired.
        NotSetUp: keys or the app's credentials are missing.
    """
    now = services.clock.now()
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    async with services.database.transaction(caller.tenant_id) as session:
        owner = await queries.visible_owner(session, caller, subject)
        _require_connectable(owner, subject)
        keys, oauth = _set_up(services, make_access(owner.platform))
        await queries.drop_old_attempts(session, caller.tenant_id, now)
        attempt_id = new_id()
        session.add(
            ConnectionAttempt(
                tenant_id=caller.tenant_id,
                id=attempt_id,
                **_subject_columns(subject),
                state_hash=hash_token(state),
                platform=owner.platform,
                key_id=keys.current,
                verifier=keys.seal(verifier, Place(caller.tenant_id, attempt_id, VERIFIER)),
                caller_id=caller.id,
                expires_at=now + LIFETIME,
            )
        )
    return ConsentOut(authorize_url=oauth.authorize_url(state, verifier), expires_at=now + LIFETIME)


def _set_up(services: Services, access: Access) -> tuple[Keyring, OAuth]:
    try:
        return keys_of(services.settings), oauth_of(services.settings, access)
    except KeyringUnusable as missing:
        raise NotSetUp(what=str(missing)) from missing
    except CredentialsBad as missing:
        raise NotSetUp(what=missing.reason) from missing


def _require_connectable(owner: queries.Owner, subject: Subject) -> None:
    allowed = OAUTHS if subject.kind is SubjectKind.OFFICIAL_ACCOUNT else CONSENT_PLATFORMS
    if owner.platform in PASTED and subject.kind is SubjectKind.OFFICIAL_ACCOUNT:
        raise TokenWanted(platform=owner.platform.value)
    if owner.platform not in allowed:
        raise NotConnectable(platform=owner.platform.value)
    if not owner.open_to_consent:
        raise OwnerUnclear


def _subject_columns(subject: Subject) -> dict[str, UUID | None]:
    official = subject.kind is SubjectKind.OFFICIAL_ACCOUNT
    return {
        "official_account_id": subject.id if official else None,
        "account_id": None if official else subject.id,
    }


async def finish(
    services: Services,
    make_access: AccessMaker,
    *,
    state: str | None,
    code: str | None,
    error: str | None,
) -> Outcome:
    """What a browser that comes back leads to; nothing is stored unless it is `connected`."""
    platform = "unknown"
    try:
        keys = keys_of(services.settings)
        started = await _started(services, keys, state)
        if isinstance(started, Outcome):
            outcome = started
        else:
            platform = started.platform.value
            outcome = await _answered(services, make_access, keys, started, code, error)
    except (KeyringUnusable, Undecryptable):
        outcome = Outcome.NOT_SET_UP
    record_connection(platform=platform, outcome=outcome.value)
    get_logger().info(
        "connection attempt", action="connected", platform=platform, outcome=outcome.value
    )
    return outcome


async def _started(services: Services, keys: Keyring, state: str | None) -> Started | Outcome:
    """The attempt behind a state, used up from now on, whatever comes of it."""
    if state is None or len(state) > LONGEST_STATE:
        return Outcome.STATE_UNKNOWN
    now = services.clock.now()
    state_hash = hash_token(state)
    async with services.database.system() as session:
        tenant_id = await queries.tenant_of_state(session, state_hash)
    if tenant_id is None:
        return Outcome.STATE_UNKNOWN
    async with services.database.transaction(tenant_id) as session:
        attempt = await queries.take_attempt(session, tenant_id, state_hash)
        if attempt is None or attempt.expires_at <= now:
            return Outcome.STATE_UNKNOWN
        caller = await callers.caller_by_id(session, tenant_id, attempt.caller_id, now)
        subject = attempt.subject
        if caller is None or not await _still_may(session, caller, subject):
            return Outcome.CALLER_GONE
        place = Place(tenant_id, attempt.id, VERIFIER)
        verifier = keys.open(attempt.verifier, place, attempt.key_id)
        return Started(attempt.id, caller, subject, attempt.platform, verifier)


async def _still_may(session: AsyncSession, caller: Caller, subject: Subject) -> bool:
    """Whether who began may go on: the person whose account it is, or an officer with the right."""
    owner = await queries.owner(session, caller.tenant_id, subject)
    if owner is None or not owner.open_to_consent:
        return False
    own = owner.employee_id is not None and owner.employee_id == caller.employee_id
    if own and Scope.ME_WRITE in caller.scopes:
        return True
    if SCOPES[subject.kind] not in caller.scopes:
        return False
    try:
        await queries.visible_owner(session, caller, subject)
    except NotFound:
        return False
    return True


async def _answered(
    services: Services,
    make_access: AccessMaker,
    keys: Keyring,
    started: Started,
    code: str | None,
    error: str | None,
) -> Outcome:
    if error is not None:
        return Outcome.DENIED
    if not code or len(code) > LONGEST_CODE:
        return Outcome.STATE_UNKNOWN
    access = make_access(started.platform)
    try:
        async with oauth_of(services.settings, access) as oauth:
            tokens = await oauth.exchange(code, started.verifier)
            found = await oauth.identities(tokens)
    except PlatformError as failure:
        passing = isinstance(failure, Unavailable | RateLimited)
        return Outcome.PLATFORM_DOWN if passing else Outcome.CODE_REFUSED
    finally:
        await access.aclose()
    return await _store(services, keys, started, tokens, found)


async def _store(
    services: Services,
    keys: Keyring,
    started: Started,
    tokens: Tokens,
    found: Sequence[Identity],
) -> Outcome:
    """Keep the tokens if they speak for the very account that was asked for."""
    caller, subject = started.caller, started.subject
    now = services.clock.now()
    async with services.database.transaction(caller.tenant_id) as session:
        # While the platform was asked, everything may have been withdrawn, ended or corrected.
        if not await queries.end_attempt(session, caller.tenant_id, started.attempt_id):
            return Outcome.STATE_UNKNOWN
        alive = await callers.caller_by_id(session, caller.tenant_id, caller.id, now)
        if alive is None or not await _still_may(session, alive, subject):
            return Outcome.CALLER_GONE
        owner = await queries.owner(session, caller.tenant_id, subject)
        identity = matching(owner.wanted, found) if owner is not None else None
        if identity is None:
            return Outcome.OTHER_ACCOUNT
        grant = Grant(caller, subject, started.platform, tokens.speaking_as(identity), identity)
        await keep(session, keys, grant, now=now)
    return Outcome.CONNECTED


async def keep(session: AsyncSession, keys: Keyring, grant: Grant, *, now: datetime) -> None:
    """Store the tokens of a grant, sealed, in place of whatever the subject had before."""
    caller, subject = grant.caller, grant.subject
    values = _columns(keys, grant, now)
    await session.execute(
        insert(Connection)
        .values(tenant_id=caller.tenant_id, subject_id=subject.id, **values)
        .on_conflict_do_update(
            index_elements=["tenant_id", "subject_id"],
            # A refresh of the old pair that is under way must not overwrite the new one.
            set_={**values, "epoch": Connection.epoch + 1},
        )
    )
    await _learned(session, grant)
    record(
        session,
        ChangeKind.CONNECTION_CREATED,
        subject.id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        platform=grant.platform,
        subject=subject.kind,
    )


def _columns(keys: Keyring, grant: Grant, now: datetime) -> dict[str, Any]:
    subject, tokens = grant.subject, grant.tokens
    return {
        **_subject_columns(subject),
        **sealed_pair(keys, grant.caller.tenant_id, subject.id, tokens),
        "platform": grant.platform,
        "platform_id": grant.identity.platform_id,
        "state": ConnectionState.CONNECTED,
        "scopes": list(tokens.scopes),
        "expires_at": tokens.expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
        "connected_at": now,
        "connected_by": grant.caller.actor,
        "renewed_at": now,
        "lease_until": None,
        "retry_at": None,
        "loss_reason": None,
    }


async def _learned(session: AsyncSession, grant: Grant) -> None:
    platform_id = grant.identity.platform_id
    if grant.subject.kind is SubjectKind.OFFICIAL_ACCOUNT and platform_id is not None:
        await official_accounts.learn_platform_id(
            session, grant.caller.tenant_id, grant.subject.id, platform_id
        )
