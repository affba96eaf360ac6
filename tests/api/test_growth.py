"""Growth through the API: the golden table, gaps, suspicious falls, attribution."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import NOW, Api

START = datetime(2026, 11, 10, tzinfo=UTC)


async def official_account(api: Api, handle: str = "pemprovsumsel", **fields: Any) -> dict:
    body = {
        "account": handle,
        "platform": "instagram",
        "name": "Pemprov Sumsel",
        "owner_kind": "office",
        **fields,
    }
    answer = await api.post("/v1/official-accounts", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def read_count(api: Api, account: dict, at: datetime, **reading: Any) -> None:
    raw = str(reading.get("followers", reading.get("followers_min")))
    answer = await api.post(
        f"/v1/official-accounts/{account['id']}/snapshots",
        {"observed_at": at.isoformat(), "attested_by": "Humas", "raw": raw, **reading},
    )
    assert answer.status_code == 201, answer.text


async def growth_of(api: Api, account: dict, **params: Any) -> dict:
    answer = await api.get(
        f"/v1/official-accounts/{account['id']}/growth",
        **{"from": START.isoformat(), "expected_gain": 6750, **params},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


GOLDEN = [
    pytest.param(
        {"followers": 7200},
        {
            "gain": {"min": 1382, "max": 1382},
            "growth_percent": {"min": 19.19, "max": 19.19},
            "attainment_percent": {"min": 20.47, "max": 20.47},
            "shortfall": {"min": 5368, "max": 5368},
            "growth_under_20_percent": "proven",
        },
        id="exact",
    ),
    pytest.param(
        {"followers_min": 7200, "followers_max": 7299, "precision": "truncated"},
        {
            "gain": {"min": 1283, "max": 1382},
            "growth_percent": {"min": 17.58, "max": 19.19},
            "attainment_percent": {"min": 19.01, "max": 20.47},
            "shortfall": {"min": 5368, "max": 5467},
            "growth_under_20_percent": "proven",
        },
        id="truncated",
    ),
    pytest.param(
        {"followers_min": 7150, "followers_max": 7249, "precision": "rounded", "raw": "7,2 rb"},
        {
            "gain": {"min": 1333, "max": 1432},
            "growth_percent": {"min": 18.39, "max": 20.03},
            "attainment_percent": {"min": 19.75, "max": 21.21},
            "shortfall": {"min": 5318, "max": 5417},
            "growth_under_20_percent": "undecidable",
        },
        id="rounded",
    ),
]


@pytest.mark.parametrize(("baseline", "expected"), GOLDEN)
async def test_the_golden_table(api, baseline, expected):
    account = await official_account(api)
    await read_count(api, account, START - timedelta(hours=1), **baseline)
    await read_count(api, account, NOW - timedelta(hours=1), followers=8582)
    answer = await growth_of(api, account)
    assert {name: answer[name] for name in expected} == expected
    assert answer["current"]["min"] == answer["current"]["max"] == 8582
    assert answer["baseline"]["age_seconds"] == 3600
    assert answer["expected_gain"] == 6750


async def test_without_a_baseline_nothing_is_made_up(api):
    account = await official_account(api)
    await read_count(api, account, NOW - timedelta(hours=1), followers=8582)
    answer = await growth_of(api, account)
    assert answer["baseline"] is None
    assert answer["gain"] is None
    assert answer["growth_percent"] is None
    assert answer["attribution"] is None


async def test_a_new_reading_changes_the_answer_at_once(api):
    account = await official_account(api)
    await read_count(api, account, START, followers=7200)
    await read_count(api, account, NOW - timedelta(hours=2), followers=8000)
    assert (await growth_of(api, account))["gain"]["min"] == 800
    await read_count(api, account, NOW - timedelta(hours=1), followers=8582)
    assert (await growth_of(api, account))["gain"]["min"] == 1382


async def test_the_window_ends_where_the_question_says(api):
    account = await official_account(api)
    await read_count(api, account, START, followers=7200)
    await read_count(api, account, START + timedelta(days=2), followers=7300)
    await read_count(api, account, START + timedelta(days=9), followers=8582)
    answer = await growth_of(api, account, to=(START + timedelta(days=3)).isoformat())
    assert answer["gain"] == {"min": 100, "max": 100}


@pytest.mark.parametrize(
    ("reading", "code"),
    [
        pytest.param({}, "value_error", id="no-count"),
        pytest.param({"followers": -1}, "greater_than_equal", id="negative"),
        pytest.param({"followers": "8.582"}, "int_parsing", id="text"),
        pytest.param({"followers_min": 9, "followers_max": 8, "precision": "rounded"},
                     "value_error", id="backwards"),
        pytest.param({"followers_min": 7, "followers_max": 8}, "value_error", id="exact-interval"),
        pytest.param({"followers": 5, "attested_by": ""}, "string_too_short", id="nobody-attests"),
    ],
)  # fmt: skip
async def test_bad_readings_are_refused(api, reading, code):
    account = await official_account(api)
    answer = await api.post(
        f"/v1/official-accounts/{account['id']}/snapshots",
        {"observed_at": START.isoformat(), "attested_by": "Humas", "raw": "x", **reading},
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_a_reading_cannot_be_dated_ahead_or_twice(api):
    account = await official_account(api)
    path = f"/v1/official-accounts/{account['id']}/snapshots"
    body = {"attested_by": "Humas", "raw": "7200", "followers": 7200}
    ahead = {**body, "observed_at": (NOW + timedelta(hours=1)).isoformat()}
    assert (await api.post(path, ahead)).json()["errors"][0]["code"] == "future"
    now = {**body, "observed_at": NOW.isoformat()}
    assert (await api.post(path, now)).status_code == 201
    assert (await api.post(path, now)).status_code == 409


EXACTLY = {"followers": 8582}
ROUNDED = {"followers_min": 7150, "followers_max": 7249, "precision": "rounded"}
CUT = {"followers_min": 8580, "followers_max": 8589, "precision": "truncated"}


@pytest.mark.parametrize(
    ("raw", "count", "agrees"),
    [
        pytest.param("8.582", EXACTLY, True, id="indonesian"),
        pytest.param("8,582 followers", EXACTLY, True, id="english"),
        pytest.param("8582", EXACTLY, True, id="plain"),
        pytest.param("8.528", EXACTLY, False, id="digits-exchanged"),
        pytest.param("8,58 rb", EXACTLY, False, id="shortened-is-not-exact"),
        pytest.param("x", EXACTLY, False, id="no-number"),
        pytest.param("8582 suka", EXACTLY, False, id="likes"),
        pytest.param("7,2 rb", ROUNDED, True, id="rounded"),
        pytest.param("7,2K", ROUNDED, True, id="mixed"),
        pytest.param("72 rb", ROUNDED, False, id="ten-times-as-many"),
        pytest.param("7,2 jt", ROUNDED, False, id="another-unit"),
        pytest.param("8580", CUT, True, id="cut"),
        pytest.param("8,58 rb pelanggan", CUT, True, id="cut-and-shortened"),
        pytest.param("9,58 rb", CUT, False, id="cut-elsewhere"),
    ],
)
async def test_what_was_read_must_be_able_to_mean_the_count(api, raw, count, agrees):
    account = await official_account(api)
    answer = await api.post(
        f"/v1/official-accounts/{account['id']}/snapshots",
        {"observed_at": START.isoformat(), "attested_by": "Humas", "raw": raw, **count},
    )
    assert answer.status_code == (201 if agrees else 422), answer.text
    if not agrees:
        assert answer.json()["errors"][0]["pointer"] == "/raw"


async def test_steps_without_a_reading_are_null(api):
    account = await official_account(api)
    await read_count(api, account, START, followers=7200)
    await read_count(api, account, START + timedelta(days=2, hours=1), followers=7300)
    await read_count(api, account, START + timedelta(days=2, hours=3), followers=7310)
    answer = await api.get(
        f"/v1/official-accounts/{account['id']}/snapshots",
        **{
            "from": START.isoformat(),
            "to": (START + timedelta(days=4)).isoformat(),
            "step": 86400,
        },
    )
    counts = [step["followers_max"] for step in answer.json()["items"]]
    assert counts == [7200, None, 7310, None]


async def steps_of(api: Api, account: dict, since: datetime, until: datetime, **params: Any):
    ends = {"from": since.isoformat(), "to": until.isoformat()}
    return await api.get(f"/v1/official-accounts/{account['id']}/snapshots", **ends, **params)


async def test_steps_are_cut_at_midnight_in_jakarta_and_their_gains_add_up(api):
    account = await official_account(api)
    # 16:59 and 17:00 in UTC are two days in Jakarta, where it is 7 hours later.
    late = datetime(2026, 11, 10, 16, 59, tzinfo=UTC)
    for minutes, followers in ((-60, 7200), (0, 7210), (1, 7300), (3 * 1440, 7250)):
        await read_count(api, account, late + timedelta(minutes=minutes), followers=followers)
    until = late + timedelta(days=5)
    plain = (await steps_of(api, account, START, until, step=86400)).json()["items"]
    assert plain[0]["followers_max"] == 7300
    answer = await steps_of(api, account, START, until, step=86400, tz="Asia/Jakarta")
    days = answer.json()["items"]
    starts = [f"2026-11-{day:02d}T17:00:00Z" for day in range(9, 15)]
    assert [each["start"] for each in days] == starts
    assert [each["followers_max"] for each in days] == [7210, 7300, None, 7250, None, None]
    gains = [each["gain_max"] for each in days]
    assert gains == [None, 90, None, -50, None, None]
    assert sum(each for each in gains if each is not None) == 7250 - 7210
    assert gains == [each["gain_min"] for each in days]


async def test_a_day_that_the_range_cuts_tells_only_of_the_range(api):
    account = await official_account(api)
    noon = datetime(2026, 11, 10, 5, tzinfo=UTC)
    for hours, followers in ((-1, 1), (1, 2), (3, 3)):
        await read_count(api, account, noon + timedelta(hours=hours), followers=followers)
    since, until = noon, noon + timedelta(hours=2)
    answer = await steps_of(api, account, since, until, step=86400, tz="Asia/Jakarta")
    assert [each["followers_max"] for each in answer.json()["items"]] == [2]
    answer = await steps_of(
        api, account, noon + timedelta(hours=2), noon + timedelta(hours=2, minutes=1),
        step=86400, tz="Asia/Jakarta",
    )  # fmt: skip
    assert [each["followers_max"] for each in answer.json()["items"]] == [None]


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"tz": "Asia/Jakarta"}, id="no-step"),
        pytest.param({"tz": "Asia/Jakarta", "step": 25_200}, id="seven-hours"),
        pytest.param({"tz": "Asia/Jayapura", "step": 86_400}, id="another-zone"),
    ],
)
async def test_days_that_cannot_be_cut_are_refused(api, params):
    account = await official_account(api)
    answer = await steps_of(api, account, START, NOW, **params)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/tz"


async def test_snapshots_are_paged_oldest_first(api):
    account = await official_account(api)
    for day in range(5):
        await read_count(api, account, START + timedelta(days=day), followers=7200 + day)
    path = f"/v1/official-accounts/{account['id']}/snapshots"
    first = (await api.get(path, limit=3)).json()
    rest = (await api.get(path, limit=3, cursor=first["next"])).json()
    counts = [each["followers_min"] for each in first["items"] + rest["items"]]
    assert counts == [7200, 7201, 7202, 7203, 7204]
    assert rest["next"] is None
    assert (await api.get(path, cursor="nonsense")).status_code == 422


async def test_the_governors_account_needs_an_office_term(api):
    body = {"account": "@gub", "platform": "instagram", "name": "Gubernur", "owner_kind": "person"}
    assert (await api.post("/v1/official-accounts", body)).status_code == 422
    kept = await api.post("/v1/official-accounts", {**body, "office_term_start": "2025-02-20"})
    assert kept.status_code == 201


async def test_an_unknown_platform_is_refused_with_the_reason(api):
    body = {"account": "https://friendster.com/sumsel", "name": "X", "owner_kind": "office"}
    answer = await api.post("/v1/official-accounts", body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "unknown_platform"


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        pytest.param({}, "/query/from", id="no-start"),
        pytest.param({"from": "2026-11-10"}, "/query/from", id="no-time"),
        pytest.param({"from": "2026-11-10T00:00:00"}, "/query/from", id="no-offset"),
        pytest.param({"expected_gain": "-1"}, "/query/expected_gain", id="negative"),
        pytest.param({"campaign": "x"}, "/query/campaign", id="no-id"),
    ],
)
async def test_a_question_that_cannot_be_read_says_where(api, params, pointer):
    account = await official_account(api)
    start = {} if pointer == "/query/from" else {"from": START.isoformat()}
    answer = await api.get(
        f"/v1/official-accounts/{account['id']}/growth", **{"x": "1", **start, **params}
    )
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_the_questions_parameters_are_described(http):
    paths = (await http.get("/openapi.json")).json()["paths"]
    described = paths["/v1/official-accounts/{account_id}/growth"]["get"]["parameters"]
    assert {each["name"]: each["required"] for each in described} == {
        "account_id": True,
        "from": True,
        "to": False,
        "expected_gain": False,
        "campaign": False,
        "valid_at": False,
        "known_at": False,
    }
