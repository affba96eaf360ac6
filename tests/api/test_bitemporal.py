"""What was true then, and what was known then: two questions with two answers."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.platforms.base import PairReading
from tests.api.exports import export
from tests.api.test_compliance import (
    CITIZENS,
    FIRST,
    LONG_AGO,
    SECOND,
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
    upload,
)
from tests.api.test_controls import ids, set_controls  # noqa: F401
from tests.api.test_due_process import Office, office  # noqa: F401
from tests.api.test_growth import growth_of, official_account, read_count
from tests.api.test_membership import town  # noqa: F401
from tests.api.test_neutrality import GOVERNOR, around, declare
from tests.support import NOW, Api

DAY = timedelta(days=1)
A_MOMENT = timedelta(microseconds=1)


def moments(**asked: datetime) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in asked.items()}


async def told(api: Api, path: str, **params: Any) -> dict[str, Any]:
    answer = await api.get(path, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def follow_of(api: Api, employee_id: str, **asked: datetime) -> str:
    answer = await told(api, f"/v1/employees/{employee_id}/verdicts", **moments(**asked))
    [verdict] = [each for each in answer["items"] if each["duty"] == "follow"]
    return f"{verdict['verdict']}:{verdict['reason']}"


async def counts_of(api: Api, campaign: dict, **asked: datetime) -> dict[str, int]:
    answer = await told(api, f"/v1/campaigns/{campaign['id']}/progress", **moments(**asked))
    return next(each["counts"] for each in answer["duties"] if each["duty"] == "follow")


async def listed(api: Api, campaign: dict, asked: dict[str, datetime], **params: str) -> list[str]:
    path = f"/v1/campaigns/{campaign['id']}/employees"
    answer = await told(api, path, duty="follow", **params, **moments(**asked))
    return [each["name"].removeprefix("Pegawai ") for each in answer["items"]]


async def test_a_list_that_comes_late_changes_what_was_true_and_not_what_was_known(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST)
    await judge(services, government, campaign)
    clock.at += 5 * DAY
    followers = [("satu", LONG_AGO), *CITIZENS[:38]]
    await read_count(api, account, SECOND, followers=len(followers))
    assert (await upload(api, account, export(followers), SECOND)).status_code == 201
    await judge(services, government, campaign)
    waiting, absent = "unknown:awaiting_second_list", "unmet:absent_from_two_complete_lists"
    person = registry["3"]
    assert await follow_of(api, person) == absent
    assert await follow_of(api, person, known_at=NOW) == waiting
    assert await follow_of(api, person, known_at=NOW, valid_at=NOW) == waiting
    assert await follow_of(api, person, valid_at=NOW) == absent
    for asked, unmet in (({}, 1), ({"known_at": NOW}, 0), ({"valid_at": NOW}, 1)):
        assert (await counts_of(api, campaign, **asked))["unmet"] == unmet
        assert await listed(api, campaign, asked, verdict="unmet") == ["3"] * unmet
        by_unit = await told(
            api, f"/v1/campaigns/{campaign['id']}/recap", by="work_unit", **moments(**asked)
        )
        whole = [
            each for each in by_unit["items"] if (each["code"], each["duty"]) == ("16", "follow")
        ]
        assert whole[0]["counts"]["unmet"] == unmet


async def test_what_was_seen_later_proves_nothing_of_an_earlier_day(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    clock.at += 5 * DAY
    await take_lists(api, account, NOW + DAY, NOW + 3 * DAY)
    await judge(services, government, campaign)
    reasons = [
        await follow_of(api, registry[number], valid_at=NOW + days * DAY)
        for number in ("1", "3")
        for days in (0, 2, 4)
    ]
    assert reasons == [
        "unknown:never_checked",
        "met:seen_in_list",
        "met:seen_in_list",
        "unknown:never_checked",
        "unknown:awaiting_second_list",
        "unmet:absent_from_two_complete_lists",
    ]


async def test_of_several_answers_those_that_were_given_by_then_count(town):
    town.script.following = lambda _: PairReading(False, "script")
    for _ in range(2):
        town.clock.at += 2 * DAY
        await town.ask()
        await town.judge()
    path = f"/v1/employees/{town.people['3']}/verdicts"
    for days, asked_on in ((3, 2), (4, 4)):
        answer = await told(town.api, path, **moments(valid_at=NOW + days * DAY))
        [verdict] = [each for each in answer["items"] if each["duty"] == "follow"]
        assert (verdict["verdict"], verdict["reason"]) == ("unmet", "pair_negative")
        [pair] = verdict["evidence"]["pairs"]
        assert datetime.fromisoformat(pair["asked_at"]) == NOW + asked_on * DAY
    assert await follow_of(town.api, town.people["3"], valid_at=NOW) == "unknown:never_checked"


async def test_a_list_that_the_controls_void_was_never_true(
    api, services, government, registry, account, ids, clock
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST)
    await judge(services, government, campaign)
    assert (await set_controls(api, account, present=[ids["dua"]])).status_code == 200
    clock.at += DAY
    followers = [("satu", LONG_AGO), *CITIZENS[:38]]
    await read_count(api, account, SECOND, followers=len(followers))
    void = await upload(api, account, export(followers), SECOND)
    assert void.json()["certificate"]["verdict"] == "void"
    await judge(services, government, campaign)
    for asked in ({}, {"known_at": NOW}, {"valid_at": NOW}, {"valid_at": clock.at}):
        assert await follow_of(api, registry["3"], **asked) == "unknown:awaiting_second_list"


async def edit(api: Api, path: str, **fields: Any) -> None:
    etag = (await api.get(path)).headers["etag"]
    assert (await api.patch(path, fields, etag=etag)).status_code == 200


async def test_people_are_counted_in_the_unit_they_were_in_under_the_name_it_had(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    clock.at += DAY
    units = {each["code"]: each for each in (await told(api, "/v1/work-units"))["items"]}
    away, home = units["16.01"], units["16.02"]
    for number in registry:
        await edit(api, f"/v1/employees/{registry[number]}", unit_id=home["id"])
    await edit(api, f"/v1/work-units/{away['id']}", name="Dinas Lama")
    await judge(services, government, campaign)

    async def units_of(**asked: datetime) -> dict[str, int]:
        path = f"/v1/campaigns/{campaign['id']}/recap"
        rows = (await told(api, path, by="work_unit", **moments(**asked)))["items"]
        return {
            each["name"]: each["counts"]["eligible"] for each in rows if each["duty"] == "declare"
        }

    assert await units_of() == {"Provinsi": 8, "Dinas Kesehatan": 8}
    before = {"Provinsi": 8, "Dinas Pendidikan": 4, "Dinas Kesehatan": 4}
    for asked in ({"known_at": NOW}, {"valid_at": NOW}, {"valid_at": clock.at - A_MOMENT}):
        assert await units_of(**asked) == before
    assert await units_of(valid_at=clock.at) == await units_of(known_at=clock.at)


async def test_an_open_dispute_names_nobody_for_the_days_before_it(office):
    campaign, person, clock = office.campaign, office.people["3"], office.clock
    accused = "unmet:absent_from_two_complete_lists"
    clock.at += DAY
    filed = (await office.dispute()).json()
    clock.at += DAY
    for asked in ({"valid_at": NOW}, {"valid_at": NOW + DAY}, {"known_at": NOW + DAY}):
        assert await follow_of(office.api, person, **asked) == "unknown:disputed"
        assert await listed(office.api, campaign, asked, verdict="unmet") == []
        assert await listed(office.api, campaign, asked, flag="disputed") == ["3"]
    # What was told of the day before still counts, and names nobody while the dispute is open.
    assert (await counts_of(office.api, campaign, known_at=NOW))["unmet"] == 1
    assert await listed(office.api, campaign, {"known_at": NOW}, verdict="unmet") == []
    assert await listed(office.api, campaign, {"known_at": NOW}) == ["1", "2", "4", "5"]
    assert await follow_of(office.api, person, known_at=NOW) == "unknown:disputed"
    assert (await office.decide(filed, "dismissed")).status_code == 200
    await office.judge()
    for asked in ({"valid_at": NOW}, {"known_at": NOW}):
        assert await follow_of(office.api, person, **asked) == accused
        assert await listed(office.api, campaign, asked, verdict="unmet") == ["3"]
    assert await follow_of(office.api, person, valid_at=NOW + DAY) == "unknown:disputed"
    assert await follow_of(office.api, person, valid_at=clock.at) == accused


async def test_a_dispute_that_was_upheld_clears_the_days_before_it(office):
    office.clock.at += DAY
    filed = (await office.dispute()).json()
    assert (await office.decide(filed, "upheld")).status_code == 200
    person, campaign = office.people["3"], office.campaign
    for asked in (
        {"known_at": NOW},
        {"valid_at": NOW},
        {"known_at": NOW, "valid_at": NOW},
        {"known_at": NOW + DAY - A_MOMENT, "valid_at": NOW},
    ):
        assert await follow_of(office.api, person, **asked) == "unknown:dispute_upheld"
        assert await listed(office.api, campaign, asked, verdict="unmet") == []
    assert (await counts_of(office.api, campaign, known_at=NOW))["unmet"] == 1
    # A new accusation on what was seen after the decision is told, and so is its past.
    for _ in range(2):
        office.clock.at += 2 * DAY
        await office.look_again()
    await office.judge()
    told_at = office.clock.at
    office.clock.at += DAY
    accused = "unmet:absent_from_two_complete_lists"
    assert await follow_of(office.api, person, known_at=told_at) == accused
    assert "3" in await listed(office.api, campaign, {"known_at": told_at}, verdict="unmet")
    assert await listed(office.api, campaign, {"known_at": NOW}, verdict="unmet") == []


async def test_an_excuse_for_past_days_was_true_then_and_known_since(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    clock.at += 3 * DAY
    body = {
        "campaign_id": campaign["id"],
        "employee_id": registry["3"],
        "reason": "Rawat inap",
        "document_number": "800/12/2026",
        "starts_on": "2026-11-20",
        "granted_by": "Kepala BKD",
    }
    excuse = (await api.post("/v1/excuses", body)).json()
    clock.at += DAY
    taken_back = {"reason": "Keliru", "withdrawn_by": "Kepala BKD"}
    await api.post(f"/v1/excuses/{excuse['id']}/withdrawal", taken_back)
    for asked, people in (
        ({"known_at": NOW}, ["8"]),
        ({"valid_at": NOW}, ["3", "8"]),
        ({"valid_at": NOW, "known_at": NOW + 3 * DAY}, ["3", "8"]),
        ({"valid_at": NOW, "known_at": NOW}, ["8"]),
        ({"valid_at": clock.at}, ["8"]),
    ):
        assert await listed(api, campaign, asked, flag="excused") == people, asked


async def test_growth_takes_a_reading_that_comes_late_for_true_and_not_for_known(
    api, registry, account, clock
):
    await read_count(api, account, NOW - 2 * DAY, followers=50)
    clock.at += DAY
    await read_count(api, account, NOW - DAY, followers=60)
    for asked, gain in (({}, 19), ({"known_at": NOW}, 9), ({"valid_at": NOW}, 19)):
        answer = await growth_of(api, account, **moments(**asked))
        assert answer["gain"] == {"min": gain, "max": gain}
    then = await growth_of(api, account, **moments(valid_at=NOW, known_at=NOW))
    assert (then["gain"]["min"], then["until"]) == (9, then["valid_at"])
    assert then["current"]["age_seconds"] == 2 * 86_400


@pytest.mark.parametrize("asked", ["known_at", "valid_at"])
async def test_nobody_looks_around_an_election_window_by_asking_about_the_days_before(
    api, services, government, registry, account, clock, asked
):
    governor = await official_account(api, "gubernursumsel", **GOVERNOR)
    for each in (account, governor):
        await read_count(api, each, NOW - DAY, followers=41)
    await read_count(api, governor, START - DAY, followers=40)
    named = [account["id"], governor["id"]]
    campaign = await make_campaign(api, account, official_account_ids=named)
    await judge(services, government, campaign)
    then = moments(**{asked: NOW})
    recap = f"/v1/campaigns/{campaign['id']}/recap"
    clock.at += DAY

    async def shown() -> tuple[list[str], bool, bool]:
        rows = await told(api, recap, by="official_account", **then)
        grown = await growth_of(api, governor, campaign=campaign["id"], **then)
        verdicts = await told(api, f"/v1/employees/{registry['1']}/verdicts", **then)
        follows = [each["official_account_id"] for each in verdicts["items"]]
        return (
            sorted(each["key"] for each in rows["items"]),
            grown["attribution"] is not None,
            governor["id"] in follows,
        )

    assert await shown() == (sorted(named), True, True)
    await declare(api, *around(2))
    assert await shown() == ([account["id"]], False, False)
    answer = await told(api, recap, **then)
    assert [each["official_account_id"] for each in answer["paused"]] == [governor["id"]]


async def test_before_its_start_a_campaign_has_asked_nothing_and_after_its_end_it_stands_still(
    api, services, government, registry, account, clock
):
    starts, ends = NOW + 2 * DAY, NOW + 4 * DAY
    campaign = await make_campaign(
        api, account, starts_at=starts.isoformat(), ends_at=ends.isoformat()
    )
    clock.at = NOW + 9 * DAY
    await read_count(api, account, NOW + 3 * DAY, followers=38)
    followers = [("satu", LONG_AGO), *CITIZENS[:37]]
    assert (await upload(api, account, export(followers), NOW + 3 * DAY)).status_code == 201
    path = f"/v1/campaigns/{campaign['id']}/recap"
    early = await told(api, path, **moments(valid_at=NOW + DAY))
    assert (early["items"], early["evaluated_at"]) == ([], None)
    assert (await told(api, path.replace("recap", "progress"), **moments(valid_at=NOW)))[
        "duties"
    ] == []
    late = await told(api, path, **moments(valid_at=NOW + 8 * DAY))
    assert late["evaluated_at"] == ends.isoformat().replace("+00:00", "Z")
    assert late["valid_at"] == (NOW + 8 * DAY).isoformat().replace("+00:00", "Z")
    assert await follow_of(api, registry["1"], valid_at=NOW + 8 * DAY) == "met:seen_in_list"
