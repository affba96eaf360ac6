"""Keeps intervals of follows from lists and pair answers, in whatever order they arrive.

The intervals of a pair are the longest runs of sightings without a denial between them, where a
denial is a complete list without the account or a negative answer. A denial ends the run before
it; a sighting of the same moment begins the run after it. Of several looks of one moment the
smallest (kind, id) is named as the evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import driver_connection
from app.observations.findable import MATCHED_AT, OF_IDS, could_hold, keyed_by_id
from app.observations.models import FollowerList
from app.observations.rules import CertificateVerdict, EvidenceKind
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform


@dataclass(frozen=True, slots=True)
class Look:
    """Whether one declared account was seen to follow, by which evidence, and since when."""

    account_id: UUID
    evidence_id: UUID
    present: bool
    began_at: datetime | None = None


# It stays with the connection: answers come in thousands of small batches, and to make and drop a
# table for each would fill the catalogue.
STAGE = """
CREATE TEMP TABLE IF NOT EXISTS looks (
    account_id uuid PRIMARY KEY, evidence_id uuid NOT NULL, present boolean NOT NULL,
    began_at timestamptz, denied_at timestamptz, denied_kind text, denied_id uuid
) ON COMMIT DELETE ROWS
"""

KEEP_MATCHES = text("""
INSERT INTO list_matches (tenant_id, official_account_id, account_id, taken_at, list_id, began_at)
SELECT CAST(:tenant_id AS uuid), CAST(:official_account_id AS uuid), account_id,
       CAST(:at AS timestamptz), evidence_id, began_at
FROM looks
ON CONFLICT DO NOTHING
""")

STAGE_ABSENT = text(f"""
INSERT INTO looks (account_id, evidence_id, present)
SELECT account.id, CAST(:list_id AS uuid), false
FROM accounts AS account
WHERE account.tenant_id = :tenant_id
  AND account.id IN (
      SELECT follow.account_id FROM follows AS follow
      WHERE follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id)
  AND account.id NOT IN (SELECT look.account_id FROM looks AS look)
  AND {could_hold(matched_at=":matched_at", of_ids=":by_platform_id")}
