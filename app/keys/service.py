"""Making, exchanging and revoking keys over HTTP, by who holds all that the key may do."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.db import Database
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.identity import service as identity
from app.identity.models import ApiKey
from app.identity.rules import Caller, hash_token
from app.identity.scopes import Scope
from app.keys import queries
from app.keys.rules import ALIVE_AT_MOST, LIFETIME, LONGEST, end_of, is_alive, not_held
from app.keys.schemas import ApiKeyIn, ApiKeyMade, ApiKeyOut, RotationIn
from app.work_units import queries as work_units

# Whoever reports a leak holds the key, and need not be known.
FINDER = "public:leak_report"


class ScopesNotHeld(Forbidden):
    """A key can be given only what its maker may do; the maker lacks {scopes}."""


class UnitUnknown(Invalid):
    """The work unit of the key does not exist."""


class EndsTooLate(Invalid):
    """A key ends in the future, and at the latest 366 days from now."""


class KeyDead(Conflict):
    """The key is revoked or has expired; make a new one."""


class TwoAlive(Conflict):
    """Two keys of this client are alive; revoke the older one first."""


async def make(
    session: AsyncSession, caller: Caller, body: ApiKeyIn, *, now: datetime
) -> ApiKeyMade:
    """A key of a new client.

    Raises:
        ScopesNotHeld: the caller would give more than it holds.
        UnitUnknown: there is no such unit.
        EndsTooLate: the key would live longer than a year, or not at all.
    """
    _require_held(caller, body.scopes)
    expires_at = _end(body.expires_at, LIFETIME, now)
    if body.unit_id is not None:
        try:
            await work_units.get(session, caller, body.unit_id)
        except NotFound as unknown:
            fault = FieldError("/body/unit_id", "unknown", "no such work unit")
            raise UnitUnknown(errors=[fault]) from unknown
    token = await identity.create_key(
        session,
        caller.tenant_id,
        name=body.name,
        scopes=body.scopes,
        expires_at=expires_at,
        now=now,
        unit_id=body.unit_id,
        actor=caller.actor,
    )
    return await _shown(session, caller, token)


async def rotate(
    session: AsyncSession, caller: Caller, key_id: UUID, body: RotationIn, *, now: datetime
) -> ApiKeyMade:
    """The next key of a client, with the same rights; the old one lives on beside it.

    Raises:
        NotFound: there is no such key.
        ScopesNotHeld: the caller would come to hold more than it does.
        KeyDead: the key opens nothing any more.
        TwoAlive: the client has changed over and has not given up its older key.
        EndsTooLate: the key would live longer than a year, or not at all.
    """
    old = await queries.get(session, caller, key_id, locked=True)
    _require_held(caller, old.scopes)
    if not is_alive(old.revoked_at, old.expires_at, now):
        raise KeyDead
    if len(await queries.alive(session, caller, old.client_id, now)) >= ALIVE_AT_MOST:
        raise TwoAlive
    expires_at = _end(body.expires_at, old.expires_at - old.created_at, now)
    token = await identity.rotate_key(
        session, old, expires_at=expires_at, now=now, actor=caller.actor
    )
    if body.old_ends_at is not None:
        old.expires_at = min(old.expires_at, max(body.old_ends_at, now))
    return await _shown(session, caller, token)


async def revoke(session: AsyncSession, caller: Caller, key_id: UUID, *, now: datetime) -> ApiKey:
    """Revoke a key; twice is as good as once.

    Raises:
        NotFound: there is no such key.
    """
    key = await queries.get(session, caller, key_id, locked=True)
    if key.revoked_at is None:
        key.revoked_at = now
        record(
            session,
            ChangeKind.API_KEY_REVOKED,
            key.id,
            tenant_id=caller.tenant_id,
            actor=caller.actor,
            at=now,
        )
    return key


async def report_leak(database: Database, token: str, *, now: datetime) -> None:
    """Revoke the key that somebody has found; nothing tells whether it was one."""
    async with database.system() as session:
        found = (
            await session.execute(
                select(ApiKey.tenant_id, ApiKey.id).where(ApiKey.key_hash == hash_token(token))
            )
        ).one_or_none()
    if found is None:
        return
    async with database.transaction(found.tenant_id) as session:
        key = await session.get(ApiKey, (found.tenant_id, found.id), with_for_update=True)
        if key is not None and is_alive(key.revoked_at, key.expires_at, now):
            key.revoked_at = now
            record(
                session,
                ChangeKind.API_KEY_LEAKED,
                key.id,
                tenant_id=key.tenant_id,
                actor=FINDER,
                at=now,
            )


def _require_held(caller: Caller, scopes: list[str] | list[Scope]) -> None:
    lacking = not_held(scopes, caller.scopes)
    if lacking:
        raise ScopesNotHeld(scopes=", ".join(lacking))


def _end(asked: datetime | None, lifetime: timedelta, now: datetime) -> datetime:
    expires_at = end_of(asked, lifetime, now)
    if not now < expires_at <= now + LONGEST:
        raise EndsTooLate(errors=[FieldError("/body/expires_at", "range", "within 366 days")])
    return expires_at


async def _shown(session: AsyncSession, caller: Caller, token: str) -> ApiKeyMade:
    key = await session.scalar(
        queries.visible_to(caller).where(ApiKey.key_hash == hash_token(token))
    )
    assert key is not None
    return ApiKeyMade(**ApiKeyOut.model_validate(key).model_dump(), token=token)
