"""Recording changes in the caller's transaction; nothing else writes to `changes`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes import chain
from app.changes.kinds import ChangeKind
from app.changes.models import Change


def record(
    session: AsyncSession,
    kind: ChangeKind,
    subject_id: UUID,
    *,
    tenant_id: UUID,
    actor: str,
    at: datetime,
    **facts: Any,
) -> None:
    """Write one change; `facts` holds ids, states and numbers, never personal data."""
    session.add(
        Change(
            tenant_id=tenant_id,
            kind=kind,
            subject_id=subject_id,
            actor=actor,
            at=at,
            facts=facts,
        )
    )
    chain.expect_changes(session, tenant_id)


TOUCHED = text("CREATE TEMP TABLE touched_subjects (kind text, id uuid) ON COMMIT DROP")
RECORD_TOUCHED = text("""
INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)
SELECT CAST(:tenant_id AS uuid), kind, id, :actor, CAST(:at AS timestamptz),
       jsonb_build_object('import_id', CAST(:import_id AS text))
FROM touched_subjects
""")


async def begin_touching(session: AsyncSession) -> None:
    """An empty temporary table `touched_subjects (kind, id)`, for changes of very many."""
    await session.execute(text("DROP TABLE IF EXISTS touched_subjects"))
    await session.execute(TOUCHED)


async def record_touched(
    session: AsyncSession, *, tenant_id: UUID, actor: str, at: datetime, import_id: UUID
) -> None:
    """Write one change for each row of `touched_subjects`, all of one import."""
    where = {"tenant_id": tenant_id, "actor": actor, "at": at, "import_id": str(import_id)}
    await session.execute(RECORD_TOUCHED, where)
    chain.expect_changes(session, tenant_id)