""")  # noqa: S608 - Only the constant of another module is put into the statement.

# The first denial after each sighting: nothing before it may be joined with what comes after.
FIND_DENIALS = text(f"""
UPDATE looks AS look
SET denied_at = denial.at, denied_kind = denial.kind, denied_id = denial.id
FROM accounts AS account
CROSS JOIN LATERAL (
    (SELECT list.taken_at AS at, 'follower_list' AS kind, list.id
     FROM follower_lists AS list
     WHERE list.tenant_id = :tenant_id AND list.official_account_id = :official_account_id
       AND list.certificate = 'complete' AND list.taken_at > :at
       AND {could_hold(matched_at=MATCHED_AT, of_ids=OF_IDS)}
       AND NOT EXISTS (
           SELECT 1 FROM list_matches AS match
           WHERE match.tenant_id = :tenant_id
             AND match.official_account_id = :official_account_id
             AND match.account_id = account.id AND match.taken_at = list.taken_at
             AND match.list_id = list.id)
     ORDER BY list.taken_at, list.id LIMIT 1)
    UNION ALL
    (SELECT told.asked_at, 'pair_answer', told.id
     FROM pair_answers AS told
     WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
       AND told.account_id = account.id AND told.answer = 'does_not_follow'
       AND told.asked_at > :at
     ORDER BY told.asked_at, told.id LIMIT 1)
    ORDER BY 1, 2, 3 LIMIT 1
) AS denial
WHERE look.present AND account.tenant_id = :tenant_id AND account.id = look.account_id
""")  # noqa: S608 - Only the constants of another module are put into the statement.

# A sighting joins the interval that already holds its moment, or the one that it continues.
EXTEND = text("""
WITH extended AS (
    UPDATE follows AS follow SET
        began_at = LEAST(follow.began_at, look.began_at),
        first_listed_at = LEAST(
            follow.first_listed_at,
            CASE WHEN CAST(:kind AS text) = 'follower_list' THEN CAST(:at AS timestamptz) END),
        last_listed_at = GREATEST(
            follow.last_listed_at,
            CASE WHEN CAST(:kind AS text) = 'follower_list' THEN CAST(:at AS timestamptz) END),
        first_seen_at = LEAST(follow.first_seen_at, :at),
        first_kind = CASE WHEN (CAST(:at AS timestamptz), CAST(:kind AS text), look.evidence_id)
                               < (follow.first_seen_at, follow.first_kind, follow.first_id)
                          THEN CAST(:kind AS text) ELSE follow.first_kind END,
        first_id = CASE WHEN (CAST(:at AS timestamptz), CAST(:kind AS text), look.evidence_id)
                             < (follow.first_seen_at, follow.first_kind, follow.first_id)
                        THEN look.evidence_id ELSE follow.first_id END,
        last_seen_at = GREATEST(follow.last_seen_at, :at),
        last_kind = CASE WHEN :at > follow.last_seen_at
                           OR :at = follow.last_seen_at
                              AND (CAST(:kind AS text), look.evidence_id)
                                  < (follow.last_kind, follow.last_id)
                         THEN CAST(:kind AS text) ELSE follow.last_kind END,
        last_id = CASE WHEN :at > follow.last_seen_at
                         OR :at = follow.last_seen_at
                            AND (CAST(:kind AS text), look.evidence_id)
                                < (follow.last_kind, follow.last_id)
                       THEN look.evidence_id ELSE follow.last_id END
    FROM looks AS look
    WHERE look.present
      AND follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id
      AND follow.account_id = look.account_id
      AND (follow.closed_at IS NULL OR follow.closed_at > :at)
      AND (follow.first_seen_at <= :at OR look.denied_at IS NULL
           OR look.denied_at > follow.first_seen_at)
      AND (:at <= follow.first_seen_at OR :at >= follow.last_seen_at
           OR look.began_at < COALESCE(follow.began_at, 'infinity')
           OR CAST(:kind AS text) = 'follower_list'
              AND (follow.first_listed_at <= :at AND follow.last_listed_at >= :at) IS NOT TRUE)
    RETURNING follow.first_seen_at = :at AS begins_with_it
)
SELECT count(*) FILTER (WHERE begins_with_it) FROM extended
""")

OPEN = text("""
INSERT INTO follows (tenant_id, id, official_account_id, account_id, began_at,
                     first_listed_at, last_listed_at,
                     first_seen_at, first_kind, first_id, last_seen_at, last_kind, last_id,
                     closed_at, closed_by_kind, closed_by_id)
SELECT CAST(:tenant_id AS uuid), gen_random_uuid(), CAST(:official_account_id AS uuid),
       look.account_id, look.began_at,
       CASE WHEN CAST(:kind AS text) = 'follower_list' THEN CAST(:at AS timestamptz) END,
       CASE WHEN CAST(:kind AS text) = 'follower_list' THEN CAST(:at AS timestamptz) END,
       CAST(:at AS timestamptz), CAST(:kind AS text), look.evidence_id,
       CAST(:at AS timestamptz), CAST(:kind AS text), look.evidence_id,
       look.denied_at, look.denied_kind, look.denied_id
FROM looks AS look
WHERE look.present AND NOT EXISTS (
    SELECT 1 FROM follows AS held
    WHERE held.tenant_id = :tenant_id AND held.official_account_id = :official_account_id
      AND held.account_id = look.account_id
      AND held.first_seen_at <= :at AND held.last_seen_at >= :at
)
""")

CLOSE = text("""
UPDATE follows AS follow
SET closed_at = :at, closed_by_kind = CAST(:kind AS text), closed_by_id = look.evidence_id
FROM looks AS look
WHERE NOT look.present
  AND follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id
  AND follow.account_id = look.account_id AND follow.last_seen_at < :at
  AND (follow.closed_at IS NULL
       OR (follow.closed_at, follow.closed_by_kind, follow.closed_by_id)
          > (CAST(:at AS timestamptz), CAST(:kind AS text), look.evidence_id))
