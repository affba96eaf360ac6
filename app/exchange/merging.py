"""The set-based merges: staged rows into the registry, one statement for each step.

Each merge reads the temporary table `staged_rows (line, id, fields)` and counts what it did.
Rows that only the database can judge (an unknown unit, an unknown NIP) become faults first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.queries import ATTESTATION_DUE
from app.changes.kinds import ChangeKind
from app.changes.service import record_imported
from app.contacts import service as contacts
from app.contacts.sealing import Addresses, open_cell, required_keys
from app.core.clock import JAKARTA
from app.exchange.models import ImportKind
from app.settings import Settings
from app.work_units.service import rebuild_ancestors


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows were new, changed something, or changed nothing."""

    inserted: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class LateFault:
    """A row that the database rejects."""

    line: int
    column: str
    code: str
    message: str


UNKNOWN_UNITS = text("""
DELETE FROM staged_rows AS staged WHERE NOT EXISTS (
    SELECT 1 FROM work_units AS unit
    WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[4])
RETURNING line, 'unit_code', 'unknown_unit',
          'there is no work unit with this code; import the work units first'
""")

UNKNOWN_NIPS = text("""
DELETE FROM staged_rows AS staged WHERE NOT EXISTS (
    SELECT 1 FROM employee_nips AS known
    WHERE known.tenant_id = :tenant_id AND known.nip_hash = decode(staged.fields[1], 'hex')
      AND known.valid_to IS NULL)
RETURNING line, 'nip', 'unknown_employee',
          'no employee bears this NIP; import the employees first'
""")

# The parents that stay behind must stand in the file or in the registry; a rejected parent
# rejects its children, which is why the caller repeats this until nothing is deleted.
UNKNOWN_PARENTS = text("""
DELETE FROM staged_rows AS staged
WHERE staged.fields[3] IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM staged_rows AS parent WHERE parent.fields[1] = staged.fields[3])
  AND NOT EXISTS (SELECT 1 FROM work_units AS unit
                  WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[3])
RETURNING line, 'parent_code', 'unknown_parent',
          'there is no work unit with this code in the file or the registry'
""")

# Following parents upwards inside the file, a row that never arrives stands in a circle.
CIRCLES = text("""
WITH RECURSIVE arrived AS (
    SELECT line, fields[1] AS code FROM staged_rows AS top
    WHERE fields[3] IS NULL
       OR NOT EXISTS (SELECT 1 FROM staged_rows AS parent WHERE parent.fields[1] = top.fields[3])
    UNION
    SELECT staged.line, staged.fields[1] FROM staged_rows AS staged
    JOIN arrived ON staged.fields[3] = arrived.code
)
DELETE FROM staged_rows AS staged
WHERE NOT EXISTS (SELECT 1 FROM arrived WHERE arrived.line = staged.line)
RETURNING line, 'parent_code', 'cycle', 'the parents of this unit lead back to itself'
""")

# Nobody can have vouched for an account on a day that has not come.
FUTURE_ATTESTATIONS = text("""
DELETE FROM staged_rows AS staged WHERE CAST(staged.fields[5] AS date) > CAST(:today AS date)
RETURNING line, 'attested_on', 'future',
          'this day has not come yet; write the day on which the account was verified'
""")

LATE_CHECKS = {
    ImportKind.EMPLOYEES: (UNKNOWN_UNITS,),
    ImportKind.ACCOUNTS: (UNKNOWN_NIPS, FUTURE_ATTESTATIONS),
    ImportKind.WORK_UNITS: (UNKNOWN_PARENTS, CIRCLES),
}


async def reject_late(
    session: AsyncSession, tenant_id: UUID, kind: ImportKind, today: date
) -> list[LateFault]:
    """Take the rows out that can only be judged beside the registry or today, and say why."""
    faults: list[LateFault] = []
    for check in LATE_CHECKS[kind]:
        while True:
            rows = await session.execute(check, {"tenant_id": tenant_id, "today": today})
            rejected = [LateFault(*row) for row in rows]
            faults.extend(rejected)
            if not rejected or check is not UNKNOWN_PARENTS:
                break
    return faults


