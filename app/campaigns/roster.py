"""The roster of a campaign: frozen with a hash that anyone can check, changed by named acts."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns import queries
from app.campaigns.models import Campaign
from app.campaigns.schemas import CohortOut, RosterAct, RosterShow
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import jakarta_day
from app.core.errors import FieldError, Invalid
from app.core.ids import new_id
from app.core.paging import PageRequest
from app.identity.rules import Caller
from app.jobs.kinds import EvaluateCampaign
from app.jobs.queue import enqueue


class NotAddressed(Invalid):
    """Only people whom the campaign addresses, and who are not on its roster, can be added."""


class StillAddressed(Invalid):
    """Only members whom the campaign addresses no more can leave; to spare others, excuse them."""


def cohort_hash(members: Iterable[UUID]) -> bytes:
    """SHA-256 over the members' ids in order; the same people give the same hash."""
    return hashlib.sha256(b"".join(each.bytes for each in sorted(members))).digest()


# Who was on the frozen roster stays of it, also who has left since and was added again.
FROZEN = """(member.added_by IS NULL OR EXISTS (
    SELECT 1 FROM campaign_stays AS stay
    WHERE stay.tenant_id = member.tenant_id AND stay.campaign_id = member.campaign_id
      AND stay.employee_id = member.employee_id AND stay.added_by IS NULL))"""

ROSTER = text(f"""
SELECT member.employee_id, {FROZEN} AS frozen, member.left_on IS NULL AS there
FROM campaign_members AS member
WHERE member.tenant_id = :tenant_id AND member.campaign_id = :campaign_id
""")  # noqa: S608 - Only the constant above is put into the statement.


async def cohort(session: AsyncSession, campaign: Campaign) -> CohortOut:
    """The frozen roster with its hash counted anew, and what has become of it."""
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    rows = (await session.execute(ROSTER, where)).all()
    frozen = [row.employee_id for row in rows if row.frozen]
    present = [row.employee_id for row in rows if row.there]
    recomputed = cohort_hash(frozen)
    drift = await queries.drift(session, campaign)
    return CohortOut(
        campaign_id=campaign.id,
        frozen_at=campaign.cohort_frozen_at,
        size=campaign.cohort_size,
        hash=campaign.cohort_hash.hex(),
        recomputed_hash=recomputed.hex(),
        intact=recomputed == campaign.cohort_hash and len(frozen) == campaign.cohort_size,
        added=len(rows) - len(frozen),
        left=len(rows) - len(present),
        members=len(present),
        members_hash=cohort_hash(present).hex(),
        joiners=drift.joiners,
        leavers=drift.leavers,
    )


# Who is addressed today, beside who is on the roster.
ENTRIES = text(f"""
WITH present AS ({queries.ADDRESSED})
SELECT employee.id, employee.unit_id, member.joined_on, member.added_by, member.added_because,
       member.left_on, member.left_by, member.left_because,
       COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
               'joined_on', stay.joined_on, 'added_by', stay.added_by,
               'added_because', stay.added_because, 'left_on', stay.left_on,
               'left_by', stay.left_by, 'left_because', stay.left_because)
               ORDER BY stay.left_on, stay.id)
           FROM campaign_stays AS stay
           WHERE stay.tenant_id = member.tenant_id AND stay.campaign_id = member.campaign_id
             AND stay.employee_id = member.employee_id), '[]') AS earlier_stays
FROM employees AS employee
JOIN work_units AS unit ON unit.tenant_id = employee.tenant_id AND unit.id = employee.unit_id
LEFT JOIN campaign_members AS member
       ON member.tenant_id = employee.tenant_id AND member.employee_id = employee.id
      AND member.campaign_id = :campaign_id
LEFT JOIN present ON present.id = employee.id
WHERE employee.tenant_id = :tenant_id
  AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
  AND (CAST(:among AS uuid[]) IS NULL OR employee.id = ANY(CAST(:among AS uuid[])))
  AND (CAST(:after AS uuid) IS NULL OR employee.id > :after)
  AND CASE CAST(:show AS text)
      WHEN 'members' THEN member.employee_id IS NOT NULL AND member.left_on IS NULL
      WHEN 'added' THEN member.employee_id IS NOT NULL AND NOT {FROZEN}
      WHEN 'left' THEN member.left_on IS NOT NULL
      WHEN 'joiners' THEN present.id IS NOT NULL
           AND (member.employee_id IS NULL OR member.left_on IS NOT NULL)
      WHEN 'leavers' THEN present.id IS NULL
           AND member.employee_id IS NOT NULL AND member.left_on IS NULL
      END
ORDER BY employee.id LIMIT :limit
""")  # noqa: S608 - Only the constant above is put into the statement.