""")

# A denial that comes late may fall inside an interval: each part ends with its own sightings.
DIVIDE = text("""
WITH divided AS (
    SELECT follow.id, follow.account_id, look.evidence_id,
           follow.last_seen_at, follow.last_kind, follow.last_id,
           follow.closed_at, follow.closed_by_kind, follow.closed_by_id,
           before.at AS before_at, before.kind AS before_kind, before.id AS before_id,
           after.at AS after_at, after.kind AS after_kind, after.id AS after_id,
           LEAST(matches_before.began_at, told_before.began_at) AS began_before,
           matches_before.first_at AS first_before, matches_before.last_at AS last_before,
           LEAST(matches_after.began_at, told_after.began_at) AS began_after,
           matches_after.first_at AS first_after, matches_after.last_at AS last_after
    FROM looks AS look
    JOIN follows AS follow
      ON follow.tenant_id = :tenant_id AND follow.official_account_id = :official_account_id
     AND follow.account_id = look.account_id
    CROSS JOIN LATERAL (
        (SELECT match.taken_at AS at, 'follower_list' AS kind, match.list_id AS id
         FROM list_matches AS match
         WHERE match.tenant_id = :tenant_id AND match.official_account_id = :official_account_id
           AND match.account_id = follow.account_id AND match.taken_at < :at
         ORDER BY match.taken_at DESC, match.list_id LIMIT 1)
        UNION ALL
        (SELECT told.asked_at, 'pair_answer', told.id FROM pair_answers AS told
         WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
           AND told.account_id = follow.account_id AND told.answer = 'follows'
           AND told.asked_at < :at
         ORDER BY told.asked_at DESC, told.id LIMIT 1)
        ORDER BY 1 DESC, 2, 3 LIMIT 1
    ) AS before
    CROSS JOIN LATERAL (
        (SELECT match.taken_at AS at, 'follower_list' AS kind, match.list_id AS id
         FROM list_matches AS match
         WHERE match.tenant_id = :tenant_id AND match.official_account_id = :official_account_id
           AND match.account_id = follow.account_id AND match.taken_at >= :at
         ORDER BY match.taken_at, match.list_id LIMIT 1)
        UNION ALL
        (SELECT told.asked_at, 'pair_answer', told.id FROM pair_answers AS told
         WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
           AND told.account_id = follow.account_id AND told.answer = 'follows'
           AND told.asked_at >= :at
         ORDER BY told.asked_at, told.id LIMIT 1)
        ORDER BY 1, 2, 3 LIMIT 1
    ) AS after
    CROSS JOIN LATERAL (
        SELECT min(match.began_at) AS began_at, min(match.taken_at) AS first_at,
               max(match.taken_at) AS last_at
        FROM list_matches AS match
        WHERE match.tenant_id = :tenant_id AND match.official_account_id = :official_account_id
          AND match.account_id = follow.account_id
          AND match.taken_at BETWEEN follow.first_seen_at AND before.at
    ) AS matches_before
    CROSS JOIN LATERAL (
        SELECT min(match.began_at) AS began_at, min(match.taken_at) AS first_at,
               max(match.taken_at) AS last_at
        FROM list_matches AS match
        WHERE match.tenant_id = :tenant_id AND match.official_account_id = :official_account_id
          AND match.account_id = follow.account_id
          AND match.taken_at BETWEEN after.at AND follow.last_seen_at
    ) AS matches_after
    CROSS JOIN LATERAL (
        SELECT min(told.began_at) AS began_at FROM pair_answers AS told
        WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
          AND told.account_id = follow.account_id AND told.answer = 'follows'
          AND told.asked_at BETWEEN follow.first_seen_at AND before.at
    ) AS told_before
    CROSS JOIN LATERAL (
        SELECT min(told.began_at) AS began_at FROM pair_answers AS told
        WHERE told.tenant_id = :tenant_id AND told.official_account_id = :official_account_id
          AND told.account_id = follow.account_id AND told.answer = 'follows'
          AND told.asked_at BETWEEN after.at AND follow.last_seen_at
    ) AS told_after
    WHERE NOT look.present AND follow.first_seen_at < :at AND follow.last_seen_at >= :at
), ended AS (
    UPDATE follows AS follow SET
        began_at = divided.began_before, first_listed_at = divided.first_before,
        last_listed_at = divided.last_before, last_seen_at = divided.before_at,
        last_kind = divided.before_kind, last_id = divided.before_id,
        closed_at = :at, closed_by_kind = CAST(:kind AS text), closed_by_id = divided.evidence_id
    FROM divided
    WHERE follow.tenant_id = :tenant_id AND follow.id = divided.id
    RETURNING divided.*
)
INSERT INTO follows (tenant_id, id, official_account_id, account_id, began_at,
                     first_listed_at, last_listed_at,
                     first_seen_at, first_kind, first_id, last_seen_at, last_kind, last_id,
                     closed_at, closed_by_kind, closed_by_id)
