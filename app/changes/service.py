"""Recording a change in the caller's transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

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