async def entries(
    session: AsyncSession,
    caller: Caller,
    campaign: Campaign,
    wanted: PageRequest,
    show: RosterShow,
    *,
    among: Sequence[UUID] | None = None,
) -> Sequence[Row[Any]]:
    """One page of the roster, or of whom it would gain or lose today, and one row more."""
    found = await session.execute(
        ENTRIES,
        {
            **queries.addressed(campaign),
            "campaign_id": campaign.id,
            "root": caller.unit_id,
            "among": None if among is None else list(among),
            "after": wanted.after,
            "show": show,
            "limit": wanted.limit + 1,
        },
    )
    return found.all()


# Who comes back begins anew, with the time that newcomers have; the earlier stay is kept.
KEEP_STAYS = text("""
INSERT INTO campaign_stays (tenant_id, id, campaign_id, employee_id, joined_on, added_by,
                            added_because, left_on, left_by, left_because)
SELECT tenant_id, gen_random_uuid(), campaign_id, employee_id, joined_on, added_by,
       added_because, left_on, left_by, left_because
FROM campaign_members
WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id AND left_on IS NOT NULL
  AND employee_id = ANY(CAST(:add AS uuid[]))
""")

ADD = text("""
INSERT INTO campaign_members AS member
    (tenant_id, campaign_id, employee_id, joined_on, added_by, added_because)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), added, CAST(:day AS date),
       CAST(:officer AS text), CAST(:reason AS text)
FROM unnest(CAST(:add AS uuid[])) AS added
ON CONFLICT (tenant_id, campaign_id, employee_id) DO UPDATE SET
    joined_on = EXCLUDED.joined_on, added_by = EXCLUDED.added_by,
    added_because = EXCLUDED.added_because, left_on = NULL, left_by = NULL, left_because = NULL
WHERE member.left_on IS NOT NULL
""")

LEAVE = text("""
UPDATE campaign_members SET left_on = :day, left_by = :officer, left_because = :reason
WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id AND left_on IS NULL
  AND employee_id = ANY(CAST(:leave AS uuid[]))
""")

# From now on they have been asked: silence is no longer "not asked" but "undeclared".
ASKED = text("""
UPDATE employees SET declaration = 'undeclared', version = version + 1
WHERE tenant_id = :tenant_id AND declaration = 'not_asked' AND id = ANY(CAST(:add AS uuid[]))
""")


async def change(
    session: AsyncSession, caller: Caller, campaign_id: UUID, act: RosterAct, *, now: datetime
) -> CohortOut:
    """Add joiners and let leavers go, in one act of a named officer; the frozen roster stays.

    Raises:
        NotFound: there is no such campaign.
        NotAddressed, StillAddressed: somebody is neither a joiner nor a leaver today.
    """
    campaign = await queries.get(session, caller, campaign_id)
    await _require(session, caller, campaign, "add", act.add)
    await _require(session, caller, campaign, "leave", act.leave)
    where = {
        "tenant_id": caller.tenant_id,
        "campaign_id": campaign_id,
        "day": jakarta_day(now),
        "officer": act.officer,
        "reason": act.reason,
        "add": act.add,
        "leave": act.leave,
    }
    for statement in (KEEP_STAYS, ADD, ASKED, LEAVE):
        await session.execute(statement, where)
    record(
        session,
        ChangeKind.ROSTER_CHANGED,
        campaign_id,
        tenant_id=caller.tenant_id,
        actor=caller.actor,
        at=now,
        added=[str(each) for each in act.add],
        left=[str(each) for each in act.leave],
    )
    await session.flush()
    cause = f"roster:{new_id()}"
    await enqueue(session, [EvaluateCampaign(caller.tenant_id, campaign_id, cause=cause)])
    return await cohort(session, campaign)


async def _require(
    session: AsyncSession, caller: Caller, campaign: Campaign, field: str, people: Sequence[UUID]
) -> None:
    show: RosterShow = "joiners" if field == "add" else "leavers"
    everyone = PageRequest(None, len(people))
    found = await entries(session, caller, campaign, everyone, show, among=people)
    known = {row.id for row in found}
    strangers = [place for place, each in enumerate(people) if each not in known]
    if strangers:
        refusal = NotAddressed if field == "add" else StillAddressed
        message = f"none of the campaign's {show} today"
        raise refusal(
            errors=[FieldError(f"/{field}/{place}", "unknown", message) for place in strangers]
        )


async def by_category(
    session: AsyncSession, tenant_id: UUID, employee_ids: Sequence[UUID]
) -> dict[str, int]:
    """How many of these people each category has."""
    counted = await session.execute(
        text(
            "SELECT category, count(*) AS people FROM employees"
            " WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS uuid[]))"
            " GROUP BY category ORDER BY category"
        ),
        {"tenant_id": tenant_id, "ids": list(employee_ids)},
    )
    return {row.category: row.people for row in counted}
