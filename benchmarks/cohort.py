"""A government of any size in the middle of a campaign, made by SQL and the same each time.

Everybody has one account on each of five platforms, and owes a follow to three official accounts
on each. Some four of five follow. Names and numbers are invented.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from app.core.crypto import registry_keys_of
from app.employees.sealing import sealed_nip
from app.settings import Settings

PLATFORMS = ("instagram", "tiktok", "threads", "x", "bluesky")
ASKED_ON = ("x", "bluesky")
OFFICIAL_PER_PLATFORM = 3
FIRST_BORN, SINCE = date(1970, 1, 1), date(2024, 1, 1)
LISTS_TAKEN = (timedelta(days=15), timedelta(days=8), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Cohort:
    """What was made: its tenant, campaign, top unit, and official accounts in order."""

    tenant_id: UUID
    campaign_id: UUID
    root_id: UUID
    official_account_ids: tuple[UUID, ...]


# Ids are of the form of UUIDv7 and ascend with their number, as those of the service do.
TOOLS = """
CREATE OR REPLACE FUNCTION pg_temp.id_of(kind text, number bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE RETURN CAST(
    lpad(to_hex(1764000000000 + number), 12, '0') || '7'
    || substr(md5(kind || number), 1, 3) || '8' || substr(md5(kind || number), 4, 15) AS uuid);
CREATE OR REPLACE FUNCTION pg_temp.chance(what text, number bigint) RETURNS integer
LANGUAGE sql IMMUTABLE RETURN CAST(
    mod(hashint8extended(number, hashtextextended(what, 0)) & 1073741823, 1000) AS integer);
"""

# A tree of three levels: the government, its offices of some 900 people, and their divisions.
UNITS = """
WITH unit AS (
    SELECT number, pg_temp.id_of($1 || 'unit', number) AS id,
           CASE WHEN number = 0 THEN NULL
                WHEN number <= $2 THEN 0
                ELSE mod(number - $2 - 1, $2) + 1 END AS above
    FROM generate_series(0, $2 * 5) AS number
)
INSERT INTO work_units (tenant_id, id, code, name, parent_id, ancestors)
SELECT $3, unit.id, 'U' || unit.number, 'Unit ' || unit.number,
       pg_temp.id_of($1 || 'unit', above),
       CASE WHEN above IS NULL THEN ARRAY[unit.id]
            WHEN above = 0 THEN ARRAY[pg_temp.id_of($1 || 'unit', 0), unit.id]
            ELSE ARRAY[pg_temp.id_of($1 || 'unit', 0), pg_temp.id_of($1 || 'unit', above),
                       unit.id] END
FROM unit ORDER BY unit.number
"""

EMPLOYEES = """
INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, declaration)
SELECT $3, pg_temp.id_of($1 || 'employee', number), 'Pegawai ' || number,
       CASE WHEN mod(number, 10) < 4 THEN 'pns' WHEN mod(number, 10) < 9 THEN 'pppk'
            ELSE 'pppk_paruh_waktu' END,
       CASE WHEN pg_temp.chance('standing', number) < 20 THEN 'on_leave' ELSE 'active' END,
       pg_temp.id_of($1 || 'unit', mod(number, $2 * 5) + 1), 'declared'
FROM generate_series(1, $4) AS number
"""

NIP_IDS = """
SELECT number, pg_temp.id_of($1 || 'nip', number) AS id,
       pg_temp.id_of($1 || 'employee', number) AS employee_id
FROM generate_series(1, $2) AS number
"""

# Of a thousand accounts 900 are verified, 20 private, 10 missing, 10 contested, the rest unproven.
ACCOUNTS = """
INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, platform_id, state,
                      declared_at, verified_at, verified_by, attested_at, platform_id_since,
                      unseen_since)
