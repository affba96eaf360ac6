"""Reading the audit trail of a caller's own tenant."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.models import EntryKind

IDS_SHOWN = 200
CHANGES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What a trail is narrowed to; an employee: looks at them, and changes of them."""

    employee_id: UUID | None = None
    kind: EntryKind | None = None
    since: datetime | None = None
    not_by: str | None = None


# The index of looks leaves out those that told of nobody.
TRAIL = text(f"""
SELECT entry.sequence, entry.hash, entry.kind, entry.at, entry.actor, entry.operation,
       cardinality(entry.employee_ids) AS people,
       entry.employee_ids[1:{IDS_SHOWN}] AS employee_ids, entry.subject_id, entry.change_count
FROM audit_entries AS entry
WHERE entry.tenant_id = :tenant_id
  AND (CAST(:before AS bigint) IS NULL OR entry.sequence < :before)
  AND (CAST(:kind AS text) IS NULL OR entry.kind = :kind)
  AND (CAST(:since AS timestamptz) IS NULL OR entry.at >= :since)
  AND (CAST(:not_by AS text) IS NULL OR entry.actor <> :not_by)
  AND (CAST(:employee_id AS uuid) IS NULL OR entry.sequence IN (
      SELECT look.sequence FROM audit_entries AS look
      WHERE look.tenant_id = :tenant_id AND look.employee_ids <> '{{}}'
        AND look.employee_ids @> ARRAY[CAST(:employee_id AS uuid)]
      UNION ALL
      SELECT link.sequence FROM changes AS change
      JOIN audit_entries AS link
        ON link.tenant_id = change.tenant_id AND link.transaction = change.transaction
       AND change.sequence BETWEEN link.first_change AND link.last_change
      WHERE change.tenant_id = :tenant_id AND change.subject_id = :employee_id
      UNION ALL
      SELECT link.sequence FROM changes AS change
      JOIN audit_entries AS link
        ON link.tenant_id = change.tenant_id AND link.kind = 'adopted'
       AND change.sequence BETWEEN link.first_change AND link.last_change
      WHERE change.tenant_id = :tenant_id AND change.subject_id = :employee_id))
ORDER BY entry.sequence DESC LIMIT :limit
""")  # noqa: S608 - Only the constant above is put into the statement.
CHANGES = text(f"""
SELECT entry.sequence AS entry, change.sequence, change.kind, change.subject_id, change.actor,
       change.at, change.facts
FROM audit_entries AS entry
CROSS JOIN LATERAL (
    SELECT * FROM changes AS made
    WHERE made.tenant_id = entry.tenant_id
      AND made.sequence BETWEEN entry.first_change AND entry.last_change
      AND (entry.transaction IS NULL OR made.transaction = entry.transaction)
      AND (CAST(:employee_id AS uuid) IS NULL OR made.subject_id = :employee_id)
    ORDER BY made.sequence LIMIT {CHANGES_SHOWN}
) AS change
WHERE entry.tenant_id = :tenant_id AND entry.sequence = ANY(CAST(:entries AS bigint[]))
ORDER BY entry.sequence, change.sequence
""")  # noqa: S608 - Only the constant above is put into the statement.
LOOKS = text("""
SELECT entry.sequence, entry.kind, entry.at, entry.actor, entry.operation, entry.subject_id
FROM audit_entries AS entry
WHERE entry.tenant_id = :tenant_id AND entry.employee_ids <> '{}'
  AND entry.employee_ids @> ARRAY[CAST(:employee_id AS uuid)]
  AND (CAST(:before AS bigint) IS NULL OR entry.sequence < :before)
ORDER BY entry.sequence DESC LIMIT :limit
""")


async def trail(
    session: AsyncSession, tenant_id: UUID, chosen: TrailFilter, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Entries of the chain, newest first, from below the number `before`."""
    found = await session.execute(
        TRAIL,
        {
            "tenant_id": tenant_id,
            "before": before,
            "kind": chosen.kind,
            "since": chosen.since,
            "not_by": chosen.not_by,
            "employee_id": chosen.employee_id,
            "limit": limit,
        },
    )
    return found.all()


async def changes_of(
    session: AsyncSession, tenant_id: UUID, entries: Sequence[int], employee_id: UUID | None
) -> dict[int, list[Row[Any]]]:
    """The first changes that each entry covers, those of one employee where one is given."""
    where = {"tenant_id": tenant_id, "entries": list(entries), "employee_id": employee_id}
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in await session.execute(CHANGES, where):
        found[row.entry].append(row)
    return found


async def who_looked(
    session: AsyncSession, tenant_id: UUID, employee_id: UUID, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Every read and export that told of one employee, newest first, below the number `before`."""
    where = {
        "tenant_id": tenant_id,
        "employee_id": employee_id,
        "before": before,
        "limit": limit,
    }
    return (await session.execute(LOOKS, where)).all()
