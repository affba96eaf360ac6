"""Putting jobs into the queue, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import driver_connection
from app.jobs.kinds import Job, encode

NOW = timedelta()


async def enqueue(session: AsyncSession, jobs: Sequence[Job], *, delay: timedelta = NOW) -> None:
    """Queue jobs, to run after a delay; one whose key already waits or runs is left out."""
    if not jobs:
        return
    await session.flush()
    queries = Queries(AsyncpgDriver(await driver_connection(session)))
    await queries.enqueue(
        [job.kind for job in jobs],
        [encode(job) for job in jobs],
        [0] * len(jobs),
        [delay] * len(jobs),
        dedupe_key=[job.key for job in jobs],
        on_conflict="skip",
    )


async def claim_slot(session: AsyncSession, name: str, slot: datetime) -> bool:
    """Whether this caller is the one that fires the cron line for the slot."""
    claimed = await session.execute(
        text(
            "INSERT INTO cron_slots (name, slot) VALUES (:name, :slot)"
            " ON CONFLICT DO NOTHING RETURNING name"
        ),
        {"name": name, "slot": slot},
    )
    return claimed.first() is not None
