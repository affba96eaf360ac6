"""A platform that tells handles only cannot show that somebody goes by another one today.

The third employee was vouched for on 1 November, has renamed the account since and still follows;
the lists of 21 and 23 November hold the new name. The first is on both under the declared one.
"""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest

from app.jobs.kinds import CheckAccounts
from app.platforms.base import ExistenceState
from tests.api.exports import export
from tests.api.test_attestation_day import by_officer
from tests.api.test_attestations import declared_by
from tests.api.test_compliance import (
    CITIZENS,
    FIRST,
    LONG_AGO,
    SECOND,
    account,  # noqa: F401
    make_campaign,
    registry,  # noqa: F401
    upload,
)
from tests.api.test_due_process import ABSENT, Office
from tests.api.test_growth import read_count
from tests.workers.scripts import Script, here, run, told

LONG_NOT_CONFIRMED = "unknown:account_unverified"


async def renamed(api: Any, services: Any, government: Any, clock: Any, **found: Any) -> Any:
    """An office that has judged both lists in a campaign whose evidence is fresh for two weeks."""
    registry, account, days = found["registry"], found["account"], found.get("days", 14)
    campaign = await make_campaign(api, account, stale_after_days=days)
    for number, moment in enumerate((FIRST, SECOND)):
        followers = [("satu", LONG_AGO), ("tiga_nama_baru", LONG_AGO), *CITIZENS[number:]]
        await read_count(api, account, moment, followers=len(followers))
        answer = await upload(api, account, export(followers), moment)
        assert answer.json()["certificate"]["verdict"] == "complete"
    rest = {"people": registry, "official": account, "campaign": campaign, "clock": clock}
    office = Office(api, services, government, **rest)
    await office.judge()
    return office


async def check(office: Office, script: Script) -> None:
    slot = office.clock.at.isoformat()
    await run(
        office.services, script, CheckAccounts(office.government.tenant_id, "instagram", slot)
    )


async def already_following(office: Office) -> dict[str, int]:
    """How many of the cohort may have followed before, the first of whom is known to."""
    progress = (await office.api.get(f"/v1/campaigns/{office.campaign['id']}/progress")).json()
    return progress["attribution"]["cohort_before"]


async def test_a_follower_under_a_new_handle_is_not_accused(
    api, services, government, registry, account, clock
):
    office = await renamed(api, services, government, clock, registry=registry, account=account)
    assert await office.status() == LONG_NOT_CONFIRMED
    assert await office.status("1") == "met:seen_in_list"
    assert (await office.counts())["unmet"] == 0
    assert await office.listed(verdict="unmet", duty="follow") == []


async def test_a_handle_that_was_confirmed_within_the_span_can_be_absent(
    api, services, government, registry, account, clock
):
    found = {"registry": registry, "account": account, "days": 30}
    office = await renamed(api, services, government, clock, **found)
    assert await office.status() == ABSENT


async def test_growth_counts_nobody_out_whose_handle_is_not_known(
    api, services, government, registry, account, clock
):
    found = {"registry": registry, "account": account}
    office = await renamed(api, services, government, clock, **found)
    # Beside the first 2, 3, 4 and 8 have an account there, and all may have followed for long.
    assert await already_following(office) == {"min": 1, "max": 5}
    for number in ("2", "3"):
        await by_officer(office, await declared_by(office, number), "2026-11-20")
    assert await already_following(office) == {"min": 1, "max": 3}


@pytest.mark.parametrize(
    ("state", "status"),
    [
        pytest.param(ExistenceState.EXISTS, ABSENT, id="found"),
        pytest.param(ExistenceState.AMBIGUOUS, LONG_NOT_CONFIRMED, id="no-clear-answer"),
    ],
)
async def test_a_check_that_finds_the_handle_confirms_it(
    api, services, government, registry, account, clock, state, status
):
    office = await renamed(api, services, government, clock, registry=registry, account=account)
    script = Script()
    script.existing = lambda _: here() if state is ExistenceState.EXISTS else told(state)
    before = clock.at
    clock.at += timedelta(hours=1)
    await check(office, script)
    await office.judge()
    assert await office.status() == status
    # Nothing had confirmed it an hour ago, and so it is told of that hour.
    for moments in ({"valid_at": before.isoformat()}, {"known_at": before.isoformat()}):
        answer = await api.get(f"/v1/employees/{registry['3']}/verdicts", **moments)
        [told_then] = [each for each in answer.json()["items"] if each["duty"] == "follow"]
        assert f"{told_then['verdict']}:{told_then['reason']}" == LONG_NOT_CONFIRMED


async def test_whom_an_officer_vouches_for_anew_is_told_of_the_lists_there_are(
    api, services, government, registry, account, clock
):
    office = await renamed(api, services, government, clock, registry=registry, account=account)
    await by_officer(office, await declared_by(office, "3"), "2026-11-20")
    await office.judge()
    assert await office.status() == ABSENT