WORK_UNITS_INSERT = text("""
INSERT INTO work_units (tenant_id, id, code, name, ancestors)
SELECT CAST(:tenant_id AS uuid), staged.id, staged.fields[1], staged.fields[2], ARRAY[staged.id]
FROM staged_rows AS staged
WHERE NOT EXISTS (SELECT 1 FROM work_units AS unit
                  WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[1])
RETURNING id
""")

WORK_UNITS_CHANGE = text("""
UPDATE work_units AS unit
SET name = staged.fields[2], parent_id = parent.id, updated_at = :now,
    version = CASE WHEN unit.id = staged.id THEN 1 ELSE unit.version + 1 END
FROM staged_rows AS staged
LEFT JOIN work_units AS parent
       ON parent.tenant_id = :tenant_id AND parent.code = staged.fields[3]
WHERE unit.tenant_id = :tenant_id AND unit.code = staged.fields[1]
  AND (unit.name, unit.parent_id) IS DISTINCT FROM (staged.fields[2], parent.id)
RETURNING unit.id
""")

EMPLOYEES_CHANGE = text("""
UPDATE employees AS employee
SET name = staged.fields[2], category = staged.fields[3], unit_id = unit.id,
    position = COALESCE(staged.fields[5], employee.position), standing = staged.fields[6],
    updated_at = :now, version = employee.version + 1
FROM staged_rows AS staged
JOIN employee_nips AS nip
  ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
 AND nip.valid_to IS NULL
JOIN work_units AS unit ON unit.tenant_id = :tenant_id AND unit.code = staged.fields[4]
WHERE employee.tenant_id = :tenant_id AND employee.id = nip.employee_id
  AND (employee.name, employee.category, employee.unit_id, employee.position, employee.standing)
      IS DISTINCT FROM (staged.fields[2], staged.fields[3], unit.id,
                        COALESCE(staged.fields[5], employee.position), staged.fields[6])
RETURNING employee.id
""")

EMPLOYEES_INSERT = text("""
WITH newcomers AS (
    SELECT staged.id, staged.fields, unit.id AS unit_id
    FROM staged_rows AS staged
    JOIN work_units AS unit ON unit.tenant_id = :tenant_id AND unit.code = staged.fields[4]
    WHERE NOT EXISTS (
        SELECT 1 FROM employee_nips AS nip WHERE nip.tenant_id = :tenant_id
        AND nip.nip_hash = decode(staged.fields[1], 'hex') AND nip.valid_to IS NULL)
), inserted AS (
    INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, position,
                           declaration)
    SELECT CAST(:tenant_id AS uuid), id, fields[2], fields[3], fields[6], unit_id, fields[5],
           'not_asked'
    FROM newcomers
    RETURNING id
), numbered AS (
    INSERT INTO employee_nips (tenant_id, id, employee_id, nip_hash, key_id, sealed, valid_from)
    SELECT CAST(:tenant_id AS uuid), gen_random_uuid(), id, decode(fields[1], 'hex'),
           split_part(fields[9], ':', 1), decode(split_part(fields[9], ':', 2), 'base64'), :today
    FROM newcomers
)
SELECT id FROM inserted
""")

# An attestation holds from the last moment of its day, or from now while that day lasts.
ATTESTED_AT = """
    CASE WHEN CAST(staged.fields[5] AS date) = CAST(:today AS date) THEN CAST(:now AS timestamptz)
         ELSE CAST(CAST(staged.fields[5] AS date) + 1 AS timestamp) AT TIME ZONE 'Asia/Jakarta'
              - interval '1 microsecond' END"""

# An account that the employee has already is verified where the file brings an attestation; a
# later one leaves no gap while an earlier one still holds, as in `accounts.rules.verified_from`.
ACCOUNTS_VERIFY = text(f"""
UPDATE accounts AS account
SET state = 'verified', verified_by = :actor, updated_at = :now, version = account.version + 1,
    verified_at = CASE
        WHEN account.state = 'verified' AND {ATTESTED_AT} < {ATTESTATION_DUE}
        THEN account.verified_at ELSE {ATTESTED_AT} END,
    attested_at = GREATEST(account.attested_at, {ATTESTED_AT})
FROM staged_rows AS staged
JOIN employee_nips AS nip
  ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
 AND nip.valid_to IS NULL
WHERE account.tenant_id = :tenant_id AND account.employee_id = nip.employee_id
  AND account.platform = staged.fields[2] AND account.handle = staged.fields[3]
  AND staged.fields[5] IS NOT NULL
  AND account.state NOT IN ('contested', 'retired')
  AND (account.state <> 'verified' OR account.attested_at IS NULL
       OR account.attested_at < {ATTESTED_AT})
RETURNING account.id
""")  # noqa: S608 - Only the constant above is put into the statement.

