"""The people that a report lists, apart from its document: who is not confirmed, by unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance.queries import SHOWN, Asked
from app.employees.rules import mask_nip
from app.employees.sealing import opened_nip, registry_keys
from app.identity.rules import Caller
from app.identity.scopes import Scope

# Who may see people of a report, and have them put into one.
NEEDED = (Scope.COMPLIANCE_READ_PEOPLE, Scope.EMPLOYEES_READ)

KEEP = text(f"""
INSERT INTO report_people (tenant_id, report_id, position, employee_id, unit_id, duty_kind,
                           official_account_id, reason)
SELECT verdict.tenant_id, :report_id,
       row_number() OVER (ORDER BY unit.code, verdict.duty_kind, official.name,
                                   verdict.official_account_id, employee.name, employee.id),
       employee.id, unit.id, verdict.duty_kind, verdict.official_account_id, verdict.reason
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
LEFT JOIN official_accounts AS official
  ON official.tenant_id = verdict.tenant_id AND official.id = verdict.official_account_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND verdict.verdict = 'unmet' AND verdict.excuse IS NULL AND NOT verdict.disputed
  AND {SHOWN}
""")  # noqa: S608 - Only the constant of another module is put into the statement.

# A reply, a decision or an excuse that has come since counts for the person in every copy that is
# handed out from then on.
LISTED = text("""
SELECT person.employee_id, unit.code AS unit_code, unit.name AS unit_name, employee.name,
       nip.nip_hash, nip.key_id, nip.sealed,
       person.duty_kind, official.name AS official_account_name,
       official.platform AS official_account_platform, person.reason
FROM report_people AS person
JOIN reports AS report
  ON report.tenant_id = person.tenant_id AND report.id = person.report_id
JOIN employees AS employee
  ON employee.tenant_id = person.tenant_id AND employee.id = person.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = person.tenant_id AND unit.id = person.unit_id
LEFT JOIN employee_nips AS nip
  ON nip.tenant_id = person.tenant_id AND nip.employee_id = person.employee_id
 AND nip.valid_to IS NULL
LEFT JOIN official_accounts AS official
  ON official.tenant_id = person.tenant_id AND official.id = person.official_account_id
WHERE person.tenant_id = :tenant_id AND person.report_id = :report_id
  AND (person.official_account_id IS NULL
       OR person.official_account_id <> ALL(CAST(:paused AS uuid[])))
  AND NOT EXISTS (
      SELECT 1 FROM verdicts AS verdict
      WHERE verdict.tenant_id = person.tenant_id AND verdict.campaign_id = report.campaign_id
        AND verdict.employee_id = person.employee_id AND verdict.duty_kind = person.duty_kind
        AND verdict.official_account_id IS NOT DISTINCT FROM person.official_account_id
        AND (verdict.disputed OR verdict.excuse IS NOT NULL))
  AND NOT EXISTS (
      SELECT 1 FROM verdict_clearances AS cleared
      JOIN duties AS duty ON duty.tenant_id = cleared.tenant_id AND duty.id = cleared.duty_id
      WHERE cleared.tenant_id = person.tenant_id AND cleared.campaign_id = report.campaign_id
        AND cleared.employee_id = person.employee_id AND duty.kind = person.duty_kind
        AND cleared.official_account_id IS NOT DISTINCT FROM person.official_account_id
        AND cleared.cleared_at > report.known_at)
ORDER BY person.position
""")


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One line of the list; the NIP is masked unless the caller may read it."""

    unit_code: str
    unit_name: str
    nip: str
    name: str
    duty: str
    official_account: str
    platform: str | None
    reason: str
    employee_id: UUID


def may_list(caller: Caller) -> bool:
    """Whether a caller may see the people of reports."""
    return caller.unit_id is None and set(NEEDED) <= caller.scopes


async def keep(session: AsyncSession, asked: Asked, report_id: UUID) -> None:
    """Store who is not confirmed at this moment; excused and disputed people are left out."""
    await session.execute(KEEP, {**asked.where, "report_id": report_id})


async def listed(
    session: AsyncSession, caller: Caller, report_id: UUID, paused: Sequence[UUID]
) -> Sequence[ListedPerson]:
    """The people of a report in the order of their units, as this caller may see them.

    Nobody is named for an account that is `paused` today.
    """
    where = {"tenant_id": caller.tenant_id, "report_id": report_id, "paused": list(paused)}
    found = await session.execute(LISTED, where)
    masked = Scope.EMPLOYEES_READ_NIP not in caller.scopes

    def told(row: Row[Any]) -> str:
        # Nobody is without a NIP but who was given none yet.
        if row.nip_hash is None:
            return ""
        nip = opened_nip(registry_keys(session), caller.tenant_id, row)
        return mask_nip(nip) if masked else nip

    return [
        ListedPerson(
            row.unit_code,
            row.unit_name,
            told(row),
            row.name,
            row.duty_kind,
            row.official_account_name or "",
            row.official_account_platform,
            row.reason,
            row.employee_id,
        )
        for row in found
    ]
