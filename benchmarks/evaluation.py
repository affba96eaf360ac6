"""Judging a whole campaign: 60,000 people, five platforms, three official accounts on each."""

import argparse
import asyncio
import resource
import time
from datetime import datetime, timedelta

import asyncpg

from app.compliance import service as compliance
from app.core.clock import SystemClock
from app.core.db import Database, make_engine, plain_url
from benchmarks.cohort import LISTS_TAKEN, Cohort, make_cohort, take_lists
from benchmarks.measuring import Measured, durable_server, peak_memory, report
from migrations import migrate

PEOPLE = 60_000
DEMANDED_SECONDS = 20.0

BARE = "CREATE TABLE bare (LIKE verdicts INCLUDING ALL)"
BARE_INSERT = "INSERT INTO bare SELECT * FROM verdicts"
BARE_UPDATE = "UPDATE bare SET evidence_ids = evidence_ids || account_id, decided_at = now()"


async def evaluate_once(database: Database, cohort: Cohort, now: datetime) -> tuple[float, int]:
    """Seconds of one evaluation to the end of its commit, and how many verdicts it changed."""
    begun = time.perf_counter()
    async with database.transaction(cohort.tenant_id) as session:
        changed = await compliance.evaluate(session, cohort.tenant_id, cohort.campaign_id, now=now)
    return time.perf_counter() - begun, changed


async def bare_once(connection: asyncpg.Connection, statement: str) -> float:
    """Seconds of one statement over as many rows, to the end of its commit."""
    begun = time.perf_counter()
    await connection.execute(statement)
    return time.perf_counter() - begun


async def measure(server_url: str, people: int) -> list[Measured]:
    """The first evaluation, one after a new list of every official account, and one of no news."""
    await migrate(server_url)
    engine = make_engine(server_url)
    database = Database(engine)
    connection = await asyncpg.connect(plain_url(server_url))
    now = SystemClock().now()
    later = now + timedelta(hours=1)
    try:
        cohort = await make_cohort(connection, people, now=now)
        first = await evaluate_once(database, cohort, now)
        await connection.execute(BARE)
        inserting = await bare_once(connection, BARE_INSERT)
        await take_lists(connection, cohort, taken_at=later, number=len(LISTS_TAKEN))
        again = await evaluate_once(database, cohort, later)
        updating = await bare_once(connection, BARE_UPDATE)
        quiet = await evaluate_once(database, cohort, later + timedelta(minutes=15))
    finally:
        await connection.close()
        await engine.dispose()
    inserted, updated = ("INSERT ... SELECT", inserting), ("UPDATE", updating)
    return [
        line("first evaluation", people, first, inserted),
        line("evaluation after a new list of each", people, again, updated),
        line("evaluation without news", people, quiet, inserted),
    ]


def line(what: str, people: int, found: tuple[float, int], floor: tuple[str, float]) -> Measured:
    """One line; the floor is a bare statement over as many rows of the same shape and indexes."""
    seconds, changed = found
    judged = people * 16
    return Measured(
        what=what,
        size=f"{people:,} people, {judged:,} verdicts asked, {changed:,} written",
        measured=f"{seconds:.1f} s, {judged / seconds:,.0f} verdicts/s",
        floor=f"{floor[1]:.1f} s ({floor[0]})",
        ratio=f"{seconds / floor[1]:.1f}x the floor",
        demand=f"< {DEMANDED_SECONDS:.0f} s",
        met=seconds < DEMANDED_SECONDS,
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people: int = parser.parse_args().people
    with durable_server() as (server_url, _):
        found = asyncio.run(measure(server_url, people))
    # The largest ended child is a server process, with the buffers that it shares with the others.
    report(found, peak=peak_memory(resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
