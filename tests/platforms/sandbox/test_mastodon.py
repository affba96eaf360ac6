"""The sandbox's Mastodon servers answer as Mastodon was seen to answer."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.sandbox.mastodon import local_id
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from tests.platforms.sandbox.worlds import KEY, NOW, account, client_of

MASTODON = Platform.MASTODON
HOME, AWAY = "sosial.example", "luar.example"
HUMAS, FAN = f"https://{HOME}/users/humas", f"https://{AWAY}/users/fan"
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(MASTODON, HUMAS, f"humas@{HOME}", 205),
        account(MASTODON, FAN, f"fan@{AWAY}", 10),
        account(MASTODON, f"https://{AWAY}/users/far", f"far@{AWAY}", 10),
        account(MASTODON, f"https://{HOME}/users/in", f"in@{HOME}", 10, AccountState.PRIVATE),
        account(MASTODON, f"https://{HOME}/users/end", f"end@{HOME}", 10, AccountState.SUSPENDED),
        account(MASTODON, f"https://{HOME}/users/shy", f"shy@{HOME}", 10, AccountState.HIDDEN),
    ),
    follows=(WorldFollow(MASTODON, FAN, HUMAS),),
    tokens=(WorldToken(MASTODON, "humas-token", HUMAS), WorldToken(MASTODON, "app-token")),
)


def client(clock: SettableClock | None = None) -> httpx.AsyncClient:
    return client_of(create_sandbox(WORLD, clock or SettableClock(NOW)))


async def ask(
    path: str, host: str = HOME, token: str | None = None, **params: str | list[str]
) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with client() as asking:
        return await asking.get(
            f"/mastodon/{host}/api/v1/accounts/{path}", params=params, headers=headers
        )


@pytest.mark.parametrize("acct", ["humas", f"humas@{HOME}", "@Humas"])
async def test_an_account_byte_for_byte(acct: str) -> None:
    answer = await ask("lookup", acct=acct)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {
        "id": local_id(HOME, HUMAS),
        "username": "humas",
        "acct": "humas",
        "display_name": "Akun Contoh",
        "url": f"https://{HOME}/@humas",
        "uri": HUMAS,
        "locked": False,
        "bot": False,
        "group": False,
        "created_at": "2019-04-17T00:00:00.000Z",
        "hide_collections": None,
        "followers_count": 205,
        "following_count": 12,
        "statuses_count": 340,
        "emojis": [],
        "fields": [],
    }


async def test_each_server_has_its_own_number_for_an_account() -> None:
    here, there = await ask("lookup", acct=f"fan@{AWAY}"), await ask("lookup", AWAY, acct="fan")
    assert here.json()["uri"] == there.json()["uri"] == FAN
    assert here.json()["acct"] == f"fan@{AWAY}"
    assert here.json()["id"] != there.json()["id"]


async def test_a_suspended_account_has_zero_counts_and_an_empty_list() -> None:
    found = (await ask("lookup", acct="end")).json()
    assert (found["suspended"], found["followers_count"]) == (True, 0)
    answer = await ask(f"{found['id']}/followers")
    assert (answer.status_code, answer.content) == (200, b"[]")


async def test_a_hidden_list_is_an_empty_one_with_200() -> None:
    found = (await ask("lookup", acct="shy")).json()
    assert (found["hide_collections"], found["followers_count"]) == (True, 10)
    answer = await ask(f"{found['id']}/followers")
    assert (answer.status_code, answer.content) == (200, b"[]")
    assert "link" not in answer.headers


@pytest.mark.parametrize(
    ("path", "token", "params", "status", "words"),
    [
        ("lookup", None, {"acct": "nobody"}, 404, "Record not found"),
        ("lookup", None, {"acct": f"far@{AWAY}"}, 404, "Record not found"),
        ("lookup", None, {"acct": "in"}, 401, "This API requires an authenticated user"),
        ("1/followers", None, {}, 404, "Record not found"),
        ("relationships", None, {}, 401, "The access token is invalid"),
        ("relationships", "no-token", {}, 401, "The access token is invalid"),
        ("relationships", "app-token", {}, 422, "This method requires an authenticated user"),
        ("verify_credentials", None, {}, 401, "The access token is invalid"),
    ],
)
async def test_refusals(
    path: str, token: str | None, params: dict[str, str | list[str]], status: int, words: str
) -> None:
    answer = await ask(path, HOME, token, **params)
    assert (answer.status_code, answer.json()) == (status, {"error": words})


async def test_relationships_know_this_servers_numbers_only() -> None:
    known, foreign = local_id(HOME, FAN), local_id(AWAY, FAN)
    asked = {"id[]": [foreign, known, "7"]}
    (entry,) = (await ask("relationships", HOME, "humas-token", **asked)).json()
    assert (entry["id"], entry["followed_by"], entry["following"]) == (known, True, False)


async def test_a_token_is_good_at_its_own_server_only() -> None:
    assert (await ask("verify_credentials", HOME, "humas-token")).json()["uri"] == HUMAS
    assert (await ask("verify_credentials", AWAY, "humas-token")).status_code == 401


async def test_pages_lead_on_by_link_headers_with_addresses_of_the_server() -> None:
    name = local_id(HOME, HUMAS)
    place = f"https://{HOME}/api/v1/accounts/{name}/followers?limit=80"
    first = await ask(f"{name}/followers", limit="100")
    assert first.headers["link"] == (
        f'<{place}&max_id=80>; rel="next", <{place}&since_id=0>; rel="prev"'
    )
    assert first.json()[0]["acct"] == f"fan@{AWAY}"
    last = await ask(f"{name}/followers", limit="80", max_id="160")
    assert len(last.json()) == 45
    assert "next" not in last.headers["link"]


async def test_the_limit_is_told_in_iso_form_counted_by_server_and_kept() -> None:
    clock = SettableClock(NOW)
    path = "/mastodon/{}/api/v1/accounts/lookup?acct=humas"
    async with client(clock) as asking:
        answers = [await asking.get(path.format(HOME)) for _ in range(301)]
        elsewhere = await asking.get(path.format(AWAY))
        clock.at += timedelta(minutes=5)
        later = await asking.get(path.format(HOME))
    assert {each.status_code for each in answers[:300]} == {200}
    assert answers[300].status_code == 429
    assert answers[300].json() == {"error": "Too many requests"}
    assert answers[0].headers["x-ratelimit-limit"] == "300"
    assert answers[299].headers["x-ratelimit-remaining"] == "0"
    assert answers[0].headers["x-ratelimit-reset"] == "2026-11-24T03:35:00.000000Z"
    assert (elsewhere.status_code, later.status_code) == (404, 200)


@given(st.dictionaries(st.sampled_from(["acct", "limit", "max_id", "id[]"]), st.text(max_size=30)))
async def test_any_question_gets_an_answer_in_the_platforms_form(asked: dict[str, str]) -> None:
    name = local_id(HOME, HUMAS)
    for path in ("lookup", "relationships", f"{name}/followers"):
        answer = await ask(path, HOME, "humas-token", **asked)
        assert answer.status_code in {200, 404}
        assert ("error" in answer.json()) == (answer.status_code != 200)
