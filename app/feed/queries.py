"""Reading changes in the order in which their transactions began, up to the oldest that runs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.feed.rules import Position

# The oldest transaction that still runs: whatever is older has ended, and nothing joins it.
HORIZON = text("SELECT CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text)")
CHANGES = text("""
SELECT CAST(change.transaction AS text) AS transaction, change.sequence, change.kind,
       change.subject_id, change.at
FROM changes AS change
WHERE change.tenant_id = :tenant_id
  AND change.transaction >= CAST(CAST(:transaction AS text) AS xid8)
  AND (change.transaction > CAST(CAST(:transaction AS text) AS xid8)
       OR change.sequence > :sequence)
  AND change.transaction < CAST(CAST(:horizon AS text) AS xid8)
  AND change.kind = ANY(CAST(:kinds AS text[]))
ORDER BY change.transaction, change.sequence LIMIT :limit
""")


async def horizon(session: AsyncSession) -> int:
    """The oldest transaction that still runs, or else the next one."""
    return int((await session.scalars(HORIZON)).one())


async def changes(
    session: AsyncSession,
    tenant_id: UUID,
    after: Position,
    *,
    horizon: int,
    kinds: Sequence[str],
    limit: int,
) -> Sequence[Row[Any]]:
    """Changes behind a position, of transactions older than `horizon`."""
    where = {
        "tenant_id": tenant_id,
        "transaction": str(after.transaction),
        "sequence": after.sequence,
        "horizon": str(horizon),
        "kinds": list(kinds),
        "limit": limit,
    }
    return (await session.execute(CHANGES, where)).all()
