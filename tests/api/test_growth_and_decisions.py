"""What officers decide and what lapses with time is in the growth answer at once."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core.services import Services
from tests.api.test_attestations import A_MOMENT, DUE, look_twice
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import Office, office  # noqa: F401
from tests.api.test_excuses import excuse
from tests.support import NOW


@pytest.fixture
def services(separate_services: Services) -> Services:
    """A database of its own: answers are remembered only of what is committed."""
    return separate_services


async def reachable(office: Office) -> dict[str, Any]:
    path = f"/v1/official-accounts/{office.official['id']}/growth"
    params = {"from": "2026-11-10T00:00:00Z", "campaign": office.campaign["id"]}
    answer = await office.api.get(path, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()["reachable_gain"]


async def test_an_excuse_begins_with_its_day_though_nothing_is_written_then(office):
    await excuse(office, starts_on="2026-11-25")
    office.clock.at = NOW.replace(hour=16, minute=59)
    before = await reachable(office)
    office.clock.at += timedelta(minutes=1)
    assert (await reachable(office))["max"] == before["max"] - 1


async def test_whom_nobody_vouches_for_any_more_is_left_open(office):
    async with office.services.database.transaction(office.government.tenant_id) as session:
        # What confirms a handle must not grow old before an attestation lapses.
        await session.execute(text("UPDATE campaigns SET stale_after_days = 400"))
    await look_twice(office, DUE - A_MOMENT)
    before = await reachable(office)
    office.clock.at = DUE
    after = await reachable(office)
    # 2 and 3 were proven absent, and may both have followed all the while for all that is known.
    assert (after["min"], after["max"]) == (before["min"] - 2, before["max"])


async def test_whom_an_officer_found_right_is_left_open(office):
    filed = (await office.dispute()).json()
    before = await reachable(office)
    await office.decide(filed, "upheld")
    after = await reachable(office)
    assert (after["min"], after["max"]) == (before["min"] - 1, before["max"])
