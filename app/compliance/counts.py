"""Counts of a campaign's verdicts that are kept up to date, and read in place of a recount.

Each row is of one unit's own people, so that moving or renaming a unit outdates nothing. Whatever
does outdate a row writes a mark beside it in its own transaction, by triggers of the database; a
recount takes the marks away that it can see before it counts. A mark that it cannot see survives
it. Counts are read only while there is no mark.
"""

from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import over_whole_tables

# Excused people stand beside the verdicts, not among them, so that every row is counted once.
COUNTS = """
       count(*) AS eligible,
       count(*) FILTER (WHERE verdict.verdict = 'met' AND {plain}) AS met,
       count(*) FILTER (WHERE verdict.verdict = 'unmet' AND {plain}) AS unmet,
       count(*) FILTER (WHERE verdict.verdict = 'unknown' AND {plain}) AS unknown,
       count(*) FILTER (WHERE verdict.excuse IS NOT NULL) AS excused,
       count(*) FILTER (WHERE verdict.excuse IS NULL AND verdict.disputed) AS disputed
""".format(plain="verdict.excuse IS NULL AND NOT verdict.disputed")

# One recount of a government at a time, and none beside a move of its employees.
ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('counts:' || :tenant_id, 0))")
IF_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('counts:' || :tenant_id, 0))")

# Of an archived campaign the counts are all that is left.
CURRENT = text("""
SELECT EXISTS (SELECT 1 FROM verdict_tallies
               WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id)
   AND NOT EXISTS (SELECT 1 FROM verdict_count_marks
                   WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id)
    OR EXISTS (SELECT 1 FROM campaign_archives
               WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id)
""")

TAKE_MARKS = text("""
WITH taken AS (
    DELETE FROM verdict_count_marks
    WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
    RETURNING unit_id, employee_id
), begun AS (
    INSERT INTO verdict_tallies (tenant_id, campaign_id)
    SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid)
    ON CONFLICT DO NOTHING RETURNING campaign_id
)
SELECT COALESCE(bool_or(unit_id IS NULL AND employee_id IS NULL), false)
           OR EXISTS (SELECT 1 FROM begun) AS everything,
       COALESCE(array_agg(DISTINCT unit_id) FILTER (WHERE unit_id IS NOT NULL), '{}') AS units,
       COALESCE(array_agg(DISTINCT employee_id) FILTER (WHERE employee_id IS NOT NULL), '{}')
           AS employees
FROM taken
""")

# Where the people of marks are now: whoever has moved meanwhile has left marks of both units.
UNITS_OF = text("""
SELECT DISTINCT unit_id FROM employees
WHERE tenant_id = :tenant_id AND id = ANY(CAST(:employees AS uuid[]))
""")

VERDICTS = """
    FROM verdicts AS verdict
    JOIN employees AS employee
      ON employee.tenant_id = verdict.tenant_id AND employee.id = verdict.employee_id"""

RECOUNT = """
WITH by_reason AS MATERIALIZED (
    SELECT employee.unit_id, employee.category, verdict.duty_kind, verdict.official_account_id,
           verdict.reason, {counts}
    {verdicts}
    WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id {employee_within}
    GROUP BY 1, 2, 3, 4, 5
), all_together AS (
    SELECT * FROM by_reason
    UNION ALL
    SELECT unit_id, category, duty_kind, NULL, reason, sum(eligible), sum(met), sum(unmet),
           sum(unknown), sum(excused), sum(disputed)
    FROM by_reason WHERE official_account_id IS NOT NULL GROUP BY 1, 2, 3, 5
), found AS MATERIALIZED (
    SELECT unit_id, category, duty_kind, official_account_id, sum(eligible) AS eligible,
           sum(met) AS met, sum(unmet) AS unmet, sum(unknown) AS unknown,
           sum(excused) AS excused, sum(disputed) AS disputed,
           COALESCE(jsonb_object_agg(reason, eligible - excused)
                    FILTER (WHERE eligible > excused), '{{}}') AS reasons
    FROM all_together GROUP BY 1, 2, 3, 4
), gone AS (
    DELETE FROM verdict_counts AS stored
    WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id {stored_within}
      AND NOT EXISTS (
          SELECT 1 FROM found
          WHERE found.unit_id = stored.unit_id AND found.category = stored.category
            AND found.duty_kind = stored.duty_kind
            AND found.official_account_id IS NOT DISTINCT FROM stored.official_account_id)
)
INSERT INTO verdict_counts AS stored (
    tenant_id, campaign_id, id, unit_id, category, duty_kind, official_account_id,
    eligible, met, unmet, unknown, excused, disputed, reasons)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), gen_random_uuid(), found.* FROM found
ON CONFLICT (tenant_id, campaign_id, official_account_id, duty_kind, unit_id, category)
DO UPDATE SET eligible = excluded.eligible, met = excluded.met, unmet = excluded.unmet,
    unknown = excluded.unknown, excused = excluded.excused, disputed = excluded.disputed,
    reasons = excluded.reasons
WHERE (stored.eligible, stored.met, stored.unmet, stored.unknown, stored.excused,
       stored.disputed, stored.reasons)
      IS DISTINCT FROM (excluded.eligible, excluded.met, excluded.unmet, excluded.unknown,
                        excluded.excused, excluded.disputed, excluded.reasons)
"""

