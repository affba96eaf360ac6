"""The sandbox's X answers as the API was seen to answer."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.sandbox.server import create_sandbox
from tests.platforms.sandbox.worlds import client_of
from tests.platforms.wire import NOW
from tests.platforms.x_wire import (
    BEARER,
    CLOSED,
    FAN,
    OFF,
    OFFICIAL,
    OWN,
    STRANGER,
    TAKEN,
    WORLD,
)

FIELDS = "public_metrics,protected,connection_status"
LIST = f"/x/2/users/{OFFICIAL}/followers"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
async def client(clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_sandbox(WORLD, clock)) as client:
        yield client


async def ask(
    client: httpx.AsyncClient, path: str, token: str | None = BEARER, **asked: str
) -> httpx.Response:
    params = {key.replace("user_fields", "user.fields"): value for key, value in asked.items()}
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await client.get(path, params=params, headers=headers)


async def spoil(client: httpx.AsyncClient, fault: str, **more: Any) -> None:
    body = {"platform": "x", "fault": fault, **more}
    answer = await client.post("/_sandbox/faults", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_look_up_tells_users_and_beside_them_who_is_not_there(client):
    answer = await ask(client, "/x/2/users", ids=f"{FAN},{TAKEN},{OFF},42", user_fields=FIELDS)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] == [
        {
            "id": FAN,
            "username": "Fan_1",
            "name": "Akun Rekaan",
            "public_metrics": {
                "followers_count": 100,
                "following_count": 12,
                "post_count": 340,
                "listed_count": 3,
            },
            "protected": False,
        }
    ]
    kinds = {(each["value"], each["title"], each["type"]) for each in body["errors"]}
    kind = "https://api.x.com/2/problems/resource-not-found"
    gone = "Not Found Error"
    assert kinds == {(TAKEN, "Forbidden", kind), (OFF, gone, kind), ("42", gone, kind)}
    details = [each["detail"] for each in body["errors"]]
    assert details == [
        f"User has been suspended: [{TAKEN}].",
        f"Could not find user with ids: [{OFF}].",
        "Could not find user with ids: [42].",
    ]


async def test_a_200_may_hold_only_errors(client):
    answer = await ask(client, "/x/2/users/by", usernames="nobody")
    assert (answer.status_code, list(answer.json())) == (200, ["errors"])


async def test_only_an_accounts_own_token_has_a_viewer(client):
    asked = {"usernames": "fan_1,stranger,closed", "user_fields": FIELDS}
    users = (await ask(client, "/x/2/users/by", OWN, **asked)).json()["data"]
    told = [(each["connection_status"], each["protected"]) for each in users]
    assert told == [(["followed_by"], False), ([], False), ([], True)]
    users = (await ask(client, "/x/2/users/by", **asked)).json()["data"]
    assert all("connection_status" not in each for each in users)


async def test_fields_that_were_not_asked_for_are_not_told(client):
    answer = await ask(client, "/x/2/users", OWN, ids=STRANGER)
    assert answer.json()["data"] == [
        {"id": STRANGER, "username": "stranger", "name": "Akun Rekaan"}
    ]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        pytest.param("/x/2/users", {}, id="no-ids"),
        pytest.param("/x/2/users", {"ids": ",".join(map(str, range(101)))}, id="101-ids"),
        pytest.param("/x/2/users", {"ids": f"{FAN},x"}, id="letters-for-an-id"),
        pytest.param("/x/2/users/by", {"usernames": "a.b"}, id="no-username"),
        pytest.param("/x/2/users/by", {"usernames": "a" * 16}, id="too-long"),
        pytest.param(LIST, {"max_results": "1001"}, id="too-large-a-page"),
        pytest.param(LIST, {"max_results": "0"}, id="an-empty-page"),
        pytest.param(LIST, {"pagination_token": "?"}, id="no-token-of-ours"),
        pytest.param(LIST, {"pagination_token": "-5Z"}, id="a-token-before-the-start"),
    ],
)
async def test_invalid_questions_are_refused_as_a_whole(client, path, asked):
    answer = await ask(client, path, **asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/problems/invalid-request")


async def test_a_hundred_users_are_allowed(client):
    answer = await ask(client, "/x/2/users", ids=",".join(map(str, range(100))))
    assert (answer.status_code, len(answer.json()["errors"])) == (200, 100)


@pytest.mark.parametrize("path", ["/x/2/users?ids=1", "/x/2/users/me", LIST])
@pytest.mark.parametrize("token", [None, "stolen"])
async def test_without_a_token_nothing_is_told(client, path, token):
    answer = await ask(client, path, token)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")
    assert "x-rate-limit-reset" not in answer.headers


async def test_an_account_asks_who_it_is_and_the_app_cannot(client):
    assert (await ask(client, "/x/2/users/me", OWN)).json()["data"]["id"] == OFFICIAL
    refused = await ask(client, "/x/2/users/me", BEARER)
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/problems/unsupported-authentication")


@pytest.mark.parametrize(
    ("state", "status", "kind"),
    [("suspended", 403, "user-suspended"), ("deactivated", 401, "about:blank")],
)
async def test_a_token_ends_with_its_account(client, state, status, kind):
    body = {"platform": "x", "platform_id": OFFICIAL, "state": state}
    assert (await client.post("/_sandbox/states", json=body)).status_code == 204
    answer = await ask(client, "/x/2/users", OWN, ids=FAN)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, kind)


async def test_lists_come_in_pages_whose_last_has_no_token(client):
    sizes, ids, asked = [], [], {"max_results": "1000"}
    while True:
        body = (await ask(client, LIST, **asked)).json()
        ids += [each["id"] for each in body["data"]]
        sizes.append(body["meta"]["result_count"])
        if "next_token" not in body["meta"]:
            break
        asked["pagination_token"] = body["meta"]["next_token"]
    assert sizes == [1000, 1000, 450]
    assert len(set(ids)) == 2_450
    assert FAN in ids
    assert STRANGER not in ids


async def test_a_page_is_of_a_hundred_unless_asked_otherwise(client):
    assert (await ask(client, LIST)).json()["meta"]["result_count"] == 100


@pytest.mark.parametrize(
    ("platform_id", "title"),
    [(CLOSED, "Authorization Error"), (TAKEN, "Forbidden"), ("42", "Not Found Error")],
)
async def test_a_list_that_is_not_shown_is_no_empty_list(client, platform_id, title):
    body = (await ask(client, f"/x/2/users/{platform_id}/followers")).json()
    assert list(body) == ["errors"]
    assert [each["title"] for each in body["errors"]] == [title]


async def test_requests_are_limited_by_token_until_the_quarter_of_an_hour_is_over(client, clock):
    reset = str(int((NOW + timedelta(minutes=15)).timestamp()))
    for left in range(74, -1, -1):
        answer = await ask(client, "/x/2/users/me", OWN)
        limits = [
            answer.headers[f"x-rate-limit-{name}"] for name in ("limit", "remaining", "reset")
        ]
        assert (answer.status_code, limits) == (200, ["75", str(left), reset])
    refused = await ask(client, "/x/2/users/me", OWN)
    assert (refused.status_code, refused.headers["x-rate-limit-remaining"]) == (429, "0")
    assert (await ask(client, "/x/2/users", OWN, ids=FAN)).status_code == 200
    clock.at += timedelta(minutes=15)
    assert (await ask(client, "/x/2/users/me", OWN)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "title"),
    [
        ("credits_exhausted", 402, "CreditsDepleted"),
        ("expired_token", 401, "Unauthorized"),
        ("rate_limited", 429, "Too Many Requests"),
        ("server_error", 503, "Service Unavailable"),
    ],
)
async def test_refusals_in_its_own_words(client, fault, status, title):
    await spoil(client, fault)
    answer = await ask(client, "/x/2/users", ids=FAN)
    assert (answer.status_code, answer.json()["title"]) == (status, title)


async def test_a_429_names_its_reset_also_without_retry_after(client):
    await spoil(client, "rate_limited", seconds=90, form="none")
    answer = await ask(client, "/x/2/users", ids=FAN)
    assert "retry-after" not in answer.headers
    assert answer.headers["x-rate-limit-reset"] == str(int(NOW.timestamp()) + 90)
    assert answer.headers["x-rate-limit-remaining"] == "0"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("negative_count", [(FAN, -1)]),
        ("garbage_count", [(FAN, "banyak")]),
        ("renamed_id", [(FAN[::-1], 100)]),
        ("short_answer", []),
    ],
)
async def test_false_answers(client, fault, expected):
    await spoil(client, fault)
    body = (await ask(client, "/x/2/users", ids=FAN, user_fields=FIELDS)).json()
    users = body.get("data", [])
    assert [(each["id"], each["public_metrics"]["followers_count"]) for each in users] == expected
    assert "errors" not in body


async def test_a_page_carries_its_profile_for_programs(client):
    answer = await client.get("/pages/x/fan_1")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<script type="application/ld+json">' in answer.text
    assert '"@type":"ProfilePage"' in answer.text
    assert f'"identifier":"{FAN}"' in answer.text
    assert answer.text.count("</script>") == 1


@pytest.mark.parametrize("handle", ["nobody", "taken", "off"])
async def test_a_page_of_nobody_is_a_shell_with_200(client, handle):
    answer = await client.get(f"/pages/x/{handle}")
    assert (answer.status_code, "ld+json" in answer.text) == (200, False)


async def test_credits_and_tokens_are_nothing_to_a_page(client):
    for fault in ("credits_exhausted", "expired_token"):
        await spoil(client, fault)
        assert (await client.get("/pages/x/fan_1")).status_code == 200
    await spoil(client, "server_error")
    assert (await client.get("/pages/x/fan_1")).status_code == 503


@given(
    path=st.sampled_from(["/x/2/users", "/x/2/users/by", LIST]),
    asked=st.dictionaries(
        st.sampled_from(["ids", "usernames", "max_results", "pagination_token"]), st.text()
    ),
)
async def test_any_question_gets_an_answer_in_the_platforms_form(path, asked):
    async with client_of(create_sandbox(WORLD, SettableClock(NOW))) as client:
        answer = await ask(client, path, **asked)
    assert answer.status_code in {200, 400}
    assert {"data", "errors", "meta"} & set(answer.json())
