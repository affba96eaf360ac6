"""Writing a campaign's verdicts: only differences, and never what a dispute holds still."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.campaigns.models import Campaign
from app.compliance import counts
from app.core.clock import jakarta_day, jakarta_midnight
from app.core.ids import new_id

# `run` names what `steady` says of a finding that rests on a list.
JUDGED = """
CREATE TEMP TABLE judged (
    employee_id uuid, duty_id uuid, duty_kind text, official_account_id uuid, account_id uuid,
    verdict text, reason text, basis text, evidence_ids uuid[], excuse text, run bigint
) ON COMMIT DROP
"""
# The lists that prove what the latest one does: nothing that speaks against them came after them.
STEADY = "CREATE TEMP TABLE steady (run bigint, list_id uuid) ON COMMIT DROP"
NEWS = """
CREATE TEMP TABLE news (
    employee_id uuid, duty_id uuid, duty_kind text, official_account_id uuid, account_id uuid,
    verdict text, reason text, basis text, evidence_ids uuid[], excuse text,
    stored_id uuid, what text
) ON COMMIT DROP
"""

# The ids of one statement count on from one new id, in the order of the index that tells verdicts
# apart: rows that come in the order of the indexes are written at half the cost.
ID = """CAST(CAST(:batch AS text) || lpad(to_hex(row_number() OVER (
           ORDER BY judged.employee_id, judged.duty_id, judged.official_account_id)), 12, '0')
       AS uuid)"""

STORED = text("""
SELECT EXISTS (SELECT 1 FROM verdicts WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id)
""")

# Everything is compared at once, and what says the same already is not touched: to lock a row would
# cost as much as to write it. A campaign has one duty to follow, which its official accounts tell
# apart, and one to declare, which stands for itself: equal sides that can be hashed.
# A duty ends for a person whose account there is gone, or who has left the cohort. What is said of
# a paused official account is hidden and waits: it is judged anew when the pause is over. A dispute
# holds the verdict still, but not the excuse beside it. Nothing is judged anew of who was erased:
# too little is known of them, and the numbers stay.
# That one more list shows a follower is no news while the one that is told proves it as well.
COMPARE = text("""
INSERT INTO news
SELECT judged.employee_id, judged.duty_id, judged.duty_kind, judged.official_account_id,
       judged.account_id, judged.verdict, judged.reason, judged.basis, judged.evidence_ids,
       judged.excuse, stored.id, found.what
FROM judged
FULL JOIN (
    SELECT id, employee_id, duty_id, official_account_id, account_id, verdict, reason, basis,
           evidence_ids, excuse, disputed
    FROM verdicts WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
) AS stored
  ON judged.employee_id = stored.employee_id
 AND COALESCE(judged.official_account_id, judged.duty_id)
     = COALESCE(stored.official_account_id, stored.duty_id)
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN COALESCE(judged.employee_id, stored.employee_id) IN (
            SELECT employee_id FROM erasures WHERE tenant_id = :tenant_id) THEN NULL
        WHEN stored.id IS NULL THEN 'added'
        WHEN judged.employee_id IS NULL THEN CASE
            WHEN NOT stored.disputed
             AND COALESCE(stored.official_account_id <> ALL(CAST(:paused AS uuid[])), true)
            THEN 'ended' END
        WHEN stored.disputed THEN CASE
            WHEN judged.excuse IS DISTINCT FROM stored.excuse THEN 'excused' END
        WHEN (judged.account_id, judged.verdict, judged.reason, judged.basis, judged.excuse)
             IS DISTINCT FROM
             (stored.account_id, stored.verdict, stored.reason, stored.basis, stored.excuse)
        THEN 'changed'
        WHEN judged.evidence_ids = stored.evidence_ids THEN NULL
        WHEN judged.run IS NULL THEN 'changed'
        WHEN (judged.run, stored.evidence_ids[1]) IN (SELECT run, list_id FROM steady) THEN NULL
        ELSE 'changed' END AS what
) AS found
WHERE found.what IS NOT NULL
""")
WHAT = text("SELECT DISTINCT what FROM news")

CHANGE = text("""
UPDATE verdicts AS stored SET
    account_id = news.account_id, verdict = news.verdict, reason = news.reason,
    basis = news.basis, evidence_ids = news.evidence_ids, excuse = news.excuse,
    decided_at = :now,
    unmet_since = CASE news.verdict
        WHEN 'unmet' THEN COALESCE(stored.unmet_since, CAST(:now AS timestamptz)) END
