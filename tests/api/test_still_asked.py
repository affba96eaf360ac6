"""What officers have just decided counts at once, though no verdict has been judged anew yet."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_dates import extend
from tests.api.test_due_process import ABSENT, REPLY_TIME, Office, office  # noqa: F401
from tests.api.test_excuses import excuse
from tests.api.test_imports import put, table
from tests.api.test_rosters import act
from tests.support import nip


async def excused(office: Office) -> Any:
    return await excuse(office, duty="follow", starts_on="2026-11-27", ends_on="2026-11-27")


async def extended(office: Office) -> Any:
    return await extend(office.api, office.campaign, office.people["3"], date(2026, 11, 27))


async def on_leave(office: Office) -> None:
    await put(office.api, "employees", table(f"{nip(3)},Pegawai 3,pppk,16.02,,cuti"))


async def let_go(office: Office) -> Any:
    await put(office.api, "employees", table(f"{nip(3)},Pegawai 3,pppk,16.02,,pensiun"))
    return await act(office.api, office.campaign, leave=[office.people["3"]])


@pytest.mark.parametrize("change", [excused, extended, on_leave, let_go])
async def test_of_whom_nothing_is_asked_any_more_nothing_is_told_or_found(
    office: Office, change: Callable[[Office], Awaitable[Any]]
):
    notice = (await office.tell()).json()
    office.clock.at += REPLY_TIME
    made = await change(office)
    assert made is None or made.is_success, made.text
    assert await office.status() == ABSENT
    found = await office.find(notice)
    assert found.status_code == 409, found.text
    assert found.json()["type"].endswith("nothing-to-decide")
    for answer in (await office.tell(), await office.dispute()):
        assert answer.status_code == 409
        assert answer.json()["type"].endswith("nothing-is-held")


async def test_an_excuse_from_another_duty_or_of_another_day_changes_nothing(office: Office):
    notice = (await office.tell()).json()
    office.clock.at += REPLY_TIME
    await excuse(office, duty="declare")
    await excuse(office, starts_on="2026-11-24", ends_on="2026-11-26")
    assert (await office.find(notice)).status_code == 201
