"""In an election window nobody is told of a person's account, and nothing is found of it."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest

from app.core.clock import jakarta_midnight
from tests.api.test_compliance import registry  # noqa: F401
from tests.api.test_due_process import ABSENT, DAY, Office, office  # noqa: F401
from tests.api.test_growth import official_account
from tests.api.test_neutrality import GOVERNOR, TODAY, declare
from tests.support import Api

FIRST_DAY = TODAY + timedelta(days=1)


@pytest.fixture
async def account(api: Api, registry: dict[str, str]) -> dict[str, Any]:
    """The governor's own account, where the office's would stand."""
    return await official_account(api, **GOVERNOR)


async def pause(office: Office) -> None:
    """The first moment of a window; no verdict has been judged anew yet."""
    await declare(office.api, FIRST_DAY, FIRST_DAY + 8 * DAY)
    office.clock.at = jakarta_midnight(FIRST_DAY)


def refused(answer: Any) -> bool:
    return answer.status_code == 409 and answer.json()["type"].endswith("official-account-paused")


async def test_nobody_is_told_of_a_paused_account_or_found_to_lack_it(office):
    assert await office.status() == ABSENT
    notice = (await office.tell()).json()
    about = {name.removesuffix("_id"): str(value) for name, value in office.about().items()}
    assert (await office.api.get("/v1/notices/text", **about)).status_code == 200
    await pause(office)
    # The same of those who are met: the answer says nothing of anybody.
    for number in ("1", "3"):
        assert refused(await office.tell(number)), number
        assert refused(await office.dispute(number)), number
    assert refused(await office.api.get("/v1/notices/text", **about))
    office.clock.at += 4 * DAY
    assert refused(await office.find(notice))
    # What concerns no account goes on.
    assert (await office.tell("7", "declare")).status_code == 201


async def test_a_notice_from_before_a_window_serves_no_finding_after_it(office):
    notice = (await office.tell()).json()
    await pause(office)
    await office.judge()
    office.clock.at = jakarta_midnight(FIRST_DAY + 9 * DAY)
    await office.judge()
    assert await office.status() == ABSENT
    assert (await office.find(notice)).json()["type"].endswith("nothing-to-decide")
    assert (await office.tell()).status_code == 201


async def test_a_dispute_outlasts_a_window_and_may_be_decided_in_it(office):
    filed = (await office.dispute()).json()
    await pause(office)
    await office.judge()
    assert (await office.decide(filed, "dismissed")).status_code == 200
    office.clock.at = jakarta_midnight(FIRST_DAY + 9 * DAY)
    assert await office.status() == "unknown:disputed"
    await office.judge()
    assert await office.status() == ABSENT


async def test_an_open_dispute_still_holds_its_verdict_after_a_window(office):
    await office.dispute()
    await pause(office)
    await office.judge()
    assert await office.listed(flag="disputed") == []
    office.clock.at = jakarta_midnight(FIRST_DAY + 9 * DAY)
    await office.judge()
    assert await office.status() == "unknown:disputed"
    assert await office.listed(flag="disputed") == ["3"]
