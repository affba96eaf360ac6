"""An attestation names a day: what was seen earlier on that day came before the proof."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest

from app.platforms.base import PairReading
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_imports import put
from tests.api.test_membership import Town, town  # noqa: F401
from tests.support import NOW
from workers.jobs import run_job

HOUR = timedelta(hours=1)


async def by_officer(town: Town, declared: dict[str, Any], day: str) -> None:
    body = {"method": "attestation", "attested_on": day}
    answer = await town.api.post(f"/v1/accounts/{declared['id']}/verification", body)
    assert answer.status_code == 200, answer.text


async def by_file(town: Town, declared: dict[str, Any], day: str) -> None:
    employee = (await town.api.get(f"/v1/employees/{declared['employee_id']}")).json()
    row = f"{employee['nip']},{declared['platform']},{declared['handle']},{day}\n"
    assert (await put(town.api, "accounts", f"nip,platform,account,attested_on\n{row}"))["accepted"]


@pytest.mark.parametrize("attest", [by_officer, by_file])
async def test_what_was_seen_before_it_on_its_day_accuses_nobody(town, attest):
    path = f"/v1/employees/{town.people['4']}/accounts"
    [declared] = (await town.api.get(path)).json()["items"]
    assert declared["verified_at"] is None
    town.script.following = lambda _: PairReading(False, "script")
    # 09.00 in Jakarta; the attestation comes at 17.00 of the same day.
    town.clock.at += timedelta(days=1) - HOUR
    await town.ask()
    town.clock.at += 8 * HOUR
    await attest(town, declared, "2026-11-25")
    await run_job(town.services, "evaluate_all", b"{}", 0)
    assert await town.follow_of("4") == "unknown:account_unverified"
    town.clock.at += HOUR
    await town.ask()
    await town.judge()
    assert await town.follow_of("4") == "unmet:pair_negative"


@pytest.mark.parametrize("attest", [by_officer, by_file])
async def test_an_attestation_of_an_earlier_day_holds_from_its_end(town, attest):
    path = f"/v1/employees/{town.people['4']}/accounts"
    [declared] = (await town.api.get(path)).json()["items"]
    town.clock.at += timedelta(days=1)
    await attest(town, declared, "2026-11-24")
    [verified] = (await town.api.get(path)).json()["items"]
    assert verified["verified_at"].startswith("2026-11-24T16:59:59")


async def test_a_file_cannot_attest_on_a_day_that_has_not_come(town):
    path = f"/v1/employees/{town.people['4']}/accounts"
    [declared] = (await town.api.get(path)).json()["items"]
    employee = (await town.api.get(f"/v1/employees/{town.people['4']}")).json()
    # It is the 24th in Jakarta already when it is still the 23rd in UTC.
    town.clock.at = NOW - 9 * HOUR
    row = f"{employee['nip']},{declared['platform']},{declared['handle']}"
    heading = "nip,platform,account,attested_on\n"
    made = await put(town.api, "accounts", f"{heading}{row},2026-11-25\n")
    assert (made["accepted"], made["rejected"]) == (0, 1)
    assert [(each["line"], each["column"], each["code"]) for each in made["faults"]] == [
        (2, "attested_on", "future")
    ]
    assert (await town.api.get(path)).json()["items"] == [declared]
    today = await put(town.api, "accounts", f"{heading}{row},2026-11-24\n")
    assert (today["accepted"], today["changed"]) == (1, 1)
