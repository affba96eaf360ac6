"""What it costs to remember: changing 100,000 verdicts, and asking about their past."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.operator import operator_of
from app.compliance import answers
from app.compliance.replaying import enter_campaigns_past
from app.core.clock import SettableClock
from app.core.db import Database, make_engine
from app.core.moments import moments_of
from app.identity import service as identity
from benchmarks.measuring import Measured, durable_server, peak_memory, report
from migrations import migrate

PEOPLE = 100_000
UNITS = 200
ROUNDS = 3
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAMPAIGN = UUID(int=2)

# One campaign whose members have an account each, written past the service.
INVENTED = (
    """
    INSERT INTO work_units (tenant_id, id, code, name, parent_id, ancestors)
    VALUES (:tenant, CAST(:root AS uuid), '16', 'Provinsi', NULL, ARRAY[CAST(:root AS uuid)])
    """,
    """
    INSERT INTO work_units (tenant_id, id, code, name, parent_id, ancestors)
    SELECT :tenant, unit, '16.' || number, 'Dinas ' || number, :root,
           ARRAY[CAST(:root AS uuid), unit]
    FROM (SELECT number, gen_random_uuid() AS unit
          FROM generate_series(1, :units) AS number) AS made
    """,
    """
    INSERT INTO employees (tenant_id, id, name, category, standing, unit_id, declaration)
    SELECT :tenant, gen_random_uuid(), 'Pegawai ' || number, 'pppk', 'active', unit.id, 'declared'
    FROM generate_series(1, :people) AS number
    JOIN work_units AS unit ON unit.code = '16.' || (1 + number % :units)
    """,
    """
    INSERT INTO accounts (tenant_id, id, employee_id, platform, handle, state, declared_at)
    SELECT :tenant, gen_random_uuid(), id, 'instagram', 'akun' || row_number() OVER (), 'declared',
           CAST(:began AS timestamptz)
    FROM employees
    """,
    """
    INSERT INTO official_accounts (tenant_id, id, platform, handle, name, owner_kind,
                                   poll_interval_seconds, active)
    VALUES (:tenant, CAST(:official AS uuid), 'instagram', 'pemprov', 'Pemprov', 'office', 3600,
            true)
    """,
    """
    INSERT INTO campaigns (tenant_id, id, title, legal_basis, document_number, starts_at, ends_at,
                           expected_gain, stale_after_days, cohort_filter, cohort_size, cohort_hash,
                           cohort_frozen_at)
    VALUES (:tenant, CAST(:campaign AS uuid), 'Ikuti', 'SE', '1', :began,
            CAST(:began AS timestamptz) + interval '90 days', 9, 30,
            '{"categories": [], "unit_ids": []}', :people, '\\x00', :began)
    """,
    """
    INSERT INTO campaign_official_accounts (tenant_id, campaign_id, official_account_id, position)
    VALUES (:tenant, :campaign, :official, 0)
    """,
    """
    INSERT INTO duties (tenant_id, id, campaign_id, kind, platforms, mode)
    VALUES (:tenant, gen_random_uuid(), :campaign, 'follow', '{}', 'any')
    """,
    """
    INSERT INTO campaign_members (tenant_id, campaign_id, employee_id, joined_on)
    SELECT :tenant, :campaign, id, '2026-11-01' FROM employees
    """,
    """
    INSERT INTO verdicts (tenant_id, id, campaign_id, employee_id, duty_id, duty_kind,
                          official_account_id, verdict, reason, basis, evidence_ids, disputed,
                          decided_at)
    SELECT :tenant, gen_random_uuid(), :campaign, employee.id, duty.id, 'follow', :official,
           'unknown', 'never_checked', 'none', '{}', false, :began
    FROM employees AS employee CROSS JOIN duties AS duty
    """,
)
CHANGE = text("""
UPDATE verdicts SET evidence_ids = ARRAY[gen_random_uuid(), gen_random_uuid()],
                    decided_at = decided_at + interval '1 second'
