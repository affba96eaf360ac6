"""Rows for Grafana: what the other answers tell, flat, with null for what is not known."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.exports import export
from tests.api.test_compliance import (
    CITIZENS,
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    upload,
)
from tests.api.test_growth import official_account, read_count
from tests.api.test_small_units import caller
from tests.support import NOW

WEEK = {"from": (NOW - timedelta(days=7)).isoformat(), "to": NOW.isoformat()}


async def rows(api, table: str, **params: Any) -> list[dict[str, Any]]:
    answer = await api.get(f"/v1/grafana/{table}", **params)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert isinstance(told, list)
    for row in told:
        # The backend parser of Infinity reads no row within a row.
        assert not [each for each in row.values() if isinstance(each, dict | list)]
    return told


async def test_followers_are_a_row_for_each_step_with_gaps_as_null(api, account):  # noqa: F811
    await read_count(api, account, NOW - timedelta(days=2), followers=45)
    told = await rows(api, "followers", **WEEK, step=86400)
    assert [each["followers_min"] for each in told] == [None, None, None, None, None, 45, None]
    [seen] = [each for each in told if each["followers_min"] is not None]
    assert (seen["followers_max"], seen["precision"]) == (45, "exact")
    assert (seen["official_account_id"], seen["platform"]) == (account["id"], "instagram")
    assert seen["time"].endswith("Z")
    assert seen["baseline_min"] is None


async def test_followers_tell_what_a_campaign_expects(api, account):  # noqa: F811
    campaign = await make_campaign(api, account)
    other = await official_account(api, "dinas.lain", name="Dinas")
    told = await rows(api, "followers", **WEEK, campaign=campaign["id"])
    lines = {(each["official_account_id"], each["baseline_min"], each["target_max"])
             for each in told}  # fmt: skip
    assert lines == {(account["id"], 41, 49), (other["id"], None, None)}


@pytest.mark.parametrize(
    ("days", "steps", "first"),
    [(3, 288, "03:00:00Z"), (7, 168, "03:00:00Z"), (30, 31, "17:00:00Z")],
)
async def test_who_chooses_no_step_gets_quarters_hours_or_days_of_jakarta(
    api,
    account,  # noqa: F811
    days,
    steps,
    first,
):
    asked = {**WEEK, "from": (NOW - timedelta(days=days)).isoformat()}
    told = await rows(api, "followers", **asked, official_account=account["id"])
    assert len(told) == steps
    assert told[0]["time"].endswith(first)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": WEEK["to"], "to": WEEK["from"]}, "/query/to"),
        ({**WEEK, "step": 60 * 61, "tz": "Asia/Jakarta"}, "/query/tz"),
        ({**WEEK, "from": "2020-01-01T00:00:00Z", "step": 900}, "/query/step"),
        ({"from": WEEK["from"]}, "/query/to"),
        ({**WEEK, "from": "now-7d"}, "/query/from"),
    ],
)
async def test_a_range_that_cannot_be_told_says_what_to_mend(api, account, asked, field):  # noqa: F811
    refused = await api.get("/v1/grafana/followers", **asked)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json()["errors"]] == [field]


async def test_too_many_rows_are_refused_whole(api, account):  # noqa: F811
    for number in range(11):
        await official_account(api, f"dinas.{number}", name=f"Dinas {number}")
    asked = {"from": (NOW - timedelta(seconds=1999 * 60)).isoformat(), "to": NOW.isoformat()}
    refused = await api.get("/v1/grafana/followers", **asked, step=60)
    assert refused.status_code == 422
    assert "one official_account" in refused.text
    one = await rows(api, "followers", **asked, step=60, official_account=account["id"])
    assert len(one) == 1999


async def test_growth_is_what_progress_tells(api, account):  # noqa: F811
    await read_count(api, account, NOW - timedelta(hours=1), followers_min=43,
                     followers_max=45, precision="truncated")  # fmt: skip
    campaign = await make_campaign(api, account)
    [told] = await rows(api, "growth", campaign=campaign["id"])
    answer = await api.get(f"/v1/campaigns/{campaign['id']}/progress")
    [known] = answer.json()["official_accounts"]
    for name in ("baseline", "current", "gain", "growth_percent", "attainment_percent",
                 "shortfall"):  # fmt: skip
        for end in ("min", "max"):
            assert told[f"{name}_{end}"] == known[name][end], name
    assert (told["gain_min"], told["gain_max"], told["expected_gain"]) == (2, 4, 8)
    assert (told["paused"], told["current_age_seconds"]) == (False, 3600)


async def test_growth_without_a_reading_is_null(api, registry):  # noqa: F811
    fresh = await official_account(api, "baru.sekali", name="Baru")
    campaign = await make_campaign(api, fresh)
    [told] = await rows(api, "growth", campaign=campaign["id"])
    unknown = {name for name, value in told.items() if value is None}
    assert {"baseline_min", "current_min", "gain_min", "current_at"} <= unknown


async def test_compliance_is_the_recap_with_its_coverage(api, services, government, account):  # noqa: F811
    await upload(api, account, export([("satu", START), *CITIZENS]), NOW)
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    told = await rows(api, "compliance", campaign=campaign["id"], duty="follow")
    recap = (await api.get(f"/v1/campaigns/{campaign['id']}/recap")).json()
    known = {each["code"]: each for each in recap["items"] if each["duty"] == "follow"}
    assert {each["code"] for each in told} == set(known)
    for row in told:
        counts = known[row["code"]]["counts"]
        assert {name: row[name] for name in counts} == counts
        asked = sum(counts[name] for name in ("met", "unmet", "unknown", "disputed"))
        seen = counts["met"] + counts["unmet"]
        assert row["known_percent"] == (round(100 * seen / asked, 2) if asked else None)
        assert row["met_percent"] == (round(100 * counts["met"] / seen, 2) if seen else None)
        assert row["evaluated_at"] == recap["evaluated_at"]
    both = await rows(api, "compliance", campaign=campaign["id"])
    assert {each["duty"] for each in both} == {"declare", "follow"}
    by_platform = await rows(api, "compliance", campaign=campaign["id"], by="platform")
    assert {each["key"] for each in by_platform} == {"instagram"}


async def test_small_units_are_hidden_from_who_is_not_the_registry(
    http,
    api,
    services,
    government,
    account,  # noqa: F811
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    executive = await caller(http, api, services, government, None)
    told = await rows(executive, "compliance", campaign=campaign["id"], duty="follow")
    hidden = [each for each in told if each["suppressed"]]
    assert hidden
    for row in hidden:
        assert {row[name] for name in ("eligible", "met", "known_percent")} == {None}


async def test_polls_tell_the_age_of_what_is_known_and_null_where_nothing_is(api, account):  # noqa: F811
    await read_count(api, account, NOW - timedelta(hours=2), followers=44)
    fresh = await official_account(api, "baru.sekali", name="Baru")
    told = {each["official_account_id"]: each for each in await rows(api, "polls")}
    seen, unseen = told[account["id"]], told[fresh["id"]]
    assert (seen["followers_min"], seen["age_seconds"]) == (44, 7200)
    assert (unseen["followers_min"], unseen["age_seconds"], unseen["outcome"]) == (None,) * 3
    assert (unseen["tries_24h"], unseen["failures_24h"]) == (0, 0)
    assert unseen["next_due"] is not None


async def test_alerts_have_one_number_and_no_time(api, services, government, account):  # noqa: F811
    campaign = await make_campaign(api, account)
    told = await rows(api, "alerts")
    for row in told:
        numbers = [name for name, value in row.items() if isinstance(value, int)]
        assert numbers == ["firing"]
        assert not [name for name in row if "time" in name or name.endswith("_at")]
    firing = {(each["alert"], each["subject"]): each["firing"] for each in told}
    # Its last count is weeks old, and nobody has judged the campaign yet.
    assert firing["count_stale", account["name"]] == 1
    assert firing["campaign_not_judged", campaign["title"]] == 1
    assert firing["list_void", account["name"]] == 0
    assert ("list_stale", account["name"]) not in firing
    await read_count(api, account, NOW - timedelta(hours=1), followers=44)
    await judge(services, government, campaign)
    calm = {(each["alert"], each["subject"]): each["firing"] for each in await rows(api, "alerts")}
    assert calm["count_stale", account["name"]] == 0
    assert calm["campaign_not_judged", campaign["title"]] == 0
    assert calm["coverage_low", campaign["title"]] == 1


async def test_an_account_that_is_switched_off_is_no_row(api, account):  # noqa: F811
    answer = await api.patch(
        f"/v1/official-accounts/{account['id']}", {"active": False}, etag='"1"'
    )
    assert answer.status_code == 200, answer.text
    for table in ("polls", "alerts"):
        assert await rows(api, table) == []
    assert await rows(api, "followers", **WEEK) == []