# A set of accounts is two numbers of 60 bits while people are counted, since arrays would have to
# be sorted for each person; a campaign names a hundred accounts at most.
PEOPLE = """
WITH place AS MATERIALIZED (
    SELECT id, number,
           CASE WHEN number < 60 THEN CAST(1 AS bigint) << number ELSE 0 END AS low,
           CASE WHEN number >= 60 THEN CAST(1 AS bigint) << number - 60 ELSE 0 END AS high
    FROM (SELECT official_account_id AS id,
                 CAST(row_number() OVER (ORDER BY official_account_id) - 1 AS integer) AS number
          FROM verdict_counts
          WHERE tenant_id = :tenant_id AND campaign_id = :campaign_id
            AND official_account_id IS NOT NULL
          GROUP BY official_account_id) AS named
), person AS (
    SELECT employee.id, employee.unit_id, employee.category, verdict.duty_kind,
           COALESCE(bit_or(place.low), 0) AS low, COALESCE(bit_or(place.high), 0) AS high
    {verdicts}
    LEFT JOIN place ON place.id = verdict.official_account_id
    WHERE verdict.tenant_id = :tenant_id AND verdict.campaign_id = :campaign_id {employee_within}
    GROUP BY 1, 2, 3, 4
), alike AS (
    SELECT unit_id, category, duty_kind, low, high, count(*) AS people
    FROM person GROUP BY 1, 2, 3, 4, 5
), found AS MATERIALIZED (
    SELECT alike.unit_id, alike.category, alike.duty_kind,
           ARRAY(SELECT place.id FROM place
                 WHERE alike.low & place.low <> 0 OR alike.high & place.high <> 0
                 ORDER BY place.number) AS official_account_ids,
           alike.people
    FROM alike
), gone AS (
    DELETE FROM verdict_people AS stored
    WHERE stored.tenant_id = :tenant_id AND stored.campaign_id = :campaign_id {stored_within}
      AND NOT EXISTS (
          SELECT 1 FROM found
          WHERE found.unit_id = stored.unit_id AND found.category = stored.category
            AND found.duty_kind = stored.duty_kind
            AND found.official_account_ids = stored.official_account_ids)
)
INSERT INTO verdict_people AS stored (
    tenant_id, campaign_id, unit_id, category, duty_kind, official_account_ids, people)
SELECT CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), found.* FROM found
ON CONFLICT (tenant_id, campaign_id, unit_id, category, duty_kind, official_account_ids)
DO UPDATE SET people = excluded.people WHERE stored.people <> excluded.people
"""


def _recounts(employee_within: str, stored_within: str) -> tuple[TextClause, TextClause]:
    parts = {
        "counts": COUNTS,
        "verdicts": VERDICTS,
        "employee_within": employee_within,
        "stored_within": stored_within,
    }
    return text(RECOUNT.format(**parts)), text(PEOPLE.format(**parts))


