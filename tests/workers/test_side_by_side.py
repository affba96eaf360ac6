"""Several workers on one database that commits for real: each fact once, no connection held."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import checks
from app.core.services import Services
from app.jobs.kinds import CheckAccounts
from app.observations import memberships
from app.observations.memberships import Told
from app.observations.rules import PairAnswer
from app.official_accounts.models import OfficialAccount
from app.platforms.base import Platform
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.workers.scripts import (
    ANSWERS,
    LISTED,
    Script,
    here,
    invent,
    list_of,
    pairs_of,
    rows,
    run,
)
from tests.workers.test_follower_lists import CITIZENS, SATU


@pytest.fixture
def services(separate_services: Services) -> Services:
    """Whatever builds on services here builds on a database of its own."""
    return separate_services


@pytest.fixture
def script(services):
    script = Script()
    script.pool = services.database.bind.pool
    script.count, script.pages = (41,), (CITIZENS, [SATU])
    return script


async def test_workers_leave_one_answer_a_pair_and_one_list_a_slot(
    api, services, government, account, script  # noqa: F811
):  # fmt: skip
    await make_campaign(api, account)
    jobs = (pairs_of(government, account), list_of(government, account))
    await asyncio.gather(*(run(services, script, job) for job in (*jobs, *jobs, *jobs)))
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 5
    assert len(await rows(services, government.tenant_id, LISTED)) == 1
    # The list holds one of the five whom the answers name.
    assert len(await rows(services, government.tenant_id, "SELECT id FROM follows")) == 5


async def test_no_connection_is_held_while_the_platform_is_asked(
    api, services, government, account, script  # noqa: F811
):  # fmt: skip
    await make_campaign(api, account)
    await run(services, script, pairs_of(government, account))
    await run(services, script, list_of(government, account))
    assert len(script.connections_held) == 3 + 2 + 2
    assert set(script.connections_held) == {0}


async def test_answers_that_come_at_once_are_one_follow(services, government, account):  # noqa: F811
    tenant_id = government.tenant_id
    [person] = await rows(services, tenant_id, "SELECT id FROM accounts WHERE handle = 'satu'")

    async def answer(session: AsyncSession, hours: int) -> None:
        at = services.clock.now() + timedelta(hours=hours)
        official = await session.get_one(OfficialAccount, (tenant_id, UUID(account["id"])))
        told = [Told(person.id, PairAnswer.FOLLOWS, "script")]
        await memberships.keep_answers(session, official, told, slot=at, asked_at=at)

    async def answer_apart() -> None:
        async with services.database.transaction(tenant_id) as session:
            await answer(session, 1)

    async with services.database.transaction(tenant_id) as session:
        await answer(session, 0)
        other = asyncio.create_task(answer_apart())
        async with services.database.system() as watching:
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            async with asyncio.timeout(10):
                while not await watching.scalar(waits):
                    await asyncio.sleep(0.02)
    await other
    [follow] = await rows(
        services, tenant_id, "SELECT last_seen_at - first_seen_at AS seen FROM follows"
    )
    assert follow.seen == timedelta(hours=1)


CHECKED = "SELECT handle, state, platform_id FROM accounts ORDER BY id"


async def check(services, government, script) -> None:
    slot = services.clock.now().isoformat()
    await run(services, script, CheckAccounts(government.tenant_id, "instagram", slot))


async def test_a_claim_passes_by_what_another_worker_is_just_claiming(services, government):
    await invent(services, government, 6)
    wanted = {"now": services.clock.now(), "lease": timedelta(minutes=5), "batch": 3}
    tenant_id, platform = government.tenant_id, Platform.INSTAGRAM
    async with services.database.transaction(tenant_id) as one:
        first = await checks.claim_due(one, tenant_id, platform, **wanted)
        async with asyncio.timeout(5), services.database.transaction(tenant_id) as two:
            second = await checks.claim_due(two, tenant_id, platform, **wanted)
    assert len({each.account_id for each in (*first, *second)}) == 6


async def test_what_cannot_be_written_of_one_account_keeps_no_other_from_being(
    services, government, script
):
    await invent(services, government, 3)
    script.existing = lambda each: here("a\0b" if each.handle == "akun1" else each.handle[-1])
    await check(services, government, script)
    found = [tuple(each) for each in await rows(services, government.tenant_id, CHECKED)]
    assert found == [
        ("akun0", "exists", "0"),
        ("akun1", "declared", None),
        ("akun2", "exists", "2"),
    ]


async def test_a_claim_on_the_same_id_that_is_just_being_made_is_settled_later(
    services, government, script, clock
):
    await invent(services, government, 3)
    script.existing = lambda each: here("7" if each.handle == "akun0" else each.handle)
    other = text(
        "UPDATE accounts SET platform_id = '7', next_check_at = :later WHERE handle = 'akun1'"
    )
    async with services.database.transaction(government.tenant_id) as session:
        await session.execute(other, {"later": clock.at + timedelta(days=9)})
        checking = asyncio.create_task(check(services, government, script))
        async with services.database.system() as watching:
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            async with asyncio.timeout(10):
                while not await watching.scalar(waits):
                    await asyncio.sleep(0.02)
    await checking
    states = [each.state for each in await rows(services, government.tenant_id, CHECKED)]
    assert states == ["declared", "declared", "exists"]
    clock.at += timedelta(days=1)
    await check(services, government, script)
    states = [each.state for each in await rows(services, government.tenant_id, CHECKED)]
    assert states == ["exists", "contested", "exists"]
