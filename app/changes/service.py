"""Recording changes in the caller's transaction; nothing else writes to `changes`."""

from collections.abc import Sequence
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


ALIKE = text("""
INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)
SELECT CAST(:tenant_id AS uuid), :kind, subject, :actor, CAST(:at AS timestamptz),
       jsonb_build_object('import_id', CAST(:import_id AS text))
FROM unnest(CAST(:subjects AS uuid[])) AS subject
""")


async def record_imported(
    session: AsyncSession,
    kind: ChangeKind,
    subject_ids: Sequence[UUID],
    *,
    tenant_id: UUID,
    actor: str,
    at: datetime,
    import_id: UUID,
) -> None:
    """Write one change of a kind for each of many subjects that an import has touched."""
    if not subject_ids:
        return
    await session.execute(
        ALIKE,
        {
            "tenant_id": tenant_id,
            "kind": kind,
            "actor": actor,
            "at": at,
            "import_id": str(import_id),
            "subjects": list(subject_ids),
        },
    )
    chain.expect_changes(session, tenant_id)