RECOUNT_ALL = _recounts("", "")
RECOUNT_UNITS = _recounts(
    "AND employee.unit_id = ANY(CAST(:units AS uuid[]))",
    "AND stored.unit_id = ANY(CAST(:units AS uuid[]))",
)


async def refresh(session: AsyncSession, tenant_id: UUID, campaign_id: UUID) -> None:
    """Bring a campaign's counts up to what this transaction sees of its verdicts.

    Only what marks name is counted, and only rows that differ are written. Waits for moves of
    employees that are under way, and makes later ones wait to the end of the transaction.
    """
    await session.execute(ALONE, {"tenant_id": str(tenant_id)})
    await _refresh_alone(session, {"tenant_id": tenant_id, "campaign_id": campaign_id})


async def current(session: AsyncSession, tenant_id: UUID, campaign_id: UUID) -> bool:
    """Whether the counts may be read in this transaction; outdated ones are first brought up.

    False where that would mean to wait for another: then the verdicts themselves are counted.
    """
    where = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    if await session.scalar(CURRENT, where):
        return True
    if not await session.scalar(IF_ALONE, {"tenant_id": str(tenant_id)}):
        return False
    await _refresh_alone(session, where)
    return True


async def _refresh_alone(session: AsyncSession, where: dict[str, UUID]) -> None:
    marks = (await session.execute(TAKE_MARKS, where)).one()
    if marks.everything:
        async with over_whole_tables(session):
            # Groups of all verdicts do not fit into what a small question is given.
            await session.execute(text("SET LOCAL work_mem = '64MB'"))
            for statement in RECOUNT_ALL:
                await session.execute(statement, where)
        return
    people = {"tenant_id": where["tenant_id"], "employees": marks.employees}
    units = {*marks.units, *(await session.scalars(UNITS_OF, people))}
    if units:
        for statement in RECOUNT_UNITS:
            await session.execute(statement, {**where, "units": list(units)})


# All accounts together less those of which nothing is told: mostly none is taken away.
TOLD = """
    SELECT counted.unit_id, counted.category, counted.duty_kind, counted.reasons, part.sign,
           part.sign * eligible AS eligible, part.sign * met AS met, part.sign * unmet AS unmet,
           part.sign * unknown AS unknown, part.sign * excused AS excused,
           part.sign * disputed AS disputed
    FROM verdict_counts AS counted
    CROSS JOIN LATERAL (
        SELECT CASE WHEN counted.official_account_id IS NULL THEN 1 ELSE -1 END AS sign) AS part
    JOIN work_units AS unit
      ON unit.tenant_id = counted.tenant_id AND unit.id = counted.unit_id
    WHERE counted.tenant_id = :tenant_id AND counted.campaign_id = :campaign_id
      AND (counted.official_account_id IS NULL
           OR counted.official_account_id = ANY(CAST(:paused AS uuid[])))
      AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
"""
# Of integers again, since sums of larger numbers are made in decimals, which takes longer.
SUMS = ", ".join(
    f"CAST(sum({name}) AS integer) AS {name}"
    for name in ("eligible", "met", "unmet", "unknown", "excused", "disputed")
)

TOTALS = text(f"""
SELECT duty_kind, {SUMS} FROM ({TOLD}) AS told
GROUP BY duty_kind HAVING sum(eligible) > 0 ORDER BY 1
""")  # noqa: S608 - Only the constants above are put into the statement.

REASONS = text(f"""
SELECT duty_kind, reason.key AS reason,
       CAST(sum(told.sign * CAST(reason.value AS integer)) AS bigint) AS people
FROM ({TOLD}) AS told CROSS JOIN jsonb_each(told.reasons) AS reason
GROUP BY 1, 2 HAVING sum(told.sign * CAST(reason.value AS integer)) > 0 ORDER BY 1, 3 DESC
""")  # noqa: S608 - Only the constants above are put into the statement.

