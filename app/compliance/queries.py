"""Reading verdicts: recaps, lists of employees, one employee's evidence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.past import About
from app.compliance import counts
from app.compliance.counts import COUNTS
from app.compliance.rules import Reason, Verdict
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.official_accounts.models import OfficialAccount

# Of an official account that is paused nothing is told, from the first moment of its first day.
SHOWN = (
    "(verdict.official_account_id IS NULL"
    " OR verdict.official_account_id <> ALL(CAST(:paused AS uuid[])))"
)

SCOPE = f"""
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND {SHOWN}
"""

TOTALS = text(f"SELECT verdict.duty_kind, {COUNTS} {SCOPE} GROUP BY verdict.duty_kind ORDER BY 1")

REASONS = text(
    f"SELECT verdict.duty_kind, verdict.reason, count(*) AS people {SCOPE}"
    " AND verdict.excuse IS NULL GROUP BY 1, 2 ORDER BY 1, 3 DESC"
)

# A unit's numbers include those of the units below it, so each verdict counts for every ancestor.
BY_WORK_UNIT = text(f"""
SELECT above.id AS key, above.name, above.code, verdict.duty_kind, {COUNTS},
       cardinality(above.ancestors) AS depth
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
JOIN work_units AS above
  ON above.tenant_id = unit.tenant_id AND above.id = ANY(unit.ancestors)
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(above.ancestors))
  AND {SHOWN}
GROUP BY above.id, above.name, above.code, above.ancestors, verdict.duty_kind
ORDER BY depth, above.code, verdict.duty_kind
""")  # noqa: S608 - Only the constant above is put into the statement.

BY_CATEGORY = text(
    f"SELECT employee.category AS key, employee.category AS name, NULL AS code,"
    f" verdict.duty_kind, {COUNTS} {SCOPE} GROUP BY employee.category, verdict.duty_kind"
    " ORDER BY 1, 4"
)

BY_OFFICIAL_ACCOUNT = text(f"""
SELECT official.id AS key, official.name, NULL AS code, verdict.duty_kind, {COUNTS}
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
JOIN official_accounts AS official
  ON official.tenant_id = verdict.tenant_id AND official.id = verdict.official_account_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND {SHOWN}
GROUP BY official.id, official.name, verdict.duty_kind ORDER BY 2, 1
""")  # noqa: S608 - Only the constant above is put into the statement.

BY_PLATFORM = text(f"""
SELECT official.platform AS key, official.platform AS name, NULL AS code,
       verdict.duty_kind, {COUNTS}
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
JOIN official_accounts AS official
  ON official.tenant_id = verdict.tenant_id AND official.id = verdict.official_account_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND {SHOWN}
GROUP BY official.platform, verdict.duty_kind ORDER BY 1
""")  # noqa: S608 - Only the constant above is put into the statement.

RECAPS = {
    "work_unit": BY_WORK_UNIT,
    "category": BY_CATEGORY,
    "official_account": BY_OFFICIAL_ACCOUNT,
    "platform": BY_PLATFORM,
}


# People and not verdicts: who owes three follows is one person.
ABOUT_OFFICIAL = (
    "(SELECT official.{} FROM official_accounts AS official"
    " WHERE official.tenant_id = verdict.tenant_id AND official.id = verdict.official_account_id)"
)
PEOPLE = {
    by: text(
        f"SELECT CAST({key} AS text) AS key, verdict.duty_kind,"
        f" count(DISTINCT verdict.employee_id) AS people {SCOPE}"
        f" AND {key} IS NOT NULL GROUP BY 1, 2"
    )
    for by, key in {
        "category": "employee.category",
        "official_account": "verdict.official_account_id",
        "platform": ABOUT_OFFICIAL.format("platform"),
    }.items()
}

# Over the whole government, whoever asks: all must be shown the same numbers, or two of them
# could put theirs together.
UNIT_PEOPLE = text(f"""
SELECT employee.unit_id, verdict.duty_kind, count(DISTINCT verdict.employee_id) AS people {SCOPE}
GROUP BY 1, 2
""")
UNITS = text("SELECT id, parent_id FROM work_units WHERE tenant_id = :tenant_id")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks about which campaign, and of which paused accounts they are told nothing.

    `replayed` answers are of another moment than now: nothing that is kept up to date serves them.
    `counted` says that the counts kept beside the verdicts are current, and may be read instead.
    Nobody is named for an accusation that has been `lifted` since.
    """

    caller: Caller
    campaign_id: UUID
    paused: Sequence[UUID]
    replayed: bool = False
    counted: bool = False
    lifted: Collection[About] = ()

    @property
    def where(self) -> dict[str, Any]:
        return {
            "tenant_id": self.caller.tenant_id,
            "campaign_id": self.campaign_id,
            "root": self.caller.unit_id,
            "paused": list(self.paused),
        }