SELECT $2, pg_temp.id_of($1 || 'account', number * 5 + place),
       pg_temp.id_of($1 || 'employee', number), ($4::text[])[place],
       'pegawai' || number, $1 || number, state, $5::timestamptz - interval '40 days',
       CASE WHEN proven THEN $5 - interval '35 days' END, CASE WHEN proven THEN 'attested' END,
       CASE WHEN proven THEN $5 - interval '35 days' END,
       $5 - interval '39 days', CASE state WHEN 'missing' THEN $5 - interval '5 days' END
FROM generate_series(1, $3) AS number
CROSS JOIN generate_series(1, 5) AS place
CROSS JOIN LATERAL pg_temp.chance('state', number * 5 + place) AS lot
CROSS JOIN LATERAL (
    SELECT CASE WHEN lot < 900 THEN 'verified' WHEN lot < 920 THEN 'private'
                WHEN lot < 930 THEN 'missing' WHEN lot < 940 THEN 'contested'
                ELSE 'exists' END AS state, lot < 930 AS proven
) AS held
"""

OFFICIAL = """
INSERT INTO official_accounts (tenant_id, id, platform, handle, name, owner_kind,
                               poll_interval_seconds, active)
SELECT $2, pg_temp.id_of($1 || 'official', number), ($3::text[])[(number - 1) / $4 + 1],
       'resmi' || number, 'Akun resmi ' || number, 'office', 300, true
FROM generate_series(1, cardinality($3::text[]) * $4) AS number
"""

CAMPAIGN = """
WITH made AS (
    INSERT INTO campaigns (tenant_id, id, title, legal_basis, document_number, starts_at, ends_at,
                           expected_gain, stale_after_days, grace_days, cohort_filter,
                           cohort_size, cohort_hash, cohort_frozen_at)
    VALUES ($2, pg_temp.id_of($1 || 'campaign', 1), 'Mengikuti akun resmi', 'Surat edaran',
            '800/1/2026', $4::timestamptz - interval '30 days', $4 + interval '60 days', $3, 30, 7,
            '{"categories": [], "unit_ids": []}', $3, sha256('cohort'),
            $4 - interval '30 days')
    RETURNING id
), duty AS (
    INSERT INTO duties (tenant_id, id, campaign_id, kind, platforms, mode)
    SELECT $2, pg_temp.id_of($1 || kind, 1), made.id, kind, '{}', mode
    FROM made, (VALUES ('declare', 'any'), ('follow', 'each')) AS asked (kind, mode)
), named AS (
    INSERT INTO campaign_official_accounts (tenant_id, campaign_id, official_account_id, position)
    SELECT $2, made.id, official.id, row_number() OVER (ORDER BY official.id)
    FROM made, official_accounts AS official WHERE official.tenant_id = $2
), extended AS (
    INSERT INTO extensions (tenant_id, id, campaign_id, employee_id, due_on, officer, reason,
                            granted_at, recorded_by)
    SELECT $2, pg_temp.id_of($1 || 'extension', number), made.id,
           pg_temp.id_of($1 || 'employee', number), CAST($4 + interval '10 days' AS date),
           'Petugas', 'Dinas luar', $4 - interval '3 days', 'bench'
    FROM made, generate_series(1, $3, 200) AS number
), excused AS (
    INSERT INTO excuses (tenant_id, id, campaign_id, employee_id, reason, document_number,
                         starts_on, granted_by, granted_at, actor)
    SELECT $2, pg_temp.id_of($1 || 'excuse', number), made.id,
           pg_temp.id_of($1 || 'employee', number), 'Cuti', '800/2/2026',
           CAST($4 - interval '3 days' AS date), 'Petugas', $4 - interval '3 days', 'bench'
    FROM made, generate_series(2, $3, 100) AS number
)
INSERT INTO campaign_members (tenant_id, campaign_id, employee_id, joined_on)
SELECT $2, made.id, employee.id, CAST($4 - interval '30 days' AS date)
FROM made, employees AS employee WHERE employee.tenant_id = $2
"""

LISTS = """
INSERT INTO follower_lists (tenant_id, id, official_account_id, platform, source, digest,
                            taken_at, matched_at, listed, matched, deleted, reached_end,
                            certificate, reasons, recorded_by, recorded_at)
