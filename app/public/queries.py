"""Looking an account up among the official accounts of all governments."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.platforms.handles import NormalizedAccount

REGISTERED = text("""
SELECT tenant.name AS government, official.name, official.office_term_start,
       official.office_term_end
FROM official_accounts AS official
JOIN tenants AS tenant ON tenant.id = official.tenant_id
WHERE official.platform = :platform AND official.active
  AND (official.handle = :handle OR official.platform_id = :platform_id)
ORDER BY tenant.name, official.name
""")


async def registered(session: AsyncSession, wanted: NormalizedAccount) -> Sequence[Row[Any]]:
    """Where an account is registered as official: government, name and term of office."""
    where = {
        "platform": wanted.platform.value,
        "handle": wanted.handle,
        "platform_id": wanted.platform_id,
    }
    return (await session.execute(REGISTERED, where)).all()
