"""Asking whether anything has changed since a moment, so that an answer may be given again."""

from dataclasses import dataclass
from uuid import UUID

from app.core.db import Database


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in a tenant's change log: which transactions were visible, and its last number."""

    snapshot: str
    sequence: int


# A number alone would miss a slower transaction that took a smaller one and committed later; the
# snapshot alone would miss what the asking transaction has itself written since.
SINCE = """
WITH mark AS (SELECT CAST(CAST($2 AS text) AS pg_snapshot) AS snapshot)
SELECT CAST(pg_current_snapshot() AS text) AS snapshot,
       COALESCE((SELECT max(sequence) FROM changes WHERE tenant_id = $1), 0) AS sequence,
       EXISTS (
           SELECT 1 FROM changes AS change
           WHERE change.tenant_id = $1 AND change.sequence > $3
             AND (change.kind NOT LIKE 'snapshot:%' OR change.subject_id = $4)
       ) OR EXISTS (
           SELECT 1 FROM changes AS change
           WHERE change.tenant_id = $1
             AND change.transaction >= (SELECT pg_snapshot_xmin(snapshot) FROM mark)
             AND NOT pg_visible_in_snapshot(change.transaction, (SELECT snapshot FROM mark))
             AND (change.kind NOT LIKE 'snapshot:%' OR change.subject_id = $4)
       ) AS changed
"""
# Before everything: no transaction is visible in it.
BEGINNING = Mark("1:1:", 0)


async def since(
    database: Database, tenant_id: UUID, mark: Mark, *, official_account_id: UUID
) -> tuple[Mark, bool]:
    """The mark of this moment, and whether anything that concerns an account came after `mark`.

    Counts of other official accounts do not concern it; every other change of the tenant does.
    Take the mark before the facts: what is committed in between then counts as later.
    """
    row = await database.glance(SINCE, tenant_id, mark.snapshot, mark.sequence, official_account_id)
    return Mark(row["snapshot"], row["sequence"]), row["changed"]
