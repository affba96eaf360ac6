"""Followers whom lists leave out, answers that fail by lot, and accounts that change hands."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.exports import open_export
from app.platforms.sandbox.faults import FailureRate, Fault, Faults
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import HandleTaken, Truth, World, WorldFollow
from tests.platforms.sandbox.worlds import KOMINFO, NOW, PEMPROV, account, client_of, sandbox

FOLLOWERS = "/xrpc/app.bsky.graph.getFollowers"
PROFILE = f"/xrpc/app.bsky.actor.getProfile?actor={KOMINFO}"
WORLD = World(
    youtube_key="k",
    accounts=(
        account(Platform.INSTAGRAM, "17800000000000001", "pemprov", 400),
        account(Platform.INSTAGRAM, "17800000000000002", "pegawai", 1),
        account(Platform.TIKTOK, "6800000000000000001", "pemprov", 400),
        account(Platform.TIKTOK, "6800000000000000002", "pegawai", 1),
    ),
    follows=(
        WorldFollow(Platform.INSTAGRAM, "17800000000000002", "17800000000000001"),
        WorldFollow(Platform.TIKTOK, "6800000000000000002", "6800000000000000001"),
    ),
)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
async def client(clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sandbox(clock)) as client:
        yield client


async def steer(client: httpx.AsyncClient, what: str, status: int = 204, **body: Any) -> None:
    answer = await client.post(f"/_sandbox/{what}", json=body)
    assert answer.status_code == status, answer.text


async def listed(client: httpx.AsyncClient) -> set[str]:
    found: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        asked = {"actor": KOMINFO, "limit": "100", **cursor}
        body = (await client.get(FOLLOWERS, params=asked)).json()
        found |= {each["did"] for each in body["followers"]}
        if "cursor" not in body:
            return found
        cursor = {"cursor": body["cursor"]}


async def test_hidden_followers_are_counted_and_always_the_same(client, clock):
    everyone = await listed(client)
    await steer(client, "hiding", platform="bluesky", platform_id=KOMINFO, share=0.03)
    first = await listed(client)
    clock.at += timedelta(minutes=30)
    assert first == await listed(client) & everyone
    assert 0.01 < 1 - len(first) / len(everyone) < 0.06
    assert (await client.get(PROFILE)).json()["followersCount"] >= 999
    await steer(client, "hiding", platform="bluesky", platform_id=KOMINFO, share=0.0)
    assert everyone <= await listed(client)


async def test_others_are_hidden_after_each_time(client, clock):
    where: dict[str, Any] = {
        "platform": "bluesky",
        "platform_id": KOMINFO,
        "share": 0.2,
        "redrawn_seconds": 3600,
    }
    everyone = await listed(client)
    await steer(client, "hiding", **where)
    hidden = everyone - await listed(client)
    assert hidden == everyone - await listed(client)
    clock.at += timedelta(hours=1)
    later = everyone - await listed(client)
    assert hidden & later not in (hidden, later)
    assert min(len(hidden), len(later)) > 100


async def test_pairs_tell_of_the_hidden(client):
    await steer(client, "follows", platform="bluesky", follower_id=PEMPROV, followed_id=KOMINFO,
                follows=True)  # fmt: skip
    await steer(client, "hiding", platform="bluesky", platform_id=KOMINFO, share=1.0)
    assert await listed(client) == set()
    asked = {"actor": KOMINFO, "others": PEMPROV}
    told = (await client.get("/xrpc/app.bsky.graph.getRelationships", params=asked)).json()
    assert "followedBy" in told["relationships"][0]


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("hiding", {"platform_id": "did:plc:nobody", "share": 0.1}, 404),
        ("hiding", {"platform_id": KOMINFO, "share": 1.1}, 422),
        ("hiding", {"platform_id": KOMINFO, "share": 0.1, "redrawn_seconds": 0}, 422),
        ("failing", {"share": 0.1, "faults": []}, 422),
        ("failing", {"share": 0.1, "faults": ["quota_exceeded"]}, 422),
        ("handles", {"platform_id": "did:plc:nobody", "handle": "x.bsky.social"}, 404),
        ("handles", {"platform_id": KOMINFO, "handle": "PEMPROV-demo.bsky.social"}, 409),
    ],
)
async def test_what_makes_no_sense_is_refused(client, what, body, status):
    await steer(client, what, status, platform="bluesky", **body)


async def test_a_share_of_answers_fails_and_the_same_seed_fails_the_same_ones(client):
    async def statuses() -> list[int]:
        failing: dict[str, Any] = {
            "platform": "bluesky",
            "share": 0.2,
            "faults": ["server_error"],
            "seed": 7,
        }
        await steer(client, "failing", **failing)
        return [(await client.get(PROFILE)).status_code for _ in range(200)]

    first = await statuses()
    assert first == await statuses()
    assert 20 < first.count(500) < 60
    await client.delete("/_sandbox/faults")
    assert {(await client.get(PROFILE)).status_code for _ in range(50)} == {200}


async def test_an_order_comes_before_the_lot_and_both_are_counted():
    faults = Faults()
    faults.fail(FailureRate(Platform.X, 1.0, (Fault.LOGIN_PAGE,)))
    peeked = faults.peek(Platform.X)
    assert peeked is faults.peek(Platform.X)
    assert peeked is faults.take(Platform.X)
    assert peeked is not None
    assert peeked.fault is Fault.LOGIN_PAGE
    assert faults.take(Platform.BLUESKY) is None
    given = {each: (one.given, one.spoilt) for each, one in faults.answers.items()}
    assert given == {Platform.X: (1, 1), Platform.BLUESKY: (1, 0)}


async def test_a_wrong_total_is_low_by_what_lists_lose(client):
    honest = (await client.get(PROFILE)).json()["followersCount"]
    await client.post("/_sandbox/faults", json={"platform": "bluesky", "fault": "wrong_total"})
    assert (await client.get(PROFILE)).json()["followersCount"] == honest * 97 // 100


async def test_a_handle_passes_to_a_stranger(client):
    new, old = "baru.bsky.social", "kominfo-demo.bsky.social"
    stranger: dict[str, Any] = {
        "platform_id": "did:plc:stranger2222222222222222",
        "display_name": "Orang lain",
    }
    await steer(client, "accounts", 409, platform="bluesky", handle=old, **stranger)
    await steer(client, "handles", platform="bluesky", platform_id=KOMINFO, handle=new)
    await steer(client, "accounts", platform="bluesky", handle=old, **stranger)
    profile = "/xrpc/app.bsky.actor.getProfile"
    assert (await client.get(profile, params={"actor": new})).json()["did"] == KOMINFO
    told = (await client.get(profile, params={"actor": old})).json()
    assert told["did"] == stranger["platform_id"]


def test_the_truth_remembers_who_followed_when():
    truth = Truth(WORLD)
    pair = (Platform.TIKTOK, "6800000000000000002", "6800000000000000001")
    day = timedelta(days=1)
    assert truth.followed_at(*pair, NOW)
    truth.set_follow(*pair, follows=False, at=NOW)
    truth.set_follow(*pair, follows=False, at=NOW + day)
    truth.set_follow(*pair, follows=True, at=NOW + 2 * day)
    moments = (NOW - day, NOW, NOW + day, NOW + 2 * day)
    assert [truth.followed_at(*pair, each) for each in moments] == [True, False, False, True]
    assert truth.turns(*pair) == [NOW, NOW + 2 * day]
    assert truth.began_at(*pair) == NOW + 2 * day
    with pytest.raises(HandleTaken):
        truth.rename(Platform.TIKTOK, "6800000000000000002", "Pemprov")


@pytest.mark.parametrize(
    ("platform", "platform_id"),
    [("instagram", "17800000000000001"), ("tiktok", "6800000000000000001")],
)
async def test_exports_hold_whom_lists_show(platform, platform_id):
    async with client_of(create_sandbox(WORLD, SettableClock(NOW))) as client:
        path = f"/_sandbox/exports/{platform}/{platform_id}"
        whole = read((await client.get(path)).content, platform)
        assert len(whole) == 400
        assert "pegawai" in whole
        await steer(client, "hiding", platform=platform, platform_id=platform_id, share=0.1)
        assert 340 < len(read((await client.get(path)).content, platform)) < 385
        await client.post("/_sandbox/faults", json={"platform": platform, "fault": "short_list"})
        assert len(read((await client.get(path)).content, platform)) < 200
        nobody = await client.get(f"/_sandbox/exports/{platform}/17")
        elsewhere = await client.get("/_sandbox/exports/bluesky/17")
        assert (nobody.status_code, elsewhere.status_code) == (404, 404)


def read(content: bytes, platform: str) -> set[str]:
    export = open_export(io.BytesIO(content), filename="e.zip", platform=Platform(platform))
    return {key for batch in export.batches() for key, _ in batch}