SELECT official.tenant_id, pg_temp.id_of($1 || official.id, $3), official.id, official.platform,
       'owner_export', sha256(convert_to($1 || official.id || $3::bigint, 'UTF8')),
       $4::timestamptz, $4::timestamptz, 100000, 0, 0, true, 'complete', '{}', 'bench',
       $4::timestamptz
FROM official_accounts AS official WHERE official.tenant_id = $2
"""

# Who follows has been on every list; who does not, on none of them.
FOLLOWS = """
INSERT INTO follows (tenant_id, id, official_account_id, account_id, first_seen_at, last_seen_at,
                     first_listed_at, last_listed_at, first_kind, first_id, last_kind, last_id)
SELECT $2, gen_random_uuid(), official.id, account.id, $3, $5, $3, $5,
       'follower_list', pg_temp.id_of($1 || official.id, $4),
       'follower_list', pg_temp.id_of($1 || official.id, $6)
FROM official_accounts AS official
JOIN accounts AS account
  ON account.tenant_id = official.tenant_id AND account.platform = official.platform
WHERE official.tenant_id = $2
  AND pg_temp.chance(official.id || 'follows', hashtextextended(account.id::text, 0)) < 800
ORDER BY official.id, account.id
"""

PAIRS = """
INSERT INTO pair_answers (tenant_id, id, official_account_id, account_id, slot, asked_at, answer,
                          source)
SELECT account.tenant_id, gen_random_uuid(), follow.official, account.id, $2, $2,
       CASE WHEN follow.held THEN 'follows' ELSE 'does_not_follow' END, 'platform_pair'
FROM accounts AS account
CROSS JOIN LATERAL (
    SELECT official.id AS official, EXISTS (
        SELECT 1 FROM follows AS held
        WHERE held.tenant_id = $1 AND held.official_account_id = official.id
          AND held.account_id = account.id) AS held
    FROM official_accounts AS official
    WHERE official.tenant_id = $1 AND official.platform = account.platform
) AS follow
WHERE account.tenant_id = $1 AND account.platform = ANY($3::text[])
ORDER BY follow.official, account.id
"""

# Of a new list, one follower in two hundred is missing, and as many new ones have come.
MOVE = """
UPDATE follows AS follow
SET last_seen_at = $2, last_listed_at = $2, last_kind = 'follower_list',
    last_id = pg_temp.id_of($3 || follow.official_account_id, $4)
WHERE follow.tenant_id = $1 AND follow.closed_at IS NULL
  AND pg_temp.chance('stays' || $4::bigint, hashtextextended(follow.id::text, 0)) >= 5
"""
END = """
UPDATE follows AS follow
SET closed_at = $2, closed_by_kind = 'follower_list',
    closed_by_id = pg_temp.id_of($3 || follow.official_account_id, $4)
WHERE follow.tenant_id = $1 AND follow.closed_at IS NULL AND follow.last_seen_at < $2
"""
COME = """
INSERT INTO follows (tenant_id, id, official_account_id, account_id, first_seen_at, last_seen_at,
                     first_listed_at, last_listed_at, first_kind, first_id, last_kind, last_id)
SELECT $1, gen_random_uuid(), official.id, account.id, $2, $2, $2, $2,
       'follower_list', pg_temp.id_of($3 || official.id, $4),
       'follower_list', pg_temp.id_of($3 || official.id, $4)
FROM official_accounts AS official
JOIN accounts AS account
  ON account.tenant_id = official.tenant_id AND account.platform = official.platform
