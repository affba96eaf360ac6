"""Fifty writers on connections of their own: one line of entries, without a fork or a gap."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.changes.chain import Look, note_look
from app.changes.kinds import ChangeKind
from app.changes.models import EntryKind
from app.changes.service import begin_touching, record, record_touched
from app.core.db import Database, make_engine
from app.core.services import Services
from tests.audit.trails import inspect
from tests.conftest import make_government
from tests.support import NOW

WRITERS, ROUNDS = 50, 6
SHAPE = text("""
SELECT count(*) AS entries, min(sequence) AS first, max(sequence) AS last,
       count(DISTINCT previous) AS previous, count(DISTINCT hash) AS hashes,
       count(*) FILTER (WHERE kind = 'change') AS changes,
       count(*) FILTER (WHERE kind = 'read') AS reads
FROM audit_entries WHERE tenant_id = :tenant_id
""")


class Undone(Exception):
    """A request that fails after it has written."""


@pytest.fixture
async def crowded(separate_services: Services) -> AsyncIterator[Services]:
    """Services with a connection for every writer and some for those who verify meanwhile."""
    url = separate_services.settings.required_database_url()
    database = Database(make_engine(url, pool_size=WRITERS + 5))
    yield Services(database, separate_services.settings, separate_services.clock)
    await database.aclose()


def change(session, tenant_id: UUID) -> None:
    record(
        session,
        ChangeKind.EMPLOYEE_UPDATED,
        uuid4(),
        tenant_id=tenant_id,
        actor="api_key:tests",
        at=NOW,
    )


def look(session, tenant_id: UUID) -> None:
    note_look(
        session, tenant_id, Look(EntryKind.READ, "get_employee", "api_key:tests", NOW, [uuid4()])
    )


async def write(services: Services, tenant_id: UUID, number: int) -> None:
    """Rounds of a change and a look, of which some fail, and some are slow to commit."""
    for turn in range(ROUNDS):
        with suppress(Undone):
            async with services.database.transaction(tenant_id) as session:
                change(session, tenant_id)
                await session.flush()
                await asyncio.sleep(0.001 * (number % 7))
                look(session, tenant_id)
                if (number + turn) % 5 == 0:
                    raise Undone


def written() -> int:
    return sum((number + turn) % 5 != 0 for number in range(WRITERS) for turn in range(ROUNDS))


async def test_fifty_writers_fork_nothing_and_leave_no_gap(crowded):
    one = (await make_government(crowded, "sumsel")).tenant_id
    other = (await make_government(crowded, "jambi")).tenant_id
    ended = asyncio.Event()
    told: list[int] = []

    async def keep_verifying() -> None:
        while not ended.is_set():
            told.append((await inspect(crowded, one)).fault_count)

    verifying = asyncio.create_task(keep_verifying())
    await asyncio.gather(
        *(write(crowded, (one, other)[number % 2], number) for number in range(WRITERS))
    )
    ended.set()
    await verifying
    assert len(told) > 2
    assert set(told) == {0}
    entries = 0
    for tenant_id in (one, other):
        async with crowded.database.transaction(tenant_id) as session:
            shape = (await session.execute(SHAPE, {"tenant_id": tenant_id})).one()
        assert (shape.first, shape.last) == (1, shape.entries)
        assert shape.previous == shape.hashes == shape.entries
        # The key that each government began with is a change as well.
        assert shape.changes == shape.reads + 1
        entries += shape.entries
        found = await inspect(crowded, tenant_id)
        assert (found.fault_count, found.entries) == (0, shape.entries)
    assert entries == 2 + 2 * written()


async def test_a_slow_transaction_is_linked_where_it_commits(crowded):
    tenant_id = (await make_government(crowded, "sumsel")).tenant_id
    async with crowded.database.transaction(tenant_id) as slow:
        change(slow, tenant_id)
        await slow.flush()
        for number in (1, 2, 3):
            await write(crowded, tenant_id, number)
    found = await inspect(crowded, tenant_id)
    assert found.fault_count == 0
    async with crowded.database.transaction(tenant_id) as session:
        last = await session.execute(
            text(
                "SELECT first_change = (SELECT min(sequence) + 1 FROM changes)"
                " FROM audit_entries ORDER BY sequence DESC LIMIT 1"
            )
        )
    assert last.scalar_one() is True


async def test_an_import_of_thousands_is_one_entry(crowded):
    tenant_id = (await make_government(crowded, "sumsel")).tenant_id
    async with crowded.database.transaction(tenant_id) as session:
        await begin_touching(session)
        await session.execute(
            text(
                "INSERT INTO touched_subjects SELECT :kind, gen_random_uuid()"
                " FROM generate_series(1, 20000)"
            ),
            {"kind": ChangeKind.EMPLOYEE_CREATED},
        )
        await record_touched(
            session,
            tenant_id=tenant_id,
            actor="api_key:tests",
            at=NOW,
            import_id=uuid4(),
        )
        change(session, tenant_id)
    found = await inspect(crowded, tenant_id)
    assert (found.fault_count, found.entries, found.changes) == (0, 2, 20_002)


async def test_what_is_rolled_back_to_a_savepoint_is_in_no_entry(crowded):
    tenant_id = (await make_government(crowded, "sumsel")).tenant_id
    async with crowded.database.transaction(tenant_id) as session:
        savepoint = await session.begin_nested()
        change(session, tenant_id)
        await savepoint.rollback()
    assert (await inspect(crowded, tenant_id)).entries == 1


async def test_the_app_can_neither_rewrite_nor_forget(crowded):
    tenant_id = (await make_government(crowded, "sumsel")).tenant_id
    for statement in (
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_heads",
        "TRUNCATE audit_entries",
        "UPDATE audit_heads SET tenant_id = gen_random_uuid()",
        "UPDATE changes SET actor = 'x'",
    ):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with crowded.database.transaction(tenant_id) as session:
                await session.execute(text(statement))
