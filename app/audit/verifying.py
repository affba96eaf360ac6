"""Reading a tenant's chain from the database and inspecting it, in memory that does not grow."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.rules import FAULTS_KEPT, Anchor, FaultKind, Head, Inspection, Link
from app.changes.chain import CHANGE_TEXT, ENTRY_TEXT
from app.core.db import driver_connection

ROWS_AT_ONCE = 500
# One statement sees one moment, so what is appended meanwhile breaks nothing. Two entries of one
# number are told apart by their hashes.
WALK = f"""
SELECT head.sequence AS head_sequence, head.previous AS head_previous, head.hash AS head_hash,
       entry.sequence, entry.previous, entry.hash, entry.change_count, entry.digest,
       CASE WHEN entry.sequence IS NOT NULL THEN {ENTRY_TEXT} END AS content,
       CASE WHEN change.sequence IS NOT NULL THEN {CHANGE_TEXT} END AS change
FROM (SELECT CAST($1 AS uuid) AS tenant_id) AS asked
LEFT JOIN audit_heads AS head ON head.tenant_id = asked.tenant_id
LEFT JOIN audit_entries AS entry ON entry.tenant_id = asked.tenant_id
LEFT JOIN changes AS change
       ON change.tenant_id = entry.tenant_id
      AND change.sequence BETWEEN entry.first_change AND entry.last_change
      AND (entry.transaction IS NULL OR change.transaction = entry.transaction)
ORDER BY entry.sequence, entry.hash, change.sequence
"""  # noqa: S608 - Only constants are put into the statement.
# A transaction's changes and their entry become visible together.
UNLINKED = """
SELECT change.sequence, count(*) OVER () AS found
FROM changes AS change
WHERE change.tenant_id = $1
  AND NOT EXISTS (
      SELECT 1 FROM audit_entries AS entry
      WHERE entry.tenant_id = change.tenant_id AND entry.transaction = change.transaction
        AND change.sequence BETWEEN entry.first_change AND entry.last_change)
  AND NOT EXISTS (
      SELECT 1 FROM audit_entries AS entry
      WHERE entry.tenant_id = change.tenant_id AND entry.kind = 'adopted'
        AND change.sequence BETWEEN entry.first_change AND entry.last_change)
ORDER BY change.sequence LIMIT $2
"""


async def verify(
    session: AsyncSession, tenant_id: UUID, anchors: Iterable[Anchor] = ()
) -> Inspection:
    """Walk a tenant's whole chain; anchors of other tenants are none of its."""
    found = Inspection(tenant_id, [each for each in anchors if each.tenant_id == tenant_id])
    connection = await driver_connection(session)
    head: Head | None = None
    walked: tuple[int, bytes] | None = None
    async for row in connection.cursor(WALK, tenant_id, prefetch=ROWS_AT_ONCE):
        if row["head_sequence"] is not None:
            head = Head(row["head_sequence"], row["head_previous"], row["head_hash"])
        if row["sequence"] is None:
            continue
        if walked != (row["sequence"], row["hash"]):
            walked = row["sequence"], row["hash"]
            found.begin(
                Link(
                    *walked[:1],
                    row["previous"],
                    row["hash"],
                    row["content"],
                    row["change_count"],
                    row["digest"],
                )
            )
        if row["change"] is not None:
            found.change(row["change"])
    found.end(head)
    unlinked = await connection.fetch(UNLINKED, tenant_id, FAULTS_KEPT)
    for row in unlinked:
        found.tell(FaultKind.CHANGE_UNLINKED, row["sequence"])
    found.fault_count += unlinked[0]["found"] - len(unlinked) if unlinked else 0
    return found