WHERE official.tenant_id = $1
  AND pg_temp.chance('comes' || $4::bigint || official.id,
                     hashtextextended(account.id::text, 0)) < 25
  AND NOT EXISTS (
      SELECT 1 FROM follows AS held
      WHERE held.tenant_id = $1 AND held.official_account_id = official.id
        AND held.account_id = account.id)
"""


async def make_cohort(
    connection: asyncpg.Connection, people: int, *, now: datetime, slug: str = "cohort"
) -> Cohort:
    """Make the world as it stands at `now`; the connection is the database owner's.

    Left out are matches of single lists, counts of followers, and the verdicts themselves.
    """
    async with connection.transaction():
        # The rows refer to each other by the way they are made: to check each would take minutes.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(TOOLS)
        tenant_id = await connection.fetchval(
            "INSERT INTO tenants (id, slug, name)"
            " VALUES (pg_temp.id_of($1 || 'tenant', 1), $1, $1) RETURNING id",
            slug,
        )
        offices = max(1, people // 900)
        await connection.execute(UNITS, slug, offices, tenant_id)
        await connection.execute(EMPLOYEES, slug, offices, tenant_id, people)
        await _give_nips(connection, slug, tenant_id, people)
        await connection.execute(ACCOUNTS, slug, tenant_id, people, list(PLATFORMS), now)
        await connection.execute(OFFICIAL, slug, tenant_id, list(PLATFORMS), OFFICIAL_PER_PLATFORM)
        await connection.execute(CAMPAIGN, slug, tenant_id, people, now)
        await _observe(connection, slug, tenant_id, now)
    await connection.execute("ANALYZE")
    campaign_id, root_id = await connection.fetchrow(
        "SELECT pg_temp.id_of($1 || 'campaign', 1), pg_temp.id_of($1 || 'unit', 0)", slug
    )
    found = await connection.fetch(
        "SELECT id FROM official_accounts WHERE tenant_id = $1 ORDER BY id", tenant_id
    )
    return Cohort(tenant_id, campaign_id, root_id, tuple(row["id"] for row in found))


async def _give_nips(
    connection: asyncpg.Connection, slug: str, tenant_id: UUID, people: int
) -> None:
    """Seal everybody's NIP under the keys of the environment, where there are any."""
    keys = registry_keys_of(Settings())
    if keys is None:
        return
    records = []
    for row in await connection.fetch(NIP_IDS, slug, people):
        day = FIRST_BORN + timedelta(days=row["number"] // 999)
        nip = f"{day:%Y%m%d}2024211{row['number'] % 999 + 1:03}"
        hidden = sealed_nip(keys, tenant_id, nip)
        records.append((tenant_id, row["id"], row["employee_id"], *hidden.values(), SINCE))
    columns = ("tenant_id", "id", "employee_id", "nip_hash", "key_id", "sealed", "valid_from")
    await connection.copy_records_to_table("employee_nips", records=records, columns=columns)


async def _observe(
    connection: asyncpg.Connection, slug: str, tenant_id: UUID, now: datetime
) -> None:
    for number, ago in enumerate(LISTS_TAKEN):
        await connection.execute(LISTS, slug, tenant_id, number, now - ago)
    first, last = now - LISTS_TAKEN[0], now - LISTS_TAKEN[-1]
    await connection.execute(FOLLOWS, slug, tenant_id, first, 0, last, len(LISTS_TAKEN) - 1)
    await connection.execute(PAIRS, tenant_id, now - timedelta(days=2), list(ASKED_ON))


async def take_lists(
    connection: asyncpg.Connection,
    cohort: Cohort,
    *,
    taken_at: datetime,
    number: int,
    slug: str = "cohort",
) -> None:
    """One more complete list of every official account, the fourth being number 3."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(TOOLS)
        await connection.execute(LISTS, slug, cohort.tenant_id, number, taken_at)
        for step in (MOVE, END, COME):
            await connection.execute(step, cohort.tenant_id, taken_at, slug, number)
    await connection.execute("ANALYZE follows, follower_lists")
