"""Excuses that officers grant: who is asked nothing, from when, until when, and what stays."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.api.test_compliance import account, registry, verdicts_of  # noqa: F401
from tests.api.test_due_process import ABSENT, Office, office  # noqa: F401
from tests.api.test_isolation import key_of
from tests.support import NOW, Api
from tests.workers.scripts import Script, queued, run

DAY = timedelta(days=1)
TAKEN_BACK = {"reason": "Tugas belajar selesai", "withdrawn_by": "Kepala BKD"}


async def excuse(office: Office, number: str = "3", **fields: Any) -> Any:
    body = {
        "campaign_id": office.campaign["id"],
        "employee_id": office.people[number],
        "reason": "Rawat inap",
        "document_number": "800/12/2026",
        "starts_on": "2026-11-24",
        "granted_by": "Kepala BKD",
        **fields,
    }
    return await office.api.post("/v1/excuses", body)


async def work(office: Office) -> None:
    """What the last change has queued, as a worker carries it out."""
    job, _ = (await queued(office.services, "evaluate_campaign"))[-1]
    await run(office.services, Script(), job)


async def excused(office: Office, duty: str = "follow") -> list[str]:
    return await office.listed(flag="excused", duty=duty)


async def test_the_excused_are_counted_beside_the_verdicts_and_listed_only_by_flag(office):
    answer = await excuse(office)
    assert answer.status_code == 201, answer.text
    granted = answer.json()
    assert (granted["duty"], granted["ends_on"], granted["withdrawn_at"]) == (None, None, None)
    assert granted["granted_at"] == "2026-11-24T03:00:00Z"
    await work(office)
    assert await office.listed(verdict="unmet", duty="follow") == []
    assert await excused(office) == ["3", "8"]
    counts = await office.counts()
    assert counts == {
        "eligible": 6, "met": 2, "unmet": 0, "unknown": 2, "excused": 2, "disputed": 0,
    }  # fmt: skip
    # Nobody who reads verdicts needs to know why.
    verdict = (await verdicts_of(office.api, office.people["3"]))["follow"]
    assert verdict["excuse"] == "granted"
    assert (await office.tell()).status_code == 409
    standing = (await verdicts_of(office.api, office.people["8"]))["follow"]
    assert standing["excuse"] == "on_leave"


async def test_an_excuse_from_one_duty_leaves_the_other(office):
    assert (await excuse(office, duty="declare")).status_code == 201
    await work(office)
    assert await excused(office, "declare") == ["3", "8"]
    assert await excused(office) == ["8"]
    assert await office.status() == ABSENT


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "days", "expected"),
    [
        ("2026-11-25", None, 0, False),
        ("2026-11-25", None, 1, True),
        ("2026-11-20", "2026-11-24", 0, True),
        ("2026-11-20", "2026-11-24", 1, False),
    ],
    ids=["not-yet", "begun", "last-day", "over"],
)
async def test_an_excuse_holds_on_its_days_alone(office, starts_on, ends_on, days, expected):
    await excuse(office, starts_on=starts_on, ends_on=ends_on)
    # 17.00 UTC is midnight in Jakarta, where the days are counted.
    office.clock.at = NOW.replace(hour=16, minute=59) + (days - 1) * DAY
    office.clock.at += timedelta(minutes=1)
    await office.judge()
    assert ("3" in await excused(office)) is expected


async def test_a_withdrawn_excuse_ends_at_once_and_stays_on_record(office):
    granted = (await excuse(office)).json()
    await work(office)
    office.clock.at += timedelta(hours=1)
    path = f"/v1/excuses/{granted['id']}"
    answer = await office.api.post(f"{path}/withdrawal", TAKEN_BACK)
    assert answer.status_code == 200, answer.text
    await work(office)
    assert await office.listed(verdict="unmet", duty="follow") == ["3"]
    read = (await office.api.get(path)).json()
    assert read == answer.json()
    assert read["withdrawn_by"] == "Kepala BKD"
    assert read["withdrawn_at"] == "2026-11-24T04:00:00Z"
    again = await office.api.post(f"{path}/withdrawal", TAKEN_BACK)
    assert again.json()["type"].endswith("already-withdrawn")
    assert (await office.api.delete(path)).status_code == 405


async def test_a_dispute_holds_the_verdict_but_not_the_excuse_beside_it(office):
    await office.dispute()
    await excuse(office)
    await work(office)
    assert await excused(office) == ["3", "8"]
    assert (await office.counts())["disputed"] == 0
    assert await office.status() == "unknown:disputed"


async def test_growth_expects_nothing_of_the_excused(office):
    path = f"/v1/official-accounts/{office.official['id']}/growth"
    params = {"from": "2026-11-10T00:00:00Z", "campaign": office.campaign["id"]}
    before = (await office.api.get(path, **params)).json()["reachable_gain"]
    granted = (await excuse(office, duty="follow", starts_on="2026-11-25")).json()
    await excuse(office, "4", duty="declare")
    assert (await office.api.get(path, **params)).json()["reachable_gain"] == before
    office.clock.at = NOW.replace(hour=17)
    after = (await office.api.get(path, **params)).json()["reachable_gain"]
    assert after["max"] == before["max"] - 1
    await office.api.post(f"/v1/excuses/{granted['id']}/withdrawal", TAKEN_BACK)
    assert (await office.api.get(path, **params)).json()["reachable_gain"] == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        pytest.param({"reason": " "}, "/body/reason", id="no-reason"),
        pytest.param({"document_number": ""}, "/body/document_number", id="no-document"),
        pytest.param({"granted_by": " "}, "/body/granted_by", id="no-officer"),
        pytest.param({"ends_on": "2026-11-23"}, "/body", id="ends-before-start"),
        pytest.param({"duty": "like"}, "/body/duty", id="no-such-duty"),
    ],
)
async def test_excuses_that_cannot_stand_are_refused(office, change, pointer):
    answer = await excuse(office, **change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_an_excuse_needs_somebody_of_whom_it_is_asked(office):
    unit = (await office.api.get("/v1/work-units")).json()["items"][0]
    stranger = await office.api.post(
        "/v1/employees",
        {"nip": "199001012024211900", "name": "Baru", "category": "pppk", "unit_id": unit["id"]},
    )
    assert stranger.status_code == 201, stranger.text
    answer = await excuse(office, employee_id=stranger.json()["id"])
    assert answer.json()["errors"] == [
        {"pointer": "/employee_id", "code": "cohort", "message": "not in the cohort"}
    ]


async def test_others_and_units_see_only_their_own_and_grant_nothing(office, other_api, http):
    granted = (await excuse(office)).json()
    path = f"/v1/excuses/{granted['id']}"
    assert (await other_api.get(path)).status_code == 404
    assert (await other_api.get("/v1/excuses")).json()["items"] == []
    assert (await other_api.post(f"{path}/withdrawal", TAKEN_BACK)).status_code == 404
    assert (await excuse(Office(other_api, office.services, office.government, people=office.people,
                                official=office.official, campaign=office.campaign,
                                clock=office.clock))).status_code == 404  # fmt: skip
    units = (await office.api.get("/v1/work-units")).json()["items"]
    for code, sees in (("16.02", True), ("16.01", False)):
        unit = next(each["id"] for each in units if each["code"] == code)
        head = Api(http, await key_of(office.services, office.government.tenant_id, unit=unit))
        assert (await head.get(path)).status_code == (200 if sees else 404)
        listed = (await head.get("/v1/excuses", employee=office.people["3"])).json()["items"]
        assert len(listed) == sees
        assert (await head.post(f"{path}/withdrawal", TAKEN_BACK)).status_code == 403


async def test_the_database_refuses_an_excuse_without_a_name_or_half_withdrawn(office):
    await excuse(office)
    for change in (
        "withdrawn_at = now()",
        "withdrawn_by = 'A', withdrawal_reason = 'B'",
        "withdrawn_at = now(), withdrawn_by = ' ', withdrawal_reason = 'B'",
    ):
        with pytest.raises(IntegrityError, match="withdrawals_are_reasoned_and_named"):
            async with office.services.database.transaction(office.government.tenant_id) as each:
                await each.execute(text(f"UPDATE excuses SET {change}"))  # noqa: S608
