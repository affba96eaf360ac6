"""The sandbox's TikTok answers as the Display API and the profile pages were seen to answer."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.tiktok import shortened
from app.platforms.sandbox.world import AccountState, World, WorldToken
from tests.platforms.sandbox.worlds import client_of
from tests.platforms.wire import KEY, NOW, account

OWN = "act.account"
HUMAS, CLOSED, TAKEN = "6820838815978423302", "6820838815978423303", "6820838815978423304"
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.TIKTOK, HUMAS, "humas.sumsel", 97_944),
        account(Platform.TIKTOK, CLOSED, "closed", 77, AccountState.PRIVATE),
        account(Platform.TIKTOK, TAKEN, "taken", 1, AccountState.SUSPENDED),
    ),
    tokens=(
        WorldToken(Platform.TIKTOK, OWN, HUMAS),
        WorldToken(Platform.TIKTOK, "act.taken", TAKEN),
        WorldToken(Platform.TIKTOK, "act.app"),
    ),
)
INFO = "/tiktok/v2/user/info/"
FIELDS = "open_id,username,follower_count"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
async def client(clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_sandbox(WORLD, clock)) as client:
        yield client


async def ask(
    client: httpx.AsyncClient, token: str = OWN, fields: str | None = FIELDS
) -> httpx.Response:
    params = {"fields": fields} if fields is not None else {}
    return await client.get(INFO, params=params, headers={"authorization": f"Bearer {token}"})


async def spoil(client: httpx.AsyncClient, fault: str, **more: Any) -> None:
    body = {"platform": "tiktok", "fault": fault, **more}
    answer = await client.post("/_sandbox/faults", json=body)
    assert answer.status_code == 200, answer.text


async def page_data(client: httpx.AsyncClient, handle: str) -> dict[str, Any]:
    answer = await client.get(f"/pages/tiktok/@{handle}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text = answer.text.partition('id="__UNIVERSAL_DATA_FOR_REHYDRATION__"')[2]
    text = text.partition(">")[2].partition("</script>")[0]
    scope: dict[str, Any] = json.loads(text)["__DEFAULT_SCOPE__"]
    return scope


async def test_a_good_answer_carries_an_error_called_ok(client):
    answer = await ask(client)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    body = answer.json()
    assert body["error"]["code"] == "ok"
    assert body["data"] == {
        "user": {"open_id": f"open-{HUMAS}", "username": "humas.sumsel", "follower_count": 97_944}
    }


@pytest.mark.parametrize(
    ("token", "fields", "status", "code"),
    [
        pytest.param("stolen", FIELDS, 401, "access_token_invalid", id="unknown-token"),
        pytest.param("act.app", FIELDS, 401, "access_token_invalid", id="no-accounts-token"),
        pytest.param("act.taken", FIELDS, 401, "access_token_invalid", id="account-taken-down"),
        pytest.param(OWN, "follower_count,likes", 400, "invalid_params", id="unknown-field"),
        pytest.param(OWN, None, 400, "invalid_params", id="no-fields"),
    ],
)
async def test_refusals(client, token, fields, status, code):
    answer = await ask(client, token, fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["data"] == {}


async def test_600_requests_within_any_minute(client, clock):
    for place in range(600):
        assert (await ask(client)).status_code == 200, place
        clock.at += timedelta(seconds=0.05)
    refused = await ask(client)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    clock.at += timedelta(minutes=1)
    assert (await ask(client)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("rate_limited", 429, "rate_limit_exceeded"),
        ("server_error", 500, "internal_error"),
        ("expired_token", 401, "access_token_invalid"),
    ],
)
async def test_refusals_in_its_own_words(client, fault, status, code):
    await spoil(client, fault)
    answer = await ask(client)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("negative_count", (f"open-{HUMAS}", -1)),
        ("garbage_count", (f"open-{HUMAS}", "banyak")),
        ("renamed_id", (f"open-{HUMAS[::-1]}", 97_944)),
    ],
)
async def test_false_answers(client, fault, expected):
    await spoil(client, fault)
    user = (await ask(client)).json()["data"]["user"]
    assert (user["open_id"], user["follower_count"]) == expected


async def test_a_page_writes_the_exact_count_as_text_and_the_rounded_one_as_a_number(client):
    told = (await page_data(client, "Humas.Sumsel"))["webapp.user-detail"]
    info = told["userInfo"]
    assert (told["statusCode"], info["user"]["id"]) == (0, HUMAS)
    assert info["statsV2"]["followerCount"] == "97944"
    assert info["stats"]["followerCount"] == 97_900


@pytest.mark.parametrize("handle", ["nobody", "taken"])
async def test_who_is_not_there_is_told_with_200_beside_another_name(client, handle):
    scope = await page_data(client, handle)
    assert scope["webapp.user-detail"]["statusCode"] == 10221
    assert scope["webapp.app-context"]["nickname"]


async def test_a_private_account_counts_naught(client):
    told = (await page_data(client, "closed"))["webapp.user-detail"]
    assert (told["statusCode"], told["userInfo"]["user"]["privateAccount"]) == (10222, True)
    assert told["userInfo"]["statsV2"]["followerCount"] == "0"


async def test_a_short_answer_has_no_profile(client):
    await spoil(client, "short_answer")
    assert "webapp.user-detail" not in await page_data(client, "humas.sumsel")
    await spoil(client, "short_answer")
    assert (await ask(client)).json()["data"] == {}


async def test_pages_refuse_without_json(client):
    await spoil(client, "rate_limited")
    answer = await client.get("/pages/tiktok/@humas.sumsel")
    assert (answer.status_code, answer.text) == (429, "overload-protect triggered")
    await spoil(client, "expired_token")
    assert (await client.get("/pages/tiktok/@humas.sumsel")).status_code == 200


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, 0),
        (9_999, 9_999),
        (10_049, 10_000),
        (97_944, 97_900),
        (999_999, 999_900),
        (4_001_943, 4_000_000),
        (77_615_151, 77_600_000),
    ],
)
def test_shortened(count, expected):
    assert shortened(count) == expected


@given(fields=st.text(), token=st.sampled_from([OWN, "act.app"]))
async def test_any_question_gets_an_answer_in_the_platforms_form(fields, token):
    async with client_of(create_sandbox(WORLD, SettableClock(NOW))) as client:
        answer = await ask(client, token, fields)
    assert answer.status_code in {200, 400, 401}
    assert (answer.json()["error"]["code"] == "ok") == (answer.status_code == 200)
