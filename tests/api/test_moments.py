"""The two moments of an answer: always told, refused where nothing is known, and no way around."""
# ruff: noqa: F811 - Fixtures are imported here, and named again by the tests that use them.

import pytest

from app.identity.scopes import Scope
from tests.api.test_bitemporal import DAY, moments, told
from tests.api.test_compliance import (
    START,
    account,  # noqa: F401
    judge,
    make_campaign,
    registry,  # noqa: F401
)
from tests.api.test_isolation import key_of
from tests.support import NOW, Api


async def test_both_moments_are_told_and_are_the_present_where_nobody_asks(
    api, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    clock.at += DAY
    present, then = (each.isoformat().replace("+00:00", "Z") for each in (clock.at, NOW))
    jakarta = NOW.isoformat().replace("03:00:00+00:00", "10:00:00+07:00")
    question = f"/v1/official-accounts/{account['id']}/growth?from=2026-11-10T00:00:00Z"
    for path in (
        f"/v1/campaigns/{campaign['id']}/progress",
        f"/v1/campaigns/{campaign['id']}/recap",
        f"/v1/campaigns/{campaign['id']}/employees",
        f"/v1/employees/{registry['1']}/verdicts",
        question,
    ):
        joined = "&" if "?" in path else "?"
        for asked, expected in (
            ({}, (present, present)),
            ({"known_at": jakarta}, (then, then)),
            ({"valid_at": jakarta}, (then, present)),
            ({"valid_at": jakarta, "known_at": then}, (then, then)),
        ):
            extra = "&".join(f"{k}={v.replace('+', '%2B')}" for k, v in asked.items())
            answer = await told(api, f"{path}{joined}{extra}")
            assert (answer["valid_at"], answer["known_at"]) == expected


REFUSED = [
    pytest.param({"known_at": "2026-11-24T10:00:00"}, "timezone_aware", id="naive"),
    pytest.param({"valid_at": "kemarin"}, "datetime_from_date_parsing", id="no-moment"),
    pytest.param({"known_at": "0001-01-01T00:00:00+14:00"}, "greater_than_equal", id="ancient"),
    pytest.param({"known_at": "2026-11-24T03:00:00.000001Z"}, "future", id="future"),
    pytest.param({"valid_at": "2026-11-24T03:00:01Z"}, "future", id="true-in-the-future"),
    pytest.param(
        {"valid_at": "2026-11-24T03:00:00Z", "known_at": "2026-11-24T02:00:00Z"},
        "future",
        id="true-before-it-was-known",
    ),
    pytest.param({"known_at": "2026-11-24T02:59:59Z"}, "unrecorded", id="before-the-record"),
    pytest.param({"valid_at": "2026-11-24T02:59:59Z"}, "unrecorded", id="true-before-the-record"),
]


@pytest.mark.parametrize(("asked", "code"), REFUSED)
async def test_moments_of_which_nothing_can_be_told_are_refused(
    api, registry, account, asked, code
):
    campaign = await make_campaign(api, account)
    for path in (
        f"/v1/campaigns/{campaign['id']}/progress",
        f"/v1/campaigns/{campaign['id']}/recap",
        f"/v1/campaigns/{campaign['id']}/employees",
        f"/v1/employees/{registry['1']}/verdicts",
        f"/v1/official-accounts/{account['id']}/growth",
    ):
        start = {"from": START.isoformat()} if path.endswith("growth") else {}
        answer = await api.get(path, **start, **asked)
        assert answer.status_code == 422, answer.text
        [fault] = answer.json()["errors"]
        assert (fault["code"], fault["pointer"]) == (code, f"/query/{next(iter(asked))}")


async def test_small_units_are_suppressed_in_the_past_as_they_are_today(
    api, http, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    clock.at += DAY
    token = await key_of(
        services, government.tenant_id, lifetime=9 * DAY, scopes=[Scope.COMPLIANCE_READ]
    )
    executive = Api(http, token)
    path = f"/v1/campaigns/{campaign['id']}/recap"
    for asked in ({}, moments(known_at=NOW), moments(valid_at=NOW)):
        rows = (await told(executive, path, by="work_unit", **asked))["items"]
        assert {each["code"] for each in rows if each["suppressed"]} == {"16.01", "16.02"}
        assert all(each["counts"] is None for each in rows if each["suppressed"])
        assert len((await told(api, path, by="work_unit", **asked))["items"]) == len(rows)


async def test_another_government_and_another_unit_see_no_past(
    api, other_api, http, services, government, registry, account, clock
):
    campaign = await make_campaign(api, account)
    await judge(services, government, campaign)
    clock.at += DAY
    units = {each["code"]: each for each in (await told(api, "/v1/work-units"))["items"]}
    token = await key_of(
        services, government.tenant_id, lifetime=9 * DAY, unit=units["16.02"]["id"]
    )
    head = Api(http, token)
    for name in ("known_at", "valid_at"):
        asked = moments(**{name: NOW})
        start = {"from": START.isoformat()}
        for path, extra in (
            (f"/v1/campaigns/{campaign['id']}/recap", {}),
            (f"/v1/employees/{registry['2']}/verdicts", {}),
            (f"/v1/official-accounts/{account['id']}/growth", start),
        ):
            assert (await other_api.get(path, **extra, **asked)).status_code == 404
        assert (
            await head.get(f"/v1/employees/{registry['2']}/verdicts", **asked)
        ).status_code == 404
        people = await told(head, f"/v1/campaigns/{campaign['id']}/employees", **asked)
        names = {each["name"] for each in people["items"]}
        assert names == {"Pegawai 1", "Pegawai 3", "Pegawai 5", "Pegawai 7"}
