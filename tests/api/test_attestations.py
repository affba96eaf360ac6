"""Declared accounts are attested anew every six months; until then an absence says nothing."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.api.test_attestation_day import by_file, by_officer
from tests.api.test_compliance import account, registry  # noqa: F401
from tests.api.test_due_process import ABSENT, Office, office  # noqa: F401

# Employee 3 was attested on 1 November 2026, which holds to the last moment of that day.
DUE = datetime(2027, 5, 1, 16, 59, 59, 999999, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


async def declared_by(office: Office, number: str) -> dict[str, Any]:
    answer = await office.api.get(f"/v1/employees/{office.people[number]}/accounts")
    [declared] = answer.json()["items"]
    return declared


async def due(office: Office) -> set[str]:
    answer = await office.api.get("/v1/accounts", attestation_due="true")
    return {each["handle"] for each in answer.json()["items"]}


@pytest.fixture(autouse=True)
async def goes_on(office: Office) -> None:
    """The campaign lasts until all of this is over: one that has ended is judged as of its end.

    Nor does what confirms a handle grow old before an attestation lapses.
    """
    async with office.services.database.transaction(office.government.tenant_id) as session:
        await session.execute(
            text("UPDATE campaigns SET ends_at = '2028-01-01', stale_after_days = 400")
        )


async def look_twice(office: Office, until: datetime) -> None:
    """Two complete lists a day apart, the last at `until`, and nobody is judged yet."""
    for days in (1, 0):
        office.clock.at = until - timedelta(days=days)
        await office.look_again()


async def test_accounts_say_when_they_are_due_and_are_listed_then(office):
    declared = await declared_by(office, "3")
    assert declared["attestation_due_at"] == "2027-05-01T16:59:59.999999Z"
    assert (await declared_by(office, "4"))["attestation_due_at"] is None
    listed = (await office.api.get("/v1/accounts")).json()["items"]
    assert len(listed) == 6
    office.clock.at = DUE - A_MOMENT
    assert await due(office) == set()
    office.clock.at = DUE
    assert await due(office) == {"satu", "dua", "tiga", "delapan"}
    await by_officer(office, declared, "2027-05-01")
    assert await due(office) == {"satu", "dua", "delapan"}


async def test_nobody_is_unmet_by_an_attestation_that_has_lapsed(office):
    await look_twice(office, DUE - A_MOMENT)
    await office.judge()
    assert await office.status() == ABSENT
    office.clock.at = DUE
    await office.judge()
    assert await office.status() == "unknown:account_unverified"
    # Presence needs no attestation.
    assert await office.status("1") == "met:seen_in_list"


async def test_nobody_is_told_or_found_by_a_verdict_from_before_the_lapse(office):
    await look_twice(office, DUE - timedelta(days=4))
    await office.judge()
    told = await office.tell()
    assert told.status_code == 201, told.text
    office.clock.at = DUE
    # Nobody was judged anew, so it still stands.
    assert await office.status() == ABSENT
    found = await office.find(told.json())
    assert found.status_code == 409, found.text
    assert found.json()["type"].endswith("nothing-to-decide"), found.text
    again = await office.tell()
    assert again.status_code == 409, again.text
    assert again.json()["type"].endswith("nothing-is-held"), again.text
    # Who wants to say something against it still can.
    assert (await office.dispute()).status_code == 201


@pytest.mark.parametrize("attest", [by_officer, by_file])
async def test_an_attestation_in_time_leaves_no_gap(office, attest):
    await look_twice(office, DUE - A_MOMENT)
    declared = await declared_by(office, "3")
    await attest(office, declared, "2027-04-20")
    renewed = await declared_by(office, "3")
    assert renewed["verified_at"] == declared["verified_at"]
    assert renewed["attestation_due_at"] == "2027-10-20T16:59:59.999999Z"
    office.clock.at = DUE
    await office.judge()
    assert await office.status() == ABSENT


@pytest.mark.parametrize("attest", [by_officer, by_file])
async def test_after_a_lapse_only_what_is_seen_from_then_on_counts(office, attest):
    await look_twice(office, DUE - A_MOMENT)
    office.clock.at = DUE + timedelta(hours=1)
    await attest(office, await declared_by(office, "3"), "2027-05-02")
    renewed = await declared_by(office, "3")
    assert renewed["verified_at"] == "2027-05-01T17:59:59.999999Z"
    await office.judge()
    assert await office.status() == "unknown:account_unverified"
    await look_twice(office, DUE + timedelta(days=3))
    await office.judge()
    assert await office.status() == ABSENT


@pytest.mark.parametrize("attest", [by_officer, by_file])
async def test_an_older_attestation_handed_in_late_shortens_nothing(office, attest):
    declared = await declared_by(office, "3")
    await attest(office, declared, "2026-10-05")
    kept = await declared_by(office, "3")
    assert kept["attestation_due_at"] == declared["attestation_due_at"]
    assert kept["verified_at"] == declared["verified_at"]


@pytest.mark.parametrize(
    ("attested_at", "due_at"),
    [
        ("2026-08-31 10:00:00+07", "2027-02-28 10:00:00+07"),
        ("2027-08-31 10:00:00+07", "2028-02-29 10:00:00+07"),
        ("2026-12-31 23:59:59.999999+07", "2027-06-30 23:59:59.999999+07"),
        ("2026-06-30 20:00:00+00", "2027-01-01 03:00:00+07"),
    ],
    ids=["short-month", "leap-year", "last-day", "the-day-is-jakarta's"],
)
async def test_the_list_and_the_verdicts_count_the_same_six_months(office, attested_at, due_at):
    due_at = datetime.fromisoformat(due_at)
    async with office.services.database.transaction(office.government.tenant_id) as session:
        where = {"at": datetime.fromisoformat(attested_at)}
        await session.execute(text("UPDATE accounts SET attested_at = :at"), where)
        # The key must outlive the longest of these.
        await session.execute(text("UPDATE api_keys SET expires_at = '2030-01-01'"))
    told = datetime.fromisoformat((await declared_by(office, "3"))["attestation_due_at"])
    assert told == due_at
    for moment, expected in ((due_at - A_MOMENT, 0), (due_at, 5)):
        office.clock.at = moment
        assert len(await due(office)) == expected