async def from_counts(session: AsyncSession, asked: Asked) -> Asked:
    """The same question, to be answered from the counts that are kept where they may serve it."""
    if asked.replayed:
        return asked
    kept = await counts.current(session, asked.caller.tenant_id, asked.campaign_id)
    return replace(asked, counted=kept)


async def totals(session: AsyncSession, asked: Asked) -> Sequence[Row[Any]]:
    """The counts of every duty over everyone the caller may see."""
    return (await session.execute(counts.TOTALS if asked.counted else TOTALS, asked.where)).all()


async def reasons(session: AsyncSession, asked: Asked) -> Sequence[Row[Any]]:
    """How often each reason stands behind a verdict, by duty."""
    return (await session.execute(counts.REASONS if asked.counted else REASONS, asked.where)).all()


async def recap(session: AsyncSession, asked: Asked, by: str) -> Sequence[Row[Any]]:
    """The counts by one of `RECAPS`, within what the caller may see."""
    statements = counts.RECAPS if asked.counted else RECAPS
    return (await session.execute(statements[by], asked.where)).all()


async def people(session: AsyncSession, asked: Asked, by: str) -> dict[str, dict[str, int]]:
    """How many people each row of such a recap tells of, by duty and key."""
    statements = counts.PEOPLE_BY if asked.counted else PEOPLE
    found: dict[str, dict[str, int]] = {}
    for row in await session.execute(statements[by], asked.where):
        found.setdefault(row.duty_kind, {})[row.key] = row.people
    return found


async def unit_people(session: AsyncSession, asked: Asked) -> dict[str, dict[UUID, int]]:
    """How many people of each unit itself a recap tells of, by duty; of the whole government."""
    statement = counts.UNIT_PEOPLE if asked.counted else UNIT_PEOPLE
    found: dict[str, dict[UUID, int]] = {}
    for row in await session.execute(statement, {**asked.where, "root": None}):
        found.setdefault(row.duty_kind, {})[row.unit_id] = row.people
    return found


async def unit_parents(session: AsyncSession, asked: Asked) -> dict[UUID, UUID | None]:
    """Every unit of the government with the one above it."""
    rows = await session.execute(UNITS, {"tenant_id": asked.caller.tenant_id})
    return {row.id: row.parent_id for row in rows}


EMPLOYEES = text(f"""
SELECT employee.id, employee.name, employee.unit_id, unit.name AS unit_name,
       nip.nip_hash, nip.key_id, nip.sealed,
       array_agg(verdict.reason ORDER BY verdict.reason) AS reasons,
       bool_or(verdict.excuse IS NOT NULL) AS excused, bool_or(verdict.disputed) AS disputed
FROM verdicts AS verdict
JOIN employees AS employee
  ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id
JOIN employee_nips AS nip
  ON nip.tenant_id = employee.tenant_id AND nip.employee_id = employee.id
 AND nip.valid_to IS NULL
JOIN work_units AS unit
  ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND {SHOWN}
  AND (CAST(:unit AS uuid) IS NULL OR :unit = ANY(unit.ancestors))
  AND (CAST(:verdict AS text) IS NULL OR verdict.verdict = :verdict)
  AND (CAST(:reason AS text) IS NULL OR verdict.reason = :reason)
  AND (CAST(:duty AS text) IS NULL OR verdict.duty_kind = :duty)
  AND (CAST(:flag AS text) IS NULL
       OR (CAST(:flag AS text) = 'excused' AND verdict.excuse IS NOT NULL)
       OR (CAST(:flag AS text) = 'disputed' AND verdict.disputed))
  AND (CAST(:flag AS text) IS NOT NULL
       OR (verdict.excuse IS NULL AND NOT verdict.disputed))
  AND (verdict.verdict <> 'unmet' OR NOT EXISTS (
      SELECT 1 FROM unnest(CAST(:lifted_of AS uuid[]), CAST(:lifted_about AS uuid[]))
          AS lifted (employee_id, about)
      WHERE lifted.employee_id = verdict.employee_id
        AND lifted.about = COALESCE(verdict.official_account_id, verdict.duty_id)))
  AND (CAST(:after AS uuid) IS NULL OR employee.id > :after)
GROUP BY employee.id, employee.name, employee.unit_id, unit.name, nip.nip_hash, nip.key_id,
         nip.sealed
ORDER BY employee.id LIMIT :limit
""")  # noqa: S608 - Only the constant above is put into the statement.