# The first live claim on an account stands; whoever claims it after that needs verification.
ACCOUNTS_INSERT = text(f"""
WITH claims AS (
    SELECT staged.id, staged.line, nip.employee_id, staged.fields[2] AS platform,
           staged.fields[3] AS handle, staged.fields[4] AS platform_id,
           {ATTESTED_AT} AS verified_at
    FROM staged_rows AS staged
    JOIN employee_nips AS nip
      ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
     AND nip.valid_to IS NULL
    WHERE staged.fields[2] IS NOT NULL
), newcomers AS (
    SELECT * FROM claims AS claim
    WHERE NOT EXISTS (
        SELECT 1 FROM accounts AS own
        WHERE own.tenant_id = :tenant_id AND own.employee_id = claim.employee_id
          AND own.platform = claim.platform AND own.handle = claim.handle
          AND own.state <> 'retired')
), held AS (
    SELECT platform, handle, platform_id FROM accounts
    WHERE tenant_id = :tenant_id AND state NOT IN ('contested', 'retired')
), held_handles AS (
    SELECT DISTINCT platform, handle FROM held
), held_ids AS (
    SELECT DISTINCT platform, platform_id FROM held WHERE platform_id IS NOT NULL
), judged AS (
    SELECT newcomers.*,
        row_number() OVER (PARTITION BY newcomers.platform, newcomers.handle ORDER BY line) > 1
        OR (newcomers.platform_id IS NOT NULL
            AND row_number() OVER (PARTITION BY newcomers.platform, newcomers.platform_id
                                   ORDER BY line) > 1)
        OR held_handles.handle IS NOT NULL OR held_ids.platform_id IS NOT NULL AS contested
    FROM newcomers
    LEFT JOIN held_handles ON held_handles.platform = newcomers.platform
                          AND held_handles.handle = newcomers.handle
    LEFT JOIN held_ids ON held_ids.platform = newcomers.platform
                      AND held_ids.platform_id = newcomers.platform_id
)
INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, platform_id, state,
                      declared_at, verified_at, attested_at, verified_by)
SELECT CAST(:tenant_id AS uuid), id, employee_id, platform, handle, platform_id,
       CASE WHEN contested THEN 'contested' WHEN verified_at IS NULL THEN 'declared'
            ELSE 'verified' END,
       CAST(:now AS timestamptz), CASE WHEN contested THEN NULL ELSE verified_at END,
       CASE WHEN contested THEN NULL ELSE verified_at END,
       CASE WHEN contested OR verified_at IS NULL THEN NULL ELSE CAST(:actor AS text) END
FROM judged
RETURNING id
""")  # noqa: S608 - Only the constant above is put into the statement.

# A file takes no declaration back: "none" only fills a silence.
DECLARED_NONE = text("""
UPDATE employees AS employee
SET declaration = 'declared_none', updated_at = :now, version = employee.version + 1
FROM staged_rows AS staged
JOIN employee_nips AS nip
  ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
 AND nip.valid_to IS NULL
WHERE employee.tenant_id = :tenant_id AND employee.id = nip.employee_id
  AND staged.fields[2] IS NULL AND employee.declaration IN ('not_asked', 'undeclared')
RETURNING employee.id
""")

DECLARED = text("""
UPDATE employees AS employee
SET declaration = said.declaration, updated_at = :now, version = employee.version + 1
FROM (
    SELECT account.employee_id,
           CASE WHEN bool_or(account.state = 'verified') THEN 'verified' ELSE 'declared' END
               AS declaration
    FROM accounts AS account
    WHERE account.tenant_id = :tenant_id AND account.state <> 'retired'
      AND account.employee_id IN (
          SELECT nip.employee_id FROM staged_rows AS staged JOIN employee_nips AS nip
          ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
          AND nip.valid_to IS NULL)
    GROUP BY account.employee_id
) AS said
WHERE employee.tenant_id = :tenant_id AND employee.id = said.employee_id
  AND employee.declaration <> said.declaration
""")

