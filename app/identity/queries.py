"""Finding callers and tenants."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import ApiKey, SignInLink, Tenant, User
from app.identity.rules import Caller, CallerKind, hash_token, office_of
from app.identity.scopes import Role, Scope

LAST_USED_PRECISION = timedelta(minutes=1)
KNOWN_SCOPES = frozenset(Scope)
# Whoever acts for a user who has gone on asks again after this long.
USER_REMEMBERED_FOR = timedelta(minutes=1)


def as_caller(key: ApiKey) -> Caller:
    known = frozenset(Scope(name) for name in key.scopes if name in KNOWN_SCOPES)
    return Caller(key.tenant_id, key.id, known, key.unit_id, key.expires_at)


def as_user(user: User, expires_at: datetime) -> Caller | None:
    """The caller that a user is until then; None where the office opens nothing any more."""
    roles = {user.role, Role.EMPLOYEE} if user.has_own_side else {user.role}
    office = office_of(roles, unit_id=user.unit_id, is_employee=user.employee_id is not None)
    if office is None:
        return None
    return Caller(
        user.tenant_id,
        user.id,
        office.scopes,
        office.unit_id,
        expires_at,
        CallerKind.USER,
        user.employee_id,
    )


async def caller_by_id(
    session: AsyncSession, tenant_id: UUID, caller_id: UUID, now: datetime
) -> Caller | None:
    """The caller who has asked for something before, if they may still ask; None otherwise."""
    key = await session.get(ApiKey, (tenant_id, caller_id))
    if key is not None:
        alive = key.revoked_at is None and key.expires_at > now
        return as_caller(key) if alive else None
    user = await session.get(User, (tenant_id, caller_id))
    return as_user(user, now + USER_REMEMBERED_FOR) if user is not None else None


async def caller_by_key(session: AsyncSession, key_hash: bytes, now: datetime) -> Caller | None:
    """The caller whose key has this hash; None when it is unknown, revoked or expired."""
    key = await session.scalar(
        select(ApiKey).where(
            ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now
        )
    )
    if key is None:
        return None
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION:
        await session.execute(update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=now))
    return as_caller(key)


async def key_of_token(session: AsyncSession, tenant_id: UUID, token: str) -> ApiKey | None:
    """The key whose secret this is, alive or not."""
    found = select(ApiKey).where(
        ApiKey.tenant_id == tenant_id, ApiKey.key_hash == hash_token(token)
    )
    return await session.scalar(found)


async def tenant_of_link(session: AsyncSession, token_hash: bytes) -> UUID | None:
    """The government that a link belongs to; None where there is no such link."""
    found = select(SignInLink.tenant_id).where(SignInLink.token_hash == token_hash)
    return await session.scalar(found)


async def sign_in_link(
    session: AsyncSession, token_hash: bytes, now: datetime
) -> SignInLink | None:
    """An unused, unexpired link, locked so that two browsers cannot both use it."""
    return await session.scalar(
        select(SignInLink)
        .where(
            SignInLink.token_hash == token_hash,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .with_for_update()
    )


async def all_tenants(session: AsyncSession) -> list[Tenant]:
    """Every tenant, oldest first; for the coordination of work, not for callers."""
    return list(await session.scalars(select(Tenant).order_by(Tenant.id)))


async def tenant_by_slug(session: AsyncSession, slug: str) -> UUID | None:
    """The id of a tenant."""
    return await session.scalar(select(Tenant.id).where(Tenant.slug == slug))


async def tenant_name(session: AsyncSession, tenant_id: UUID) -> str:
    """What a government is called."""
    return (await session.scalars(select(Tenant.name).where(Tenant.id == tenant_id))).one()


async def keys_of(session: AsyncSession, tenant_id: UUID) -> Sequence[ApiKey]:
    """Every key of a government, newest first; revoked and expired ones too."""
    found = await session.scalars(
        select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id.desc())
    )
    return found.all()
