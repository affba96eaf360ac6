"""Making tenants, keys and sign-in links; the secret is shown once and stored hashed."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.ids import new_id
from app.identity import queries
from app.identity.models import ApiKey, SignInLink, Tenant
from app.identity.rules import LIVE_PREFIX, PREFIX_SHOWN, hash_token, new_token
from app.identity.scopes import Scope

LINK_LIFETIME = timedelta(hours=12)


async def create_tenant(session: AsyncSession, *, slug: str, name: str) -> UUID:
    """A new government; call it in a system transaction."""
    tenant = Tenant(id=new_id(), slug=slug, name=name)
    session.add(tenant)
    await session.flush()
    return tenant.id


async def create_key(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    name: str,
    scopes: Iterable[Scope],
    expires_at: datetime,
    now: datetime,
    unit_id: UUID | None = None,
    token: str | None = None,
    actor: str = "operator",
) -> str:
    """A new API key of a new client; returns its secret, which nobody can read again."""
    token = token or new_token(LIVE_PREFIX)
    key_id = new_id()
    key = ApiKey(
        tenant_id=tenant_id,
        id=key_id,
        client_id=key_id,
        name=name,
        scopes=sorted(scopes),
        unit_id=unit_id,
        created_at=now,
        expires_at=expires_at,
        **_told_by(token),
    )
    session.add(key)
    record(session, ChangeKind.API_KEY_CREATED, key.id, tenant_id=tenant_id, actor=actor, at=now)
    await session.flush()
    return token


async def rotate_key(
    session: AsyncSession, old: ApiKey, *, expires_at: datetime, now: datetime, actor: str
) -> str:
    """The next key of the same client with the same rights; returns its secret."""
    token = new_token(LIVE_PREFIX)
    key = ApiKey(
        tenant_id=old.tenant_id,
        id=new_id(),
        client_id=old.client_id,
        name=old.name,
        scopes=old.scopes,
        unit_id=old.unit_id,
        created_at=now,
        expires_at=expires_at,
        **_told_by(token),
    )
    session.add(key)
    tenant_id = old.tenant_id
    record(session, ChangeKind.API_KEY_ROTATED, key.id, tenant_id=tenant_id, actor=actor, at=now)
    await session.flush()
    return token


async def give_every_scope(
    session: AsyncSession, tenant_id: UUID, token: str, *, now: datetime, actor: str = "operator"
) -> None:
    """Let a key do everything that there is to do by now; nothing happens if it may already."""
    key = await queries.key_of_token(session, tenant_id, token)
    if key is not None and set(key.scopes) != set(Scope):
        key.scopes = sorted(Scope)
        record(
            session, ChangeKind.API_KEY_UPDATED, key.id, tenant_id=tenant_id, actor=actor, at=now
        )


def _told_by(token: str) -> dict[str, Any]:
    """What is stored of a secret: the beginning by which people know it, and its hash."""
    return {"prefix": token[:PREFIX_SHOWN], "key_hash": hash_token(token)}


async def revoke_key(
    session: AsyncSession, tenant_id: UUID, prefix: str, *, now: datetime, actor: str = "operator"
) -> int:
    """Revoke the keys that begin with a shown prefix; returns how many there were."""
    revoked = await session.scalars(
        update(ApiKey)
        .where(ApiKey.tenant_id == tenant_id, ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    ids = list(revoked)
    for key_id in ids:
        record(
            session, ChangeKind.API_KEY_REVOKED, key_id, tenant_id=tenant_id, actor=actor, at=now
        )
    return len(ids)


async def create_sign_in_link(session: AsyncSession, key: ApiKey, *, now: datetime) -> str:
    """A token for a link that signs a browser in once, with the rights of a key."""
    secret = new_token("")
    session.add(
        SignInLink(
            tenant_id=key.tenant_id,
            token_hash=hash_token(secret),
            api_key_id=key.id,
            expires_at=now + LINK_LIFETIME,
        )
    )
    await session.flush()
    return secret