FROM news
WHERE stored.tenant_id = :tenant_id AND stored.id = news.stored_id AND news.what = 'changed'
  AND NOT stored.disputed
""")

# Evaluations of a campaign come one after the other, so nobody else adds the same.
ADD = f"""
INSERT INTO verdicts (
    tenant_id, campaign_id, id, employee_id, duty_id, duty_kind, official_account_id,
    account_id, verdict, reason, basis, evidence_ids, excuse, disputed, unmet_since, decided_at)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), {ID}, employee_id, duty_id, duty_kind,
       official_account_id, account_id, verdict, reason, basis, evidence_ids, excuse, false,
       CASE verdict WHEN 'unmet' THEN CAST(:now AS timestamptz) END, CAST(:now AS timestamptz)
"""
ADD_ALL = text(f"{ADD} FROM judged")
ADD_NEW = text(f"{ADD} FROM news AS judged WHERE what = 'added'")

EXCUSE_FROZEN = text("""
UPDATE verdicts AS stored SET excuse = news.excuse FROM news
WHERE stored.tenant_id = :tenant_id AND stored.id = news.stored_id AND news.what = 'excused'
""")

DROP_ENDED = text("""
DELETE FROM verdicts AS stored USING news
WHERE stored.tenant_id = :tenant_id AND stored.id = news.stored_id AND news.what = 'ended'
  AND NOT stored.disputed
""")

# The accusation itself ends with the pause: what was told of it before serves no finding after it.
# On each day of a pause it is moved once.
END_ACCUSATIONS = text("""
UPDATE verdicts AS stored SET unmet_since = CASE verdict
    WHEN 'unmet' THEN CAST(:now AS timestamptz) END
WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id
  AND stored.official_account_id = ANY(CAST(:paused AS uuid[]))
  AND NOT stored.disputed AND stored.unmet_since < :today
""")


def batch() -> str:
    """What the ids of one statement begin with: a new id less the digits that are counted."""
    return new_id().hex[:20]


async def stage(session: AsyncSession) -> None:
    """Make the temporary tables `judged` and `steady`, empty."""
    await session.execute(text("DROP TABLE IF EXISTS judged, steady"))
    for table in (JUDGED, STEADY):
        await session.execute(text(table))


async def store(
    session: AsyncSession, campaign: Campaign, now: datetime, *, paused: Sequence[UUID]
) -> int:
    """Write what has changed of the findings in `judged`; returns how many verdicts did.

    Nothing was judged of the official accounts that are `paused`, and their verdicts stay.
    """
    where = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.id}
    if await session.scalar(STORED, where):
        changed = await _write_news(session, where, now, paused)
    else:
        changed = await _write(session, ADD_ALL, {**where, "now": now, "batch": batch()})
    if paused:
        today = jakarta_midnight(jakarta_day(now))
        moment = {"now": now, "today": today, "paused": list(paused)}
        await session.execute(END_ACCUSATIONS, {**where, **moment})
    await counts.refresh(session, campaign.tenant_id, campaign.id)
    return changed


async def _write_news(
    session: AsyncSession, where: dict[str, Any], now: datetime, paused: Sequence[UUID]
) -> int:
    """Write where the findings in `judged` differ from what is stored."""
    await session.execute(text("DROP TABLE IF EXISTS news"))
    await session.execute(text(NEWS))
    await session.execute(COMPARE, {**where, "paused": list(paused)})
    found = set(await session.scalars(WHAT))
    await session.execute(text("ANALYZE news"))
    tenant, moment = {"tenant_id": where["tenant_id"]}, {"now": now}
    steps: tuple[tuple[str, TextClause, dict[str, Any]], ...] = (
        ("ended", DROP_ENDED, tenant),
        ("changed", CHANGE, tenant | moment),
        ("excused", EXCUSE_FROZEN, tenant),
        ("added", ADD_NEW, where | moment | {"batch": batch()}),
    )
    return sum([await _write(session, step, more) for what, step, more in steps if what in found])


async def _write(session: AsyncSession, step: TextClause, where: dict[str, Any]) -> int:
    done: Any = await session.execute(step, where)
    written: int = done.rowcount
    return written
