"""Reading keys; every query starts at `visible_to`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.paging import PageRequest
from app.identity.models import ApiKey
from app.identity.rules import Caller


def visible_to(caller: Caller) -> Select[ApiKey]:
    """The keys of the caller's government."""
    return select(ApiKey).where(ApiKey.tenant_id == caller.tenant_id)


async def get(
    session: AsyncSession, caller: Caller, key_id: UUID, *, locked: bool = False
) -> ApiKey:
    """One key.

    Raises:
        NotFound: there is none.
    """
    found = visible_to(caller).where(ApiKey.id == key_id)
    key = await session.scalar(found.with_for_update() if locked else found)
    if key is None:
        raise NotFound
    return key


async def page(session: AsyncSession, caller: Caller, wanted: PageRequest) -> Sequence[ApiKey]:
    """One page and one row more, in order of id."""
    keys = visible_to(caller).order_by(ApiKey.id).limit(wanted.limit + 1)
    if wanted.after is not None:
        keys = keys.where(ApiKey.id > wanted.after)
    return (await session.scalars(keys)).all()


async def alive(
    session: AsyncSession, caller: Caller, client_id: UUID, now: datetime
) -> Sequence[ApiKey]:
    """The keys by which a client can call now, locked so that two rotations do not pass at once."""
    found = await session.scalars(
        visible_to(caller)
        .where(ApiKey.client_id == client_id, ApiKey.revoked_at.is_(None), ApiKey.expires_at > now)
        .with_for_update()
    )
    return found.all()
