"""Disputes and decisions that come at once, and while a campaign is being judged."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import asyncio

import pytest

from app.compliance import service as compliance
from app.core.services import Services
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import ABSENT, DAY, Office, office  # noqa: F401


@pytest.fixture
def services(separate_services: Services) -> Services:
    """A database of its own: locks are between transactions that commit."""
    return separate_services


async def test_of_disputes_and_of_decisions_that_come_at_once_one_stands(office):
    filed = await asyncio.gather(*(office.dispute() for _ in range(4)))
    assert sorted(each.status_code for each in filed) == [201, 409, 409, 409]
    dispute = next(each.json() for each in filed if each.status_code == 201)
    outcomes = ("upheld", "dismissed", "upheld", "dismissed")
    decided = await asyncio.gather(*(office.decide(dispute, each) for each in outcomes))
    assert sorted(each.status_code for each in decided) == [200, 409, 409, 409]


async def test_of_notices_and_findings_that_come_at_once_one_stands(office):
    told = await asyncio.gather(*(office.tell() for _ in range(4)))
    assert sorted(each.status_code for each in told) == [201, 409, 409, 409]
    notice = next(each.json() for each in told if each.status_code == 201)
    office.clock.at += 3 * DAY
    found = await asyncio.gather(*(office.find(notice) for _ in range(4)))
    assert sorted(each.status_code for each in found) == [201, 409, 409, 409]


async def test_an_evaluation_that_has_read_older_facts_takes_no_dispute_back(office):
    assert await office.status() == ABSENT
    # New lists make the verdict differ, so that the evaluation would write it.
    office.clock.at += DAY
    await office.look_again()
    tenant = office.government.tenant_id
    async with office.services.database.transaction(tenant) as slow:
        await compliance.evaluate(slow, tenant, office.campaign["id"], now=office.clock.at)
        # The dispute waits for the verdict that the evaluation has written and not committed.
        filing = asyncio.create_task(office.dispute())
        await asyncio.sleep(0.3)
        assert not filing.done()
    assert (await filing).status_code == 201
    assert await office.status() == "unknown:disputed"
    await office.judge()
    assert await office.status() == "unknown:disputed"


async def test_a_decision_waits_for_an_evaluation_and_is_not_undone_by_it(office):
    dispute = (await office.dispute()).json()
    tenant = office.government.tenant_id
    async with office.services.database.transaction(tenant) as slow:
        await compliance.evaluate(slow, tenant, office.campaign["id"], now=office.clock.at)
        deciding = asyncio.create_task(office.decide(dispute, "upheld"))
        await asyncio.sleep(0.3)
        assert not deciding.done()
    assert (await deciding).status_code == 200
    await office.judge()
    assert await office.status() == "unknown:dispute_upheld"
