"""Upgrading a database that is in use: nothing is lost, and the owner need be no superuser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.core.db import plain_url
from app.employees.sealing import opened_nip
from app.settings import get_settings
from migrations import migrate
from migrations.keys import RegistryKeysNeeded
from tests.api.test_nips_at_rest import Row
from tests.conftest import REGISTRY, fresh_database
from tests.support import nip

TENANT, UNIT, PERSON, ACCOUNT, OFFICIAL = (UUID(int=n) for n in range(1, 6))
CAMPAIGN, DUTY, EARLIER, LATER, OPEN, CLOSED, VERDICT = (UUID(int=n) for n in range(6, 13))
OWNER = "some_owner"
# Rights over the two roles, since another database of the server may have made them already.
PLAIN_OWNER = f"""
DROP ROLE IF EXISTS {OWNER};
CREATE ROLE {OWNER} LOGIN PASSWORD '{OWNER}' NOSUPERUSER NOBYPASSRLS CREATEROLE;
GRANT simedsos_app, simedsos_system TO {OWNER} WITH ADMIN OPTION;
ALTER DATABASE {{name}} OWNER TO {OWNER};
"""
# One of everything that the revisions after it change, as the release of 0007 wrote it.
IN_USE = f"""
INSERT INTO tenants (id, slug, name) VALUES ('{TENANT}', 'sumsel', 'Pemprov Sumsel');
INSERT INTO work_units (tenant_id, id, code, name, ancestors)
VALUES ('{TENANT}', '{UNIT}', '16', 'Setda', '{{{UNIT}}}');
INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, declaration)
VALUES ('{TENANT}', '{PERSON}', 'Pegawai 1', 'pns', 'active', '{UNIT}', 'verified');
INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, state, declared_at,
                      verified_at, verified_by)
VALUES ('{TENANT}', '{ACCOUNT}', '{PERSON}', 'instagram', 'satu', 'verified', '2026-05-01',
        '2026-06-01', 'key:tests');
INSERT INTO official_accounts (tenant_id, id, platform, handle, name, owner_kind,
                               poll_interval_seconds, active)
VALUES ('{TENANT}', '{OFFICIAL}', 'instagram', 'pemprov', 'Pemprov', 'office', 3600, true);
INSERT INTO campaigns (tenant_id, id, title, legal_basis, document_number, starts_at, ends_at,
                       expected_gain, stale_after_days, cohort_filter, cohort_size, cohort_hash,
                       cohort_frozen_at)
VALUES ('{TENANT}', '{CAMPAIGN}', 'Ikuti', 'SE', '1', '2026-11-01', '2026-12-01', 9, 30,
        '{{"categories": [], "unit_ids": []}}', 1, '\\x00', '2026-11-01');
INSERT INTO campaign_members (tenant_id, campaign_id, employee_id, joined_on)
VALUES ('{TENANT}', '{CAMPAIGN}', '{PERSON}', '2026-11-01');
INSERT INTO duties (tenant_id, id, campaign_id, kind, platforms, mode)
VALUES ('{TENANT}', '{DUTY}', '{CAMPAIGN}', 'follow', '{{}}', 'any');
INSERT INTO follower_lists (tenant_id, id, official_account_id, platform, source, digest, taken_at,
                            listed, matched, deleted, reached_end, certificate, reasons,
                            recorded_by)
SELECT '{TENANT}', list, '{OFFICIAL}', 'instagram', 'owner_export', CAST(list AS text)::bytea,
       taken_at, 1, 1, 0, true, 'complete', '{{}}', 'key:tests'
FROM (VALUES (CAST('{EARLIER}' AS uuid), CAST('2026-11-02Z' AS timestamptz)),
             ('{LATER}', '2026-11-05Z')) AS lists (list, taken_at);
INSERT INTO follows (tenant_id, id, official_account_id, account_id, began_at, first_seen_at,
                     last_seen_at, first_list_id, last_list_id, closed_at, closed_by_list_id)
