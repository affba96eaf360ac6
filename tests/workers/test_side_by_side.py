"""Several workers on one database that commits for real: each fact once, no connection held."""

import asyncio

import pytest

from app.core.services import Services
from tests.api.test_compliance import account, make_campaign, registry  # noqa: F401
from tests.workers.scripts import ANSWERS, Script, list_of, pairs_of, rows, run
from tests.workers.test_follower_lists import CITIZENS, LISTS, SATU


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
    for job in (pairs_of(government, account), list_of(government, account)):
        await asyncio.gather(*(run(services, script, job) for _ in range(3)))
    assert len(await rows(services, government.tenant_id, ANSWERS)) == 5
    assert len(await rows(services, government.tenant_id, LISTS)) == 1
    assert len(await rows(services, government.tenant_id, "SELECT id FROM follows")) == 1


async def test_no_connection_is_held_while_the_platform_is_asked(
    api, services, government, account, script  # noqa: F811
):  # fmt: skip
    await make_campaign(api, account)
    await run(services, script, pairs_of(government, account))
    await run(services, script, list_of(government, account))
    assert len(script.connections_held) == 3 + 2 + 2
    assert set(script.connections_held) == {0}