async def employees(
    session: AsyncSession,
    asked: Asked,
    wanted: PageRequest,
    *,
    verdict: Verdict | None,
    reason: Reason | None,
    duty: str | None,
    unit: UUID | None,
    flag: str | None,
) -> Sequence[Row[Any]]:
    """One page of employees with such a verdict and one row more; excused ones only by flag."""
    found = await session.execute(
        EMPLOYEES,
        {
            **asked.where,
            "verdict": verdict,
            "reason": reason,
            "duty": duty,
            "unit": unit,
            "flag": flag,
            "lifted_of": [employee_id for _, employee_id, _ in asked.lifted],
            "lifted_about": [about for *_, about in asked.lifted],
            "after": wanted.after,
            "limit": wanted.limit + 1,
        },
    )
    return found.all()


# Accounts that no check finds are not asked about: a platform denies for them what nobody can see.
TO_ASK = text("""
SELECT account.id, account.handle, account.platform_id FROM accounts AS account
WHERE account.tenant_id = :tenant_id AND account.platform = :platform
  AND account.state IN ('declared', 'exists', 'private', 'renamed', 'verified')
  AND account.unseen_since IS NULL
  AND (CAST(:after AS uuid) IS NULL OR account.id > :after)
  AND EXISTS (
      SELECT 1 FROM campaigns AS campaign
      JOIN campaign_official_accounts AS named
        ON named.tenant_id = campaign.tenant_id AND named.campaign_id = campaign.id
      JOIN duties AS duty
        ON duty.tenant_id = campaign.tenant_id AND duty.campaign_id = campaign.id
      JOIN campaign_members AS member
        ON member.tenant_id = campaign.tenant_id AND member.campaign_id = campaign.id
      WHERE campaign.tenant_id = :tenant_id
        AND campaign.starts_at <= :now AND campaign.ends_at > :now
        AND named.official_account_id = :official_account_id
        AND duty.kind = 'follow'
        AND (duty.platforms = '{}' OR :platform = ANY(duty.platforms))
        AND member.employee_id = account.employee_id AND member.left_on IS NULL)
  AND NOT EXISTS (
      SELECT 1 FROM pair_answers AS told
      WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
        AND told.account_id = account.id AND told.slot = :slot)
ORDER BY account.id LIMIT :limit
""")


async def accounts_to_ask(
    session: AsyncSession,
    official: OfficialAccount,
    *,
    slot: datetime,
    now: datetime,
    after: UUID | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Accounts of running campaigns' members that no answer of this slot tells about yet."""
    found = await session.execute(
        TO_ASK,
        {
            "tenant_id": official.tenant_id,
            "official_account_id": official.id,
            "platform": official.platform.value,
            "slot": slot,
            "now": now,
            "after": after,
            "limit": limit,
        },
    )
    return found.all()


OF_EMPLOYEE = text(f"""
SELECT verdict.*, campaign.title, official.name AS official_account_name,
       official.platform AS official_account_platform,
       COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
               'id', list.id, 'kind', 'follower_list', 'taken_at', list.taken_at,
               'certificate', list.certificate, 'source', list.source) ORDER BY list.taken_at)
           FROM follower_lists AS list
           WHERE list.tenant_id = verdict.tenant_id AND list.id = ANY(verdict.evidence_ids)
       ), '[]') AS lists,
       COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
               'id', told.id, 'kind', 'pair_answer', 'asked_at', told.asked_at,
               'answer', told.answer, 'source', told.source) ORDER BY told.asked_at)
           FROM pair_answers AS told
           WHERE told.tenant_id = verdict.tenant_id AND told.id = ANY(verdict.evidence_ids)
       ), '[]') AS pairs
FROM verdicts AS verdict
JOIN campaigns AS campaign
  ON campaign.tenant_id = verdict.tenant_id AND campaign.id = verdict.campaign_id
LEFT JOIN official_accounts AS official
  ON official.tenant_id = verdict.tenant_id AND official.id = verdict.official_account_id
WHERE verdict.tenant_id = :tenant_id AND verdict.employee_id = :employee_id AND {SHOWN}
ORDER BY verdict.campaign_id, verdict.duty_kind, official.name, official.id
""")  # noqa: S608 - Only the constant above is put into the statement.


async def of_employee(
    session: AsyncSession, caller: Caller, employee_id: UUID, paused: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Every verdict of one employee, with the lists and answers that stand as evidence."""
    found = await session.execute(
        OF_EMPLOYEE,
        {"tenant_id": caller.tenant_id, "employee_id": employee_id, "paused": list(paused)},
    )
    return found.all()
