"""Appending to a tenant's audit chain, as the last act of the transaction that is recorded.

PostgreSQL renders and hashes what is appended, and one statement moves the head: the lock on a
tenant's head is held from that statement to the commit, and a whole import costs one entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.models import EntryKind
from app.core.db import do_last, driver_connection

APPEND = "audit"
LOOKS = "simedsos.audit.looks"
CHANGED = "simedsos.audit.changed"

# Every column, as one text that does not depend on a session's settings. `verify` renders rows by
# the same two expressions, so they may never change for rows that exist.
CHANGE_TEXT = """
CAST(jsonb_build_array(
    change.tenant_id, change.sequence, CAST(change.transaction AS text), change.kind,
    change.subject_id, change.actor, CAST(extract(epoch FROM change.at) * 1000000 AS bigint),
    change.facts
) AS text)
"""
ENTRY_TEXT = """
CAST(jsonb_build_array(
    entry.tenant_id, entry.kind, CAST(extract(epoch FROM entry.at) * 1000000 AS bigint),
    entry.actor, entry.operation, to_jsonb(entry.employee_ids), entry.subject_id,
    CAST(entry.transaction AS text), entry.first_change, entry.last_change, entry.change_count,
    encode(entry.digest, 'hex')
) AS text)
"""
# What stands before the first entry; of each tenant its own, so that no chain fits another.
GENESIS = "sha256(convert_to('simedsos:audit:' || CAST(entry.tenant_id AS text), 'UTF8'))"

LOOK = """
WITH entry AS (
    SELECT CAST($1 AS uuid) AS tenant_id, CAST($2 AS varchar) AS kind,
           CAST($3 AS timestamptz) AS at, CAST($4 AS text) AS actor,
           CAST($5 AS text) AS operation, CAST($6 AS uuid[]) AS employee_ids,
           CAST($7 AS uuid) AS subject_id, CAST(NULL AS xid8) AS transaction,
           CAST(NULL AS bigint) AS first_change, CAST(NULL AS bigint) AS last_change,
           CAST(NULL AS bigint) AS change_count, CAST(NULL AS bytea) AS digest
)
"""
# A transaction inside another one shares its number, so what it has appended before is left out.
CHANGES = f"""
WITH made AS (
    SELECT count(*) AS change_count, min(sequence) AS first_change, max(sequence) AS last_change,
           max(at) AS at, min(actor) AS actor,
           sha256(string_agg(sha256(convert_to({CHANGE_TEXT}, 'UTF8')), CAST('' AS bytea)
                             ORDER BY sequence)) AS digest
    FROM changes AS change
    WHERE change.tenant_id = $1 AND change.transaction = pg_current_xact_id()
      AND change.sequence > COALESCE((
          SELECT max(before.last_change) FROM audit_entries AS before
          WHERE before.tenant_id = $1 AND before.transaction = pg_current_xact_id()), 0)
), entry AS (
    SELECT CAST($1 AS uuid) AS tenant_id, CAST('{EntryKind.CHANGE}' AS varchar) AS kind,
           at, actor, CAST(NULL AS text) AS operation, CAST('{{}}' AS uuid[]) AS employee_ids,
           CAST(NULL AS uuid) AS subject_id, pg_current_xact_id() AS transaction,
           first_change, last_change, change_count, digest
    FROM made WHERE change_count > 0
)
"""  # noqa: S608 - Only the constants above are put into the statement.
LINK = f""",
body AS MATERIALIZED (
    SELECT entry.*, {GENESIS} AS genesis, sha256(convert_to({ENTRY_TEXT}, 'UTF8')) AS content
    FROM entry
),
head AS (
    INSERT INTO audit_heads AS head (tenant_id, sequence, previous, hash)
    SELECT tenant_id, 1, genesis, sha256(genesis || int8send(1) || content) FROM body
    ON CONFLICT (tenant_id) DO UPDATE
    SET sequence = head.sequence + 1, previous = head.hash,
        hash = sha256(head.hash || int8send(head.sequence + 1) || (SELECT content FROM body))
    RETURNING sequence, previous, hash
)
INSERT INTO audit_entries (
    tenant_id, sequence, previous, hash, kind, at, actor, operation, employee_ids, subject_id,
    transaction, first_change, last_change, change_count, digest
)
SELECT body.tenant_id, head.sequence, head.previous, head.hash, body.kind, body.at, body.actor,
       body.operation, body.employee_ids, body.subject_id, body.transaction, body.first_change,
       body.last_change, body.change_count, body.digest
FROM head CROSS JOIN body
"""  # noqa: S608 - Only the constants above are put into the statement.


@dataclass(frozen=True, slots=True)
class Look:
    """A read or an export that told something of people: whose, by whom, through what."""

    kind: EntryKind
    operation: str
    actor: str
    at: datetime
    employee_ids: Sequence[UUID]
    subject_id: UUID | None = None


def expect_changes(session: AsyncSession, tenant_id: UUID) -> None:
    """Have the transaction's changes linked into the chain before it commits."""
    session.info[CHANGED] = True
    do_last(session, APPEND, partial(_append, session, tenant_id))


def note_look(session: AsyncSession, tenant_id: UUID, look: Look) -> None:
    """Have a look at people linked into the chain before the transaction commits."""
    session.info.setdefault(LOOKS, []).append(look)
    do_last(session, APPEND, partial(_append, session, tenant_id))


def noted_looks(session: AsyncSession) -> Sequence[Look]:
    """The looks that the transaction is going to link."""
    return tuple(session.info.get(LOOKS, ()))


async def _append(session: AsyncSession, tenant_id: UUID) -> None:
    await session.flush()
    connection = await driver_connection(session)
    if session.info.pop(CHANGED, False):
        await connection.fetch(CHANGES + LINK, tenant_id)
    for look in session.info.pop(LOOKS, ()):
        await connection.fetch(
            LOOK + LINK,
            tenant_id,
            look.kind.value,
            look.at,
            look.actor,
            look.operation,
            sorted(set(look.employee_ids)),
            look.subject_id,
        )