VALUES ('{TENANT}', '{CLOSED}', '{OFFICIAL}', '{ACCOUNT}', '2026-10-01Z', '2026-11-02Z',
        '2026-11-02Z', '{EARLIER}', '{EARLIER}', '2026-11-03Z', '{LATER}'),
       ('{TENANT}', '{OPEN}', '{OFFICIAL}', '{ACCOUNT}', NULL, '2026-11-04Z',
        '2026-11-05Z', '{EARLIER}', '{LATER}', NULL, NULL);
INSERT INTO verdicts (tenant_id, id, campaign_id, employee_id, duty_id, duty_kind,
                      official_account_id, account_id, verdict, reason, basis, evidence_ids,
                      disputed, decided_at)
VALUES ('{TENANT}', '{VERDICT}', '{CAMPAIGN}', '{PERSON}', '{DUTY}', 'follow', '{OFFICIAL}',
        '{ACCOUNT}', 'unmet', 'absent_from_two_complete_lists', 'complete_lists',
        '{{{EARLIER},{LATER}}}', false, '2026-11-06Z');
INSERT INTO changes (tenant_id, kind, subject_id, actor, at, facts)
VALUES ('{TENANT}', 'campaign:evaluated', '{CAMPAIGN}', 'worker:evaluate', '2026-11-06Z', '{{}}');
"""  # noqa: S608 - Only the constants above are put into the statements.


CARRIED_OVER = """
SELECT (SELECT attested_at = verified_at FROM accounts),
       (SELECT unmet_since = decided_at FROM verdicts),
       (SELECT grace_days FROM campaigns),
       (SELECT count(*) FROM list_matches),
       (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)
"""
FOLLOWS = """
SELECT id, first_id, last_id, first_listed_at = first_seen_at, last_listed_at = last_seen_at,
       closed_by_id, closed_by_kind
FROM follows ORDER BY id
"""
# Tables of tenants whose owner the walls would let through.
UNWALLED = """
SELECT relname FROM pg_class AS seen
WHERE relkind = 'r' AND NOT (relrowsecurity AND relforcerowsecurity)
  AND EXISTS (SELECT 1 FROM pg_attribute
              WHERE attrelid = seen.oid AND attname = 'tenant_id')
"""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(plain_url(url))
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture(params=["superuser", "plain-owner"])
async def empty(
    server_url: str, database_url: str, request: pytest.FixtureRequest
) -> tuple[str, str]:
    """An empty database: as its owner reaches it, and as the superuser does."""
    name = f"upgrade_{request.param.replace('-', '_')}"
    url = await fresh_database(server_url, name)
    if request.param == "superuser":
        return url, url
    async with connected(url) as connection:
        await connection.execute(PLAIN_OWNER.format(name=name))
    return str(httpx.URL(url).copy_with(username=OWNER, password=OWNER)), url


@pytest.fixture
async def in_use(empty: tuple[str, str]) -> tuple[str, str]:
    """A database at 0007 with data in it."""
    owned, url = empty
    await migrate(owned, "0007")
    async with connected(url) as connection:
        await connection.execute(IN_USE)
    return empty


async def test_lists_that_cost_money_are_not_read_unasked_after_an_upgrade(empty):
    owned, url = empty
    await migrate(owned, "0005")
    async with connected(url) as connection:
        await connection.execute(f"""
            INSERT INTO tenants (id, slug, name) VALUES ('{TENANT}', 'sumsel', 'Pemprov Sumsel');
            INSERT INTO official_accounts (tenant_id, id, platform, handle, name, owner_kind,
                                           poll_interval_seconds, active)
            VALUES ('{TENANT}', '{OFFICIAL}', 'x', 'pemprov', 'Pemprov', 'office', 3600, true),
                   ('{TENANT}', '{LATER}', 'bluesky', 'p.id', 'Pemprov', 'office', 3600, true);
        """)  # noqa: S608 - Only the constants above are put into the statement.
    await migrate(owned, "0006")
    async with connected(url) as connection:
        read = await connection.fetch("SELECT platform, read_list FROM official_accounts")
    assert {each["platform"]: each["read_list"] for each in read} == {"x": False, "bluesky": True}


async def test_what_was_there_is_carried_over_and_walled_in_again(in_use):
    owned, url = in_use
    await migrate(owned)
    async with connected(url) as connection:
        carried = await connection.fetchrow(CARRIED_OVER)
        follows = await connection.fetch(FOLLOWS)
        unwalled = await connection.fetch(UNWALLED)
    assert tuple(carried) == (True, True, 0, 3, 0)
    assert [tuple(each) for each in follows] == [
        (OPEN, EARLIER, LATER, True, True, None, None),
        (CLOSED, EARLIER, EARLIER, True, True, LATER, "follower_list"),
    ]
    assert unwalled == []


PLAIN_NIPS = f"""
UPDATE campaigns SET title = title;
INSERT INTO employee_nips (tenant_id, id, employee_id, nip, valid_from, known_from)
VALUES ('{TENANT}', '{EARLIER}', '{PERSON}', '{nip(1)}', '2026-11-01', '2026-11-01');
UPDATE employee_nips SET valid_to = '2026-11-05', known_from = '2026-11-05';
INSERT INTO employee_nips (tenant_id, id, employee_id, nip, valid_from)
VALUES ('{TENANT}', '{LATER}', '{PERSON}', '{nip(2)}', '2026-11-05');
INSERT INTO imports (tenant_id, id, kind, state, digest, rows, accepted, rejected, inserted,
                     changed, unchanged, created_by)