""")
Work = Callable[[AsyncSession], Awaitable[object]]


async def seconds(database: Database, tenant_id: UUID, work: Work) -> float:
    """How long a transaction takes, to the end of its commit."""
    begun = time.perf_counter()
    async with database.transaction(tenant_id) as session:
        await work(session)
    return time.perf_counter() - begun


async def invent(database: Database, tenant_id: UUID) -> None:
    where = {
        "tenant": tenant_id, "root": UUID(int=1), "campaign": CAMPAIGN, "official": UUID(int=3),
        "people": PEOPLE, "units": UNITS, "began": BEGAN,
    }  # fmt: skip
    async with database.transaction(tenant_id) as session:
        for statement in INVENTED:
            statement_of = text(statement)
            names = statement_of.compile().params
            await session.execute(statement_of, {name: where[name] for name in names})


async def set_triggers(database: Database, state: str) -> None:
    """Let the versions of verdicts be kept, or not, as the owner of the table."""
    async with database.system() as session:
        await session.execute(text("SELECT set_config('role', 'none', true)"))
        await session.execute(text(f"ALTER TABLE verdicts {state} TRIGGER USER"))


async def changing(
    database: Database, tenant_id: UUID, clock: SettableClock
) -> tuple[list[float], list[float]]:
    """Seconds to change every verdict: with its version kept, and without; in turns."""

    async def change(session: AsyncSession) -> None:
        await session.execute(CHANGE)

    kept: list[float] = []
    bare: list[float] = []
    for _ in range(ROUNDS):
        for found, state in ((kept, "ENABLE"), (bare, "DISABLE")):
            await set_triggers(database, state)
            clock.at += HOUR
            found.append(await seconds(database, tenant_id, change))
    await set_triggers(database, "ENABLE")
    return kept, bare


async def recap(
    database: Database,
    tenant_id: UUID,
    now: datetime,
    known_at: datetime | None,
    valid_at: datetime | None,
) -> float:
    """Seconds of one recap by unit, as its route answers it."""
    caller, asked = operator_of(tenant_id), moments_of(valid_at, known_at, now=now)

    async def answer(session: AsyncSession) -> None:
        past = await enter_campaigns_past(session, caller, asked, CAMPAIGN, now=now)
        told = await answers.recap(
            session, caller, CAMPAIGN, "work_unit", now=asked.valid_at, past=past
        )
        assert len(told.items) == UNITS + 1

    return await seconds(database, tenant_id, answer)


async def measure(server_url: str) -> list[Measured]:
    """The cost of keeping versions, and of asking about the past."""
    await migrate(server_url)
    engine, clock = make_engine(server_url), SettableClock(BEGAN)
    database = Database(engine, clock)
    try:
        async with database.system() as session:
            tenant_id = await identity.create_tenant(session, slug="bench", name="Bench")
        await invent(database, tenant_id)
        kept, bare = await changing(database, tenant_id, clock)
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text("VACUUM ANALYZE"))
            size = await connection.scalar(text("SELECT pg_total_relation_size('verdicts_past')"))
        now, then = clock.at, BEGAN + HOUR + HOUR / 2
        asked = {"present": (None, None), "known": (then, None), "valid": (None, then)}
        times = {
            name: [await recap(database, tenant_id, now, *pair) for _ in range(ROUNDS)]
            for name, pair in asked.items()
        }
    finally:
        await engine.dispose()
    return lines(kept, bare, times, size / (PEOPLE * ROUNDS))


def lines(
    kept: list[float], bare: list[float], times: dict[str, list[float]], bytes_each: float
) -> list[Measured]:
    """The medians of the rounds."""
    with_versions, without = statistics.median(kept), statistics.median(bare)
    present = statistics.median(times["present"])
    found = [
        Measured(
            what="changing every verdict, each version kept",
            size=f"{PEOPLE} verdicts, {ROUNDS} rounds, {bytes_each:.0f} B for each version",
            measured=f"{with_versions:.2f} s",
            floor=f"{without:.2f} s (no version kept)",
            ratio=f"{with_versions / without:.1f}x the floor",
        )
    ]
    for name, what in (("known", "known_at"), ("valid", "valid_at, judged anew")):
        median = statistics.median(times[name])
        found.append(
            Measured(
                what=f"recap by unit with {what}",
                size=f"{PEOPLE} verdicts, {UNITS} units, {ROUNDS} versions of each",
                measured=f"{median:.2f} s",
                floor=f"{present:.2f} s (the present)",
                ratio=f"{median / present:.1f}x the floor",
            )
        )
    return found


def main() -> None:
    """Measure and report."""
    with durable_server() as (server_url, _):
        found = asyncio.run(measure(server_url))
    report(found, peak=peak_memory())


if __name__ == "__main__":
    main()
