"""Whom a unit is still waiting for: missing declarations, and nothing of verdicts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance.declaring import UNANSWERED
from app.core.paging import PageRequest
from app.identity.rules import Caller

WAITED_FOR = text("""
SELECT employee.id, employee.name, employee.unit_id, unit.name AS unit_name
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND verdict.duty_kind = 'declare' AND verdict.verdict = 'unmet'
  AND verdict.reason = ANY(:reasons)
  AND verdict.excuse IS NULL AND NOT verdict.disputed
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND (CAST(:after AS uuid) IS NULL OR employee.id > :after)
GROUP BY employee.id, employee.name, employee.unit_id, unit.name
ORDER BY employee.id LIMIT :limit
""")


async def declarations(
    session: AsyncSession, caller: Caller, campaign_id: UUID, wanted: PageRequest
) -> Sequence[Row[Any]]:
    """One page of members who have declared nothing of what was asked, and one row more."""
    found = await session.execute(
        WAITED_FOR,
        {
            "tenant_id": caller.tenant_id,
            "campaign_id": campaign_id,
            "root": caller.unit_id,
            "reasons": sorted(UNANSWERED),
            "after": wanted.after,
            "limit": wanted.limit + 1,
        },
    )
    return found.all()