VALUES ('{TENANT}', '{OPEN}', 'employees', 'previewed', '\\x00', 1, 1, 0, 1, 0, 0, 'key:tests');
INSERT INTO import_rows (tenant_id, import_id, line, fields)
VALUES ('{TENANT}', '{OPEN}', 2, '{{{nip(3)},Pegawai,pppk,16,NULL,active,NULL,NULL}}');
INSERT INTO idempotency_records (tenant_id, caller_id, key, request_digest, status, body)
VALUES ('{TENANT}', '{UNIT}', 'k', '\\x00', 201, convert_to('{{"nip": "{nip(2)}"}}', 'UTF8'));
"""  # noqa: S608 - Only the constants above are put into the statements.
STORED = """
SELECT string_agg(CAST(row AS text), ' ') FROM (
    SELECT CAST(n AS text) AS row FROM employee_nips AS n
    UNION ALL SELECT CAST(p AS text) FROM employee_nips_past AS p
    UNION ALL SELECT encode(body, 'escape') FROM idempotency_records
    UNION ALL SELECT CAST(r AS text) FROM import_rows AS r) AS stored
"""


async def test_nips_that_were_stored_as_they_are_are_sealed(in_use, monkeypatch):
    owned, url = in_use
    assert REGISTRY is not None
    await migrate(owned, "0021")
    async with connected(url) as connection:
        await connection.execute(PLAIN_NIPS)
    for name in ("SIMEDSOS_REGISTRY_KEYS", "SIMEDSOS_LOOKUP_KEY"):
        monkeypatch.delenv(name)
    get_settings.cache_clear()
    with pytest.raises(RegistryKeysNeeded, match="nothing was changed"):
        await migrate(owned)
    get_settings.cache_clear()
    async with connected(url) as connection:
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "0021"
        assert nip(2) in await connection.fetchval(STORED)
    await migrate(owned, registry=REGISTRY)
    async with connected(url) as connection:
        stored = await connection.fetchval(STORED)
        rows = await connection.fetch(
            "SELECT nip_hash, key_id, sealed FROM employee_nips ORDER BY valid_from"
        )
        past = await connection.fetch("SELECT nip_hash, key_id, sealed FROM employee_nips_past")
        [waiting] = await connection.fetch("SELECT fields FROM import_rows")
        await connection.execute("CHECKPOINT")
        files = [
            await connection.fetchval(f"SELECT pg_read_binary_file(pg_relation_filepath('{name}'))")
            for name in (
                "employee_nips",
                "employee_nips_past",
                "import_rows",
                "idempotency_records",
            )
        ]
    told = [opened_nip(REGISTRY, TENANT, Row(**each)) for each in (*rows, *past)]
    assert told == [nip(1), nip(2), nip(1)]
    assert waiting["fields"][0] == REGISTRY.lookup(TENANT, nip(3)).hex()
    assert len(waiting["fields"]) == 9
    for number in (1, 2, 3):
        assert nip(number) not in stored
        assert not any(nip(number).encode() in content for content in files)
