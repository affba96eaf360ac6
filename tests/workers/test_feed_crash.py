"""Writers are killed in the middle of their transactions while a reader follows the feed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core.services import Services
from tests.api.test_feed import told
from tests.support import Api, Government

ROOT = Path(__file__).parents[2]
ROUNDS, WRITERS = 4, 3
WRITER = """
import asyncio, sys
import app.models
from random import Random
from uuid import UUID
from app.changes.kinds import ChangeKind
from app.changes.service import record
from app.core.clock import SystemClock
from app.core.db import Database, make_engine
from app.core.ids import new_id
from app.settings import Settings

async def main():
    tenant_id, random = UUID(sys.argv[1]), Random(sys.argv[2])
    database = Database(make_engine(Settings().required_database_url()))
    while True:
        async with database.transaction(tenant_id) as session:
            for _ in range(random.randint(1, 3)):
                record(session, ChangeKind.WORK_UNIT_UPDATED, new_id(), tenant_id=tenant_id,
                       actor="tests", at=SystemClock().now())
                await session.flush()
                await asyncio.sleep(random.random() * 0.02)

asyncio.run(main())
"""
COMMITTED = text("""
SELECT CAST(sequence AS text) AS told FROM changes WHERE kind = 'work_unit:updated'
ORDER BY transaction, sequence
""")


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Other processes see only what has been committed."""
    return separate_services


async def writer(
    services: Services, government: Government, seed: int
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(government.tenant_id), str(seed),
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SIMEDSOS_DATABASE_URL": services.settings.required_database_url(),
        },
    )  # fmt: skip


async def test_nothing_is_lost_or_out_of_order_when_writers_are_killed(
    api: Api, services: Services, government: Government
):
    cursor = (await told(api, after="latest"))["next"]
    seen: list[str] = []

    async def read(cursor: str) -> str:
        page = await told(api, after=cursor, limit=50)
        seen.extend(str(each["sequence"]) for each in page["items"])
        return str(page["next"])

    for round_number in range(ROUNDS):
        writers = [
            await writer(services, government, 10 * round_number + number)
            for number in range(WRITERS)
        ]
        enough = len(seen) + 40
        async with asyncio.timeout(60):
            while len(seen) < enough:
                cursor = await read(cursor)
        for each in writers:
            each.send_signal(signal.SIGKILL)
            assert await each.wait() == -signal.SIGKILL
    async with asyncio.timeout(60):
        while True:
            async with services.database.transaction(government.tenant_id) as session:
                committed = list(await session.scalars(COMMITTED))
            if len(seen) >= len(committed):
                break
            # A server notices only later that a killed client is gone, and ends its transaction.
            cursor = await read(cursor)
    assert seen == committed
    assert len(seen) >= ROUNDS * 40
