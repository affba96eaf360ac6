"""Recounts, moves and disputes that run at the same time, on a database that commits for real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.compliance import counts
from app.compliance import service as compliance
from app.core.services import Services
from tests.api.test_counts import World, freeze, world  # noqa: F401

MOVE = """
UPDATE employees SET unit_id = (SELECT id FROM work_units WHERE code = 'U2')
WHERE id = (SELECT id FROM employees WHERE unit_id <> (
    SELECT id FROM work_units WHERE code = 'U2') ORDER BY id LIMIT 1)
"""
# Longer than anything here takes when nobody has to wait.
A_WHILE = 1.5


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Whatever builds on services here builds on a database of its own."""
    return separate_services


@asynccontextmanager
async def open_transaction(world: World) -> AsyncIterator[AsyncSession]:  # noqa: F811
    async with world.services.database.transaction(world.cohort.tenant_id) as session:
        yield session


async def evaluate(world: World, session: AsyncSession) -> Any:  # noqa: F811
    return await compliance.evaluate(session, **world.of_campaign, now=world.clock.now())


async def waits(task: "asyncio.Task[Any]") -> bool:
    done, _ = await asyncio.wait([task], timeout=A_WHILE)
    return not done


async def test_an_evaluation_waits_for_a_move_and_counts_it(world):  # noqa: F811
    async def first() -> None:
        async with open_transaction(world) as session:
            await evaluate(world, session)

    async with open_transaction(world) as mover:
        await mover.execute(text(MOVE))
        counting = asyncio.create_task(first())
        # Nobody has counted this campaign yet, so the move alone finds nothing to mark.
        assert await waits(counting)
    await counting
    await world.agrees()


async def test_a_move_waits_for_an_evaluation_and_marks_what_it_counted(world):  # noqa: F811
    async def move() -> None:
        async with open_transaction(world) as mover:
            await mover.execute(text(MOVE))

    async with open_transaction(world) as session:
        await evaluate(world, session)
        moving = asyncio.create_task(move())
        assert await waits(moving)
    await moving
    assert len(await world.rows("SELECT unit_id FROM verdict_count_marks")) == 2
    await world.agrees()


async def test_a_dispute_that_a_recount_cannot_see_outlives_it(world):  # noqa: F811
    async with open_transaction(world) as session:
        await evaluate(world, session)
    async with open_transaction(world) as disputed:
        await disputed.execute(
            text("""
            UPDATE verdicts SET verdict = 'unknown', reason = 'disputed', disputed = true
            WHERE id = (SELECT id FROM verdicts WHERE verdict = 'unmet' ORDER BY id LIMIT 1)
        """)
        )
        async with open_transaction(world) as other:
            await other.execute(
                text("UPDATE verdicts SET decided_at = decided_at WHERE verdict = 'met'")
            )
        async with open_transaction(world) as reader:
            assert await counts.current(reader, **world.of_campaign)
        assert await world.rows("SELECT 1 FROM verdict_count_marks") == []
    assert len(await world.rows("SELECT 1 FROM verdict_count_marks")) == 1
    await world.agrees()


async def test_a_reader_waits_for_nobody(world):  # noqa: F811
    async with open_transaction(world) as session:
        await evaluate(world, session)
    async with open_transaction(world) as mover:
        await mover.execute(text(MOVE))
        await freeze(world)
        async with open_transaction(world) as reader:
            assert not await asyncio.wait_for(counts.current(reader, **world.of_campaign), A_WHILE)
        bkd, caller = world.keys["bkd"]
        asked = await world.asked(caller)
        assert await world.answered(bkd) == await world.recounted(asked)
    await world.agrees()