SELECT CAST(:tenant_id AS uuid), gen_random_uuid(), CAST(:official_account_id AS uuid),
       account_id, began_after, first_after, last_after, after_at, after_kind, after_id,
       last_seen_at, last_kind, last_id, closed_at, closed_by_kind, closed_by_id
FROM ended
""")


async def record_list(
    session: AsyncSession,
    taken: FollowerList,
    began_at: Mapping[UUID, datetime | None],
    *,
    of_ids: bool,
) -> None:
    """Keep the follows that a list shows; a complete one also ends those that it does not show."""
    where = {
        "tenant_id": taken.tenant_id,
        "official_account_id": taken.official_account_id,
        "kind": EvidenceKind.FOLLOWER_LIST.value,
        "at": taken.taken_at,
    }
    looks = [Look(each, taken.id, present=True, began_at=began) for each, began in began_at.items()]
    await _begin(session, where, looks)
    await session.execute(KEEP_MATCHES, where)
    if taken.certificate is CertificateVerdict.COMPLETE:
        matched = {
            "list_id": taken.id,
            "matched_at": taken.matched_at,
            "by_platform_id": of_ids,
        }
        await session.execute(STAGE_ABSENT, {**where, **matched})
    await session.execute(text("ANALYZE looks"))
    await _move(session, where, taken.platform)


async def record_answers(
    session: AsyncSession, account: OfficialAccount, looks: Sequence[Look], *, asked_at: datetime
) -> int:
    """Keep the follows that answers about pairs show, and end those that they deny.

    Returns how many began or ended by it; most answers say only that nothing has changed.
    """
    where = {
        "tenant_id": account.tenant_id,
        "official_account_id": account.id,
        "kind": EvidenceKind.PAIR_ANSWER.value,
        "at": asked_at,
    }
    await _begin(session, where, looks)
    return await _move(session, where, account.platform)


async def _begin(session: AsyncSession, where: dict[str, Any], looks: Sequence[Look]) -> None:
    """Lay out what was seen; a list and answers that come at once are kept one after the other."""
    await session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"follows:{where['tenant_id']}:{where['official_account_id']}"},
    )
    await session.execute(text(STAGE))
    await session.execute(text("DELETE FROM looks"))
    connection = await driver_connection(session)
    await connection.copy_records_to_table(
        "looks",
        records=[
            (each.account_id, each.evidence_id, each.present, each.began_at) for each in looks
        ],
        columns=["account_id", "evidence_id", "present", "began_at"],
    )


async def _move(session: AsyncSession, where: dict[str, Any], platform: Platform) -> int:
    await session.execute(FIND_DENIALS, {**where, "keyed_by_id": keyed_by_id(platform)})
    moved: int = await session.scalar(EXTEND, where) or 0
    for step in (OPEN, CLOSE, DIVIDE):
        done: Any = await session.execute(step, where)
        moved += done.rowcount
    return moved
