"""Nobody is late before a duty is due: grace, and extensions that count from when given."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.compliance import service as compliance
from app.core.clock import jakarta_midnight
from tests.api.test_compliance import (
    FIRST,
    SECOND,
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
    take_lists,
    verdicts_of,
)
from tests.api.test_imports import put
from tests.api.test_rosters import act, move
from tests.support import NOW, Api, nip
from tests.workers.scripts import queued, rows

TODAY = date(2026, 11, 24)
NOT_DUE = ("unknown", "not_due_yet")


async def both_of(api: Api, employee: str) -> dict[str, tuple[str, str]]:
    found = await verdicts_of(api, employee)
    return {duty: (each["verdict"], each["reason"]) for duty, each in found.items()}


async def extend(api: Api, campaign: dict, employee: str, due_on: date, **fields: Any):
    body = {
        "employee_id": employee,
        "due_on": due_on.isoformat(),
        "officer": "Sekretaris Dinas",
        "reason": "Cuti melahirkan",
        **fields,
    }
    return await api.post(f"/v1/campaigns/{campaign['id']}/extensions", body)


async def test_before_the_end_of_grace_nobody_is_unmet(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account, grace_days=15)
    assert campaign["grace_days"] == 15
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    assert (await both_of(api, registry["3"]))["follow"] == NOT_DUE
    assert (await both_of(api, registry["6"]))["declare"] == NOT_DUE
    assert (await both_of(api, registry["7"]))["declare"] == NOT_DUE
    # What is known to be done, or unknown for another reason, is told as ever.
    assert (await both_of(api, registry["1"]))["follow"] == ("met", "seen_in_list")
    assert (await both_of(api, registry["4"]))["follow"] == ("unknown", "account_unverified")
    clock.at = START + timedelta(days=15) - timedelta(microseconds=1)
    await judge(services, government, campaign)
    assert (await both_of(api, registry["7"]))["declare"] == NOT_DUE
    clock.at += timedelta(microseconds=1)
    await judge(services, government, campaign)
    assert (await both_of(api, registry["7"]))["declare"] == ("unmet", "undeclared")
    assert (await both_of(api, registry["3"]))["follow"] == (
        "unmet", "absent_from_two_complete_lists",
    )  # fmt: skip


async def test_before_a_campaign_begins_nobody_is_unmet(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account, starts_at=(NOW + timedelta(days=1)).isoformat())
    await judge(services, government, campaign)
    progress = (await api.get(f"/v1/campaigns/{campaign['id']}/progress")).json()
    assert [each["counts"]["unmet"] for each in progress["duties"]] == [0, 0]


async def test_an_extension_gives_one_person_until_the_end_of_a_day_in_jakarta(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await take_lists(api, account, FIRST, SECOND)
    await judge(services, government, campaign)
    assert (await both_of(api, registry["7"]))["declare"] == ("unmet", "undeclared")
    answer = await extend(api, campaign, registry["7"], TODAY + timedelta(days=3))
    assert answer.status_code == 201, answer.text
    granted = answer.json()
    assert (granted["officer"], granted["reason"]) == ("Sekretaris Dinas", "Cuti melahirkan")
    await judge(services, government, campaign)
    assert (await both_of(api, registry["7"]))["declare"] == NOT_DUE
    assert (await both_of(api, registry["6"]))["declare"] == ("unmet", "declared_none")
    end = jakarta_midnight(TODAY + timedelta(days=4))
    for moment, expected in ((end - timedelta(microseconds=1), NOT_DUE), (end, None)):
        clock.at = moment
        await judge(services, government, campaign)
        assert (await both_of(api, registry["7"]))["declare"] == (
            expected or ("unmet", "undeclared")
        )
    path = f"/v1/campaigns/{campaign['id']}/extensions"
    assert (await api.get(path, employee=registry["7"])).json()["items"] == [granted]
    assert (await api.get(path, employee=registry["6"])).json()["items"] == []
    causes = [job.cause for job, _ in await queued(services, "evaluate_campaign")]
    assert f"extension:{granted['id']}" in causes
    [change] = await rows(
        services, government.tenant_id, "SELECT facts FROM changes WHERE kind = 'extension:granted'"
    )
    assert "Sekretaris" not in str(change.facts)


async def test_an_extension_never_looks_back(api, services, government, registry, account, clock):
    campaign = await make_campaign(api, account)
    earlier = clock.at
    clock.at = earlier + timedelta(hours=2)
    await extend(api, campaign, registry["7"], TODAY + timedelta(days=3))
    # As of the moment before it was granted, the same is found as was found then.
    async with services.database.transaction(government.tenant_id) as session:
        await compliance.evaluate(session, government.tenant_id, campaign["id"], now=earlier)
    assert (await both_of(api, registry["7"]))["declare"] == ("unmet", "undeclared")


async def test_an_extension_cannot_be_changed_or_taken_away(
    api, services, government, registry, account
):
    campaign = await make_campaign(api, account)
    await extend(api, campaign, registry["7"], TODAY + timedelta(days=3))
    for statement in ("UPDATE extensions SET due_on = '2027-01-01'", "DELETE FROM extensions"):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with services.database.transaction(government.tenant_id) as session:
                await session.execute(text(statement))


@pytest.mark.parametrize(
    ("who", "days", "fields", "pointer"),
    [
        pytest.param("7", -1, {}, "/due_on", id="in-the-past"),
        pytest.param("7", 5, {}, "/due_on", id="no-longer-than-grace"),
        pytest.param("9", 30, {}, "/employee_id", id="not-a-member"),
        pytest.param("7", 30, {"officer": ""}, "/body/officer", id="no-officer"),
        pytest.param("7", 30, {"reason": " "}, "/body/reason", id="no-reason"),
        pytest.param("7", 100_000, {}, "/body/due_on", id="in-300-years"),
    ],
)
async def test_extensions_that_cannot_stand_are_refused(
    api, account, registry, who, days, fields, pointer
):
    campaign = await make_campaign(api, account, grace_days=21)
    people = await move(api)
    refused = await extend(api, campaign, people[who], TODAY + timedelta(days=days), **fields)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_who_joins_later_has_the_whole_grace(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account, grace_days=3)
    people = await move(api)
    await act(api, campaign, add=[people["9"]])
    await judge(services, government, campaign)
    assert (await both_of(api, registry["7"]))["declare"] == ("unmet", "undeclared")
    assert (await both_of(api, people["9"]))["declare"] == NOT_DUE
    clock.at = jakarta_midnight(TODAY + timedelta(days=3))
    await judge(services, government, campaign)
    assert (await both_of(api, people["9"]))["declare"] == ("unmet", "undeclared")


@pytest.mark.parametrize(
    ("campaign_fields", "edit", "pointer"),
    [
        pytest.param({}, {"grace_days": 30}, None, id="more-grace"),
        pytest.param(
            {"grace_days": 30}, {"grace_days": 2}, "/grace_days", id="late-at-once-by-less-grace"
        ),
        pytest.param(
            {}, {"starts_at": (NOW + timedelta(days=1)).isoformat()}, "/starts_at", id="has-begun"
        ),
        pytest.param(
            {"starts_at": (NOW + timedelta(days=5)).isoformat()},
            {"starts_at": (NOW + timedelta(days=9)).isoformat()},
            None,
            id="yet-to-begin",
        ),
    ],
)
async def test_windows_are_edited_with_an_etag_and_never_look_back(
    api, account, registry, campaign_fields, edit, pointer
):
    campaign = await make_campaign(api, account, **campaign_fields)
    path = f"/v1/campaigns/{campaign['id']}"
    assert (await api.patch(path, edit)).status_code == 428
    assert (await api.patch(path, edit, etag='"7"')).status_code == 412
    answer = await api.patch(path, edit, etag=f'"{campaign["version"]}"')
    if pointer is None:
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"] == campaign["version"] + 1
        again = await api.patch(path, edit, etag=f'"{campaign["version"]}"')
        assert again.status_code == 412
    else:
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == pointer
        assert (await api.get(path)).json()["version"] == campaign["version"]


async def test_no_window_reaches_the_end_of_the_calendar(api, account, registry):
    campaign = await make_campaign(api, account, starts_at=(NOW + timedelta(days=5)).isoformat())
    ends = {"starts_at": "9999-12-30T00:00:00Z", "ends_at": "9999-12-31T00:00:00Z"}
    refused = await api.patch(f"/v1/campaigns/{campaign['id']}", ends, etag='"1"')
    assert refused.status_code == 422
    pointers = {each["pointer"] for each in refused.json()["errors"]}
    assert pointers == {"/body/starts_at", "/body/ends_at"}


@pytest.mark.parametrize("mode", ["any", "each"])
async def test_any_or_each_of_the_platforms(api, services, government, registry, account, mode):
    duty = {"kind": "declare", "platforms": ["instagram", "tiktok"], "mode": mode}
    campaign = await make_campaign(api, account, duties=[duty])
    await judge(services, government, campaign)
    expected = {"any": ("met", "declared_account"), "each": ("unmet", "platform_undeclared")}
    assert (await both_of(api, registry["1"]))["declare"] == expected[mode]
    await put(api, "accounts", f"nip,platform,account,attested_on\n{nip(1)},tiktok,satu.asn,\n")
    await judge(services, government, campaign)
    assert (await both_of(api, registry["1"]))["declare"] == ("met", "declared_account")