# Only Python can open, compare and store addresses.
ADDRESSES = text("""
SELECT nip.employee_id, staged.fields[7] AS email, staged.fields[8] AS phone
FROM staged_rows AS staged
JOIN employee_nips AS nip
  ON nip.tenant_id = :tenant_id AND nip.nip_hash = decode(staged.fields[1], 'hex')
 AND nip.valid_to IS NULL
WHERE staged.fields[7] IS NOT NULL OR staged.fields[8] IS NOT NULL
""")


class Merge:
    """One import's merge: the parameters that every statement of it shares."""

    def __init__(
        self,
        session: AsyncSession,
        settings: Settings,
        tenant_id: UUID,
        import_id: UUID,
        actor: str,
        now: datetime,
    ) -> None:
        self._session = session
        self._settings = settings
        self._tenant_id = tenant_id
        self._import_id = import_id
        self._actor = actor
        self._now = now
        self._shared: dict[str, Any] = {
            "tenant_id": tenant_id,
            "actor": actor,
            "now": now,
            "today": now.astimezone(JAKARTA).date(),
        }

    async def run(self, kind: ImportKind) -> Merged:
        """Merge everything staged."""
        staged = await self._session.scalar(text("SELECT count(*) FROM staged_rows"))
        match kind:
            case ImportKind.WORK_UNITS:
                inserted, changed = await self._work_units()
            case ImportKind.EMPLOYEES:
                inserted, changed = await self._employees()
            case ImportKind.ACCOUNTS:
                inserted, changed = await self._accounts()
        return Merged(inserted, changed, (staged or 0) - inserted - changed)

    async def _ids(self, statement: TextClause) -> list[UUID]:
        return [row.id for row in await self._session.execute(statement, self._shared)]

    async def _recorded(self, kind: ChangeKind, subjects: Sequence[UUID]) -> int:
        await record_imported(
            self._session,
            kind,
            subjects,
            tenant_id=self._tenant_id,
            actor=self._actor,
            at=self._now,
            import_id=self._import_id,
        )
        return len(subjects)

    async def _work_units(self) -> tuple[int, int]:
        inserted = await self._ids(WORK_UNITS_INSERT)
        changed = set(await self._ids(WORK_UNITS_CHANGE)) - set(inserted)
        await rebuild_ancestors(self._session, self._tenant_id)
        return (
            await self._recorded(ChangeKind.WORK_UNIT_CREATED, inserted),
            await self._recorded(ChangeKind.WORK_UNIT_UPDATED, sorted(changed)),
        )

    async def _employees(self) -> tuple[int, int]:
        changed = await self._ids(EMPLOYEES_CHANGE)
        inserted = await self._ids(EMPLOYEES_INSERT)
        reached = await self._addresses()
        await self._recorded(ChangeKind.CONTACT_CHANGED, reached)
        await self._recorded(ChangeKind.EMPLOYEE_UPDATED, changed)
        touched = {*changed, *reached}.difference(inserted)
        return await self._recorded(ChangeKind.EMPLOYEE_CREATED, inserted), len(touched)

    async def _addresses(self) -> list[UUID]:
        """Whose addresses the file has changed."""
        rows = (await self._session.execute(ADDRESSES, self._shared)).all()
        if not rows:
            return []
        keys = required_keys(self._settings)

        def told(cell: str | None) -> str | None:
            return None if cell is None else open_cell(keys, self._tenant_id, cell)

        return await contacts.take_imported(
            self._session,
            keys,
            self._tenant_id,
            {row.employee_id: Addresses(told(row.email), told(row.phone)) for row in rows},
            actor=self._actor,
            now=self._now,
        )

    async def _accounts(self) -> tuple[int, int]:
        verified = await self._ids(ACCOUNTS_VERIFY)
        inserted = await self._ids(ACCOUNTS_INSERT)
        declared_none = await self._ids(DECLARED_NONE)
        await self._session.execute(DECLARED, self._shared)
        await self._recorded(ChangeKind.EMPLOYEE_UPDATED, declared_none)
        return (
            await self._recorded(ChangeKind.ACCOUNT_DECLARED, inserted),
            await self._recorded(ChangeKind.ACCOUNT_VERIFIED, verified) + len(declared_none),
        )
