"""A campaign that has ended is judged as of its end, however late something calls for it."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.core.clock import SettableClock
from app.core.services import Services
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    account,  # noqa: F401
    make_campaign,
    registry,  # noqa: F401
    take_lists,
)
from tests.api.test_due_process import ABSENT, DAY, Office
from tests.support import NOW, Api, Government

END = NOW + timedelta(hours=1)
# Older than evidence may be, and younger than attestations may.
LATER, MUCH_LATER = END + 60 * DAY, END + 200 * DAY


@pytest.fixture
async def office(
    api: Api,
    services: Services,
    government: Government,
    registry: dict[str, str],
    account: dict[str, Any],
    clock: SettableClock,
) -> Office:
    """A campaign that has been judged before its end, and has ended."""
    campaign = await make_campaign(api, account, ends_at=END.isoformat())
    await take_lists(api, account, FIRST, SECOND)
    rest = {"people": registry, "official": account, "campaign": campaign, "clock": clock}
    office = Office(api, services, government, **rest)
    await office.judge()
    return office


async def judge_at(office: Office, moment: datetime) -> int:
    office.clock.at = moment
    return await office.judge()


async def test_evidence_does_not_grow_old_after_the_end(office):
    before = [await office.status(number) for number in ("1", "3", "4")]
    assert before == ["met:seen_in_list", ABSENT, "unknown:account_unverified"]
    assert await judge_at(office, LATER) == 0
    assert [await office.status(number) for number in ("1", "3", "4")] == before


async def test_a_list_from_after_the_end_changes_nothing(office):
    office.clock.at = LATER
    await office.look_again()
    assert await office.judge() == 0
    assert await office.status("2") == "met:seen_in_list"


async def test_an_excuse_after_the_end_still_spares_somebody(office):
    office.clock.at = LATER
    about = {"campaign_id": office.campaign["id"], "employee_id": office.people["3"]}
    granted = await office.api.post(
        "/v1/excuses",
        {
            **about,
            "reason": "Cuti besar",
            "document_number": "800/9/2026",
            "starts_on": END.date().isoformat(),
            "ends_on": END.date().isoformat(),
            "granted_by": "Kepala BKD",
        },
    )
    assert granted.status_code == 201, granted.text
    assert await office.judge() > 0
    assert await office.listed(verdict="unmet", duty="follow") == []
    assert "3" in await office.listed(flag="excused")


async def test_what_an_officer_decides_after_the_end_still_counts(office):
    office.clock.at = LATER
    filed = (await office.dispute()).json()
    await office.decide(filed, "upheld")
    await office.judge()
    assert await office.status() == "unknown:dispute_upheld"


async def test_an_attestation_that_lapses_after_the_end_proves_nothing_any_more(office):
    await judge_at(office, MUCH_LATER)
    assert await office.status("3") == "unknown:account_unverified"
    assert await office.status("1") == "met:seen_in_list"