BY_WORK_UNIT = text(f"""
WITH own AS (SELECT unit_id, duty_kind, {SUMS} FROM ({TOLD}) AS told GROUP BY 1, 2
), upward AS (
    SELECT above.id, duty_kind, {SUMS}
    FROM own
    JOIN work_units AS unit ON unit.tenant_id = :tenant_id AND unit.id = own.unit_id
    CROSS JOIN unnest(unit.ancestors) AS above (id)
    GROUP BY 1, 2 HAVING sum(eligible) > 0
)
SELECT above.id AS key, above.name, above.code, duty_kind, eligible, met, unmet, unknown, excused,
       disputed, cardinality(above.ancestors) AS depth
FROM upward
JOIN work_units AS above ON above.tenant_id = :tenant_id AND above.id = upward.id
WHERE CAST(:root AS uuid) IS NULL OR :root = ANY(above.ancestors)
ORDER BY depth, above.code, duty_kind
""")  # noqa: S608 - Only the constants above are put into the statement.

BY_CATEGORY = text(f"""
SELECT category AS key, category AS name, NULL AS code, duty_kind, {SUMS} FROM ({TOLD}) AS told
GROUP BY category, duty_kind HAVING sum(eligible) > 0 ORDER BY 1, 4
""")  # noqa: S608 - Only the constants above are put into the statement.

BY_ACCOUNT = f"""
WITH own AS (
    SELECT counted.official_account_id, counted.duty_kind, {SUMS}
    FROM verdict_counts AS counted
    JOIN work_units AS unit ON unit.tenant_id = counted.tenant_id AND unit.id = counted.unit_id
    WHERE counted.tenant_id = :tenant_id AND counted.campaign_id = :campaign_id
      AND counted.official_account_id <> ALL(CAST(:paused AS uuid[]))
      AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
    GROUP BY 1, 2
)
SELECT official.{{key}} AS key, official.{{name}} AS name, NULL AS code, duty_kind, {SUMS}
FROM own
JOIN official_accounts AS official
  ON official.tenant_id = :tenant_id AND official.id = own.official_account_id
GROUP BY official.{{key}}, official.{{name}}, duty_kind ORDER BY 2
"""  # noqa: S608 - Only the constants above are put into the statement.

RECAPS = {
    "work_unit": BY_WORK_UNIT,
    "category": BY_CATEGORY,
    "official_account": text(BY_ACCOUNT.format(key="id", name="name")),
    "platform": text(BY_ACCOUNT.format(key="platform", name="platform")),
}

# Of people whose accounts are all paused nothing is told, except that they were to declare some.
PEOPLE_TOLD = """
    FROM verdict_people AS counted
    JOIN work_units AS unit
      ON unit.tenant_id = counted.tenant_id AND unit.id = counted.unit_id
    WHERE counted.tenant_id = :tenant_id AND counted.campaign_id = :campaign_id
      AND (counted.official_account_ids = '{}'
           OR NOT counted.official_account_ids <@ CAST(:paused AS uuid[]))
      AND (CAST(:root AS uuid) IS NULL OR :root = ANY(unit.ancestors))
"""
PEOPLE_OF_ACCOUNTS = f"""
WITH alike AS (
    SELECT counted.duty_kind, counted.official_account_ids, sum(counted.people) AS people
    {PEOPLE_TOLD} GROUP BY 1, 2
), told AS (
    SELECT DISTINCT official.{{key}} AS key, alike.*
    FROM alike
    JOIN official_accounts AS official
      ON official.tenant_id = :tenant_id AND official.id = ANY(alike.official_account_ids)
     AND official.id <> ALL(CAST(:paused AS uuid[]))
)
SELECT CAST(key AS text) AS key, duty_kind, CAST(sum(people) AS bigint) AS people
FROM told GROUP BY 1, 2
""".replace("'{}'", "'{{}}'")  # noqa: S608 - Only the constants above are put into the statement.
PEOPLE_BY = {
    "category": text(
        "SELECT counted.category AS key, counted.duty_kind,"
        f" CAST(sum(counted.people) AS bigint) AS people {PEOPLE_TOLD} GROUP BY 1, 2"
    ),
    "official_account": text(PEOPLE_OF_ACCOUNTS.format(key="id")),
    "platform": text(PEOPLE_OF_ACCOUNTS.format(key="platform")),
}
UNIT_PEOPLE = text(
    "SELECT counted.unit_id, counted.duty_kind,"
    f" CAST(sum(counted.people) AS bigint) AS people {PEOPLE_TOLD} GROUP BY 1, 2"
)
