"""The sandbox's Bluesky answers as the AppView was seen to answer."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import SettableClock
from tests.platforms.sandbox.worlds import KOMINFO, NOW, PEMPROV, client_of, sandbox

ONE = "/xrpc/app.bsky.actor.getProfile"
MANY = "/xrpc/app.bsky.actor.getProfiles"
LIST = "/xrpc/app.bsky.graph.getFollowers"
PAIRS = "/xrpc/app.bsky.graph.getRelationships"
GONE = ("did:plc:demosuspended22222222222", "did:plc:demodeactivated222222222")


async def ask(
    path: str, params: dict[str, str | list[str]], clock: SettableClock | None = None
) -> httpx.Response:
    async with client_of(sandbox(clock)) as client:
        return await client.get(path, params=params)


@pytest.mark.parametrize("actor", [PEMPROV, "pemprov-demo.bsky.social", "Pemprov-Demo.bsky.social"])
async def test_a_profile_byte_for_byte(actor: str) -> None:
    answer = await ask(ONE, {"actor": actor})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.content == (
        b'{"did":"did:plc:demopemprovsumsel2222222","handle":"pemprov-demo.bsky.social",'
        b'"displayName":"Akun Contoh","associated":{"lists":0,"feedgens":0,"starterPacks":0,'
        b'"labeler":false},"labels":[],"createdAt":"2019-04-17T02:00:00.000Z",'
        b'"indexedAt":"2019-04-17T02:00:00.000Z","followersCount":3141,"followsCount":12,'
        b'"postsCount":340}'
    )


async def test_counts_move_with_the_clock() -> None:
    clock = SettableClock(NOW)
    async with client_of(sandbox(clock)) as client:
        counts = []
        for _ in range(3):
            answer = await client.get(ONE, params={"actor": PEMPROV})
            counts.append(answer.json()["followersCount"])
            clock.at += timedelta(minutes=5)
    assert counts == [3141, 3146, 3151]


@pytest.mark.parametrize(
    ("path", "params", "error", "message"),
    [
        pytest.param(
            ONE,
            {"actor": "nobody.bsky.social"},
            "InvalidRequest",
            "Profile not found",
            id="unknown-handle",
        ),
        pytest.param(
            ONE,
            {"actor": "did:plc:nobody"},
            "InvalidRequest",
            "Profile not found",
            id="unknown-did",
        ),
        pytest.param(
            ONE,
            {"actor": "suspended-demo.bsky.social"},
            "AccountTakedown",
            "Account has been suspended",
            id="suspended",
        ),
        pytest.param(
            ONE,
            {"actor": "deactivated-demo.bsky.social"},
            "AccountDeactivated",
            "Account is deactivated",
            id="deactivated",
        ),
        pytest.param(
            ONE,
            {},
            "InvalidRequest",
            'Error: Params must have the property "actor"',
            id="no-actor",
        ),
        pytest.param(
            ONE,
            {"actor": "@a b"},
            "InvalidRequest",
            "Error: actor must be a valid did or a handle",
            id="malformed-actor",
        ),
        pytest.param(
            MANY,
            {},
            "InvalidRequest",
            'Error: Params must have the property "actors"',
            id="no-actors",
        ),
        pytest.param(
            MANY,
            {"actors": [PEMPROV] * 26},
            "InvalidRequest",
            "Error: actors must not have more than 25 elements",
            id="26-actors",
        ),
        pytest.param(
            MANY,
            {"actors": [PEMPROV, "bare"]},
            "InvalidRequest",
            "Error: actors/1 must be a valid did or a handle",
            id="one-malformed-actor",
        ),
        pytest.param(
            LIST,
            {"actor": "nobody.bsky.social"},
            "InvalidRequest",
            "Actor not found: nobody.bsky.social",
            id="list-of-nobody",
        ),
        pytest.param(
            LIST,
            {"actor": PEMPROV, "limit": "101"},
            "InvalidRequest",
            "integer too big (maximum 100, got 101)",
            id="list-of-101",
        ),
        pytest.param(
            LIST,
            {"actor": PEMPROV, "limit": "0"},
            "InvalidRequest",
            "integer too small (minimum 1, got 0)",
            id="list-of-none",
        ),
        pytest.param(
            LIST,
            {"actor": PEMPROV, "cursor": "x"},
            "InvalidRequest",
            "Malformed cursor",
            id="malformed-cursor",
        ),
        pytest.param(
            PAIRS,
            {"actor": PEMPROV, "others": [KOMINFO] * 31},
            "InvalidRequest",
            "Error: others must not have more than 30 elements",
            id="31-others",
        ),
    ],
)
async def test_refusals(
    path: str, params: dict[str, str | list[str]], error: str, message: str
) -> None:
    answer = await ask(path, params)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {"error": error, "message": message}


async def test_many_profiles_keep_the_order_and_drop_who_is_gone() -> None:
    actors = [
        "kominfo-demo.bsky.social",
        "did:plc:nobody",
        "suspended-demo.bsky.social",
        "deactivated-demo.bsky.social",
        PEMPROV,
    ]
    answer = await ask(MANY, {"actors": actors})
    assert list(answer.json()) == ["profiles"]
    profiles = answer.json()["profiles"]
    assert [(each["did"], each["followersCount"]) for each in profiles] == [
        (KOMINFO, 999),
        (PEMPROV, 3141),
    ]


async def test_25_actors_are_allowed_and_nobody_is_an_empty_list() -> None:
    answer = await ask(MANY, {"actors": [f"nobody{place}.bsky.social" for place in range(25)]})
    assert (answer.status_code, answer.content) == (200, b'{"profiles":[]}')


async def follow(client: httpx.AsyncClient, *followers: str) -> None:
    for follower in followers:
        order = {"platform": "bluesky", "follower_id": follower, "followed_id": PEMPROV}
        answer = await client.post("/_sandbox/follows", json={**order, "follows": True})
        assert answer.status_code == 204


async def test_relationships_know_dids_only_and_strangers_look_like_non_followers() -> None:
    others = [KOMINFO, "kominfo-demo.bsky.social", "did:plc:nobody"]
    async with client_of(sandbox()) as client:
        await follow(client, KOMINFO)
        answer = await client.get(PAIRS, params={"actor": PEMPROV, "others": others})
    kind = "app.bsky.graph.defs#"
    assert answer.json() == {
        "actor": PEMPROV,
        "relationships": [
            {
                "$type": f"{kind}relationship",
                "did": KOMINFO,
                "followedBy": f"at://{KOMINFO}/app.bsky.graph.follow/3kdemofollow2a",
            },
            {"$type": f"{kind}relationship", "did": "did:plc:nobody"},
            {
                "$type": f"{kind}notFoundActor",
                "actor": "kominfo-demo.bsky.social",
                "notFound": True,
            },
        ],
    }


async def test_an_unknown_actor_finds_nobody_with_200() -> None:
    answer = await ask(PAIRS, {"actor": "did:plc:nobody", "others": [KOMINFO]})
    assert answer.status_code == 200
    (entry,) = answer.json()["relationships"]
    assert (entry["actor"], entry["notFound"]) == (KOMINFO, True)


async def test_the_list_leaves_out_who_is_gone_while_the_count_holds_them() -> None:
    async with client_of(sandbox()) as client:
        await follow(client, KOMINFO, *GONE)
        dids, cursor = [], ""
        while True:
            asked = {"actor": PEMPROV, "limit": "100", **({"cursor": cursor} if cursor else {})}
            body = (await client.get(LIST, params=asked)).json()
            dids += [each["did"] for each in body["followers"]]
            cursor = body.get("cursor")
            if cursor is None:
                break
        counted = (await client.get(ONE, params={"actor": PEMPROV})).json()["followersCount"]
    assert body["subject"]["did"] == PEMPROV
    assert KOMINFO in dids
    assert not set(GONE) & set(dids)
    assert len(dids) == len(set(dids)) == counted - 2


async def test_other_methods_are_not_offered() -> None:
    answer = await ask("/xrpc/app.bsky.graph.getFollows", {"actor": PEMPROV})
    assert answer.status_code == 501
    assert answer.json()["error"] == "MethodNotImplemented"


async def test_the_limit_is_told_counted_and_kept() -> None:
    clock = SettableClock(NOW)
    reset = str(int((NOW + timedelta(minutes=5)).timestamp()))
    async with client_of(sandbox(clock, bluesky_limit=2)) as client:
        answers = [await client.get(ONE, params={"actor": PEMPROV}) for _ in range(3)]
        clock.at += timedelta(minutes=5)
        later = await client.get(ONE, params={"actor": PEMPROV})
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"2"}
    assert {answer.headers["ratelimit-reset"] for answer in answers} == {reset}
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {"2;w=300"}
    assert answers[2].json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    assert later.status_code == 200


@given(st.lists(st.text(max_size=60), min_size=1, max_size=30))
async def test_any_actor_gets_an_answer_in_the_platforms_form(actors: list[str]) -> None:
    answer = await ask(MANY, {"actors": actors})
    assert set(answer.json()) in ({"profiles"}, {"error", "message"})
    assert answer.status_code in {200, 400}
