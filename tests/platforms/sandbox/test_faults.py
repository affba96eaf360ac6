"""Every fault that can be ordered spoils the answers it was ordered for, and only those."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core.clock import SettableClock
from app.platforms.sandbox.faults import BOMB_BYTES, ONLY_OF, Fault
from tests.platforms.sandbox.worlds import (
    CHANNEL,
    GUBERNUR,
    KEY,
    KOMINFO,
    NOW,
    PEMPROV,
    client_of,
    sandbox,
)

BLUESKY = f"/xrpc/app.bsky.actor.getProfiles?actors={KOMINFO}&actors={PEMPROV}"
YOUTUBE = f"/youtube/v3/channels?part=statistics&id={GUBERNUR},{CHANNEL}&key={KEY}"
PATHS = {"bluesky": BLUESKY, "youtube": YOUTUBE}
BOTH = pytest.mark.parametrize("platform", ["bluesky", "youtube"])


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sandbox(SettableClock(NOW))) as client:
        yield client


async def order(client: httpx.AsyncClient, platform: str, fault: str, **more: Any) -> None:
    body = {"platform": platform, "fault": fault, **more}
    answer = await client.post("/_sandbox/faults", json=body)
    assert answer.status_code == 200, answer.text


async def spoilt(
    client: httpx.AsyncClient, platform: str, fault: str, **more: Any
) -> httpx.Response:
    await order(client, platform, fault, **more)
    return await client.get(PATHS[platform])


def counts_of(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    if "profiles" in body:
        return {each["did"]: each["followersCount"] for each in body["profiles"]}
    return {each["id"]: each["statistics"]["subscriberCount"] for each in body["items"]}


HONEST: dict[str, dict[str, Any]] = {
    "bluesky": {KOMINFO: 999, PEMPROV: 3141},
    "youtube": {GUBERNUR: "45200", CHANNEL: "7430"},
}


@BOTH
async def test_honest_answers(client: httpx.AsyncClient, platform: str) -> None:
    assert counts_of(await client.get(PATHS[platform])) == HONEST[platform]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("seconds", "90"),
        ("date", "Tue, 24 Nov 2026 03:31:30 GMT"),
        ("none", None),
    ],
)
@BOTH
async def test_rate_limited(
    client: httpx.AsyncClient, platform: str, form: str, expected: str | None
) -> None:
    answer = await spoilt(client, platform, "rate_limited", seconds=90, form=form)
    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == expected
    if platform == "bluesky":
        assert answer.json()["error"] == "RateLimitExceeded"
        reset = int((NOW + timedelta(seconds=90)).timestamp())
        assert answer.headers["ratelimit-reset"] == str(reset)
        assert answer.headers["ratelimit-remaining"] == "0"
    else:
        assert answer.json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"


@pytest.mark.parametrize(
    ("platform", "fault", "status", "words"),
    [
        ("bluesky", "server_error", 500, "InternalServerError"),
        ("youtube", "server_error", 503, "backendError"),
        ("youtube", "quota_exceeded", 403, "quotaExceeded"),
        ("youtube", "key_invalid", 400, "keyInvalid"),
    ],
)
async def test_the_platforms_own_refusals(
    client: httpx.AsyncClient, platform: str, fault: str, status: int, words: str
) -> None:
    answer = await spoilt(client, platform, fault)
    assert answer.status_code == status
    assert words in json.dumps(answer.json())
    assert "retry-after" not in answer.headers


@BOTH
async def test_hang_answers_late(client: httpx.AsyncClient, platform: str) -> None:
    await order(client, platform, "hang", seconds=0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.get(PATHS[platform]), 0.05)
    answer = await spoilt(client, platform, "hang", seconds=0)
    assert counts_of(answer) == HONEST[platform]


@BOTH
async def test_truncated_is_half_a_body_of_honest_length(
    client: httpx.AsyncClient, platform: str
) -> None:
    whole = (await client.get(PATHS[platform])).content
    answer = await spoilt(client, platform, "truncated")
    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.status_code == 200


@BOTH
async def test_cut_off_promises_more_than_it_sends(
    client: httpx.AsyncClient, platform: str
) -> None:
    whole = (await client.get(PATHS[platform])).content
    answer = await spoilt(client, platform, "cut_off")
    assert answer.content == whole[: len(whole) // 2]
    assert answer.headers["content-length"] == str(len(whole))


@BOTH
async def test_wrong_type_is_data_that_calls_itself_a_page(
    client: httpx.AsyncClient, platform: str
) -> None:
    answer = await spoilt(client, platform, "wrong_type")
    assert answer.headers["content-type"] == "text/html"
    assert counts_of(answer) == HONEST[platform]


@BOTH
async def test_login_page_is_a_page_with_status_200(
    client: httpx.AsyncClient, platform: str
) -> None:
    answer = await spoilt(client, platform, "login_page")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")
    assert "password" in answer.text


@BOTH
async def test_redirect_loop_leads_to_itself(client: httpx.AsyncClient, platform: str) -> None:
    await order(client, platform, "redirect_loop", times=None)
    with pytest.raises(httpx.TooManyRedirects):
        await client.get(PATHS[platform], follow_redirects=True)


@BOTH
async def test_deep_json_breaks_careless_parsers(client: httpx.AsyncClient, platform: str) -> None:
    answer = await spoilt(client, platform, "deep_json")
    assert answer.content == b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(RecursionError):
        answer.json()


@BOTH
async def test_gzip_bomb_is_small_on_the_wire(client: httpx.AsyncClient, platform: str) -> None:
    await order(client, platform, "gzip_bomb")
    async with client.stream("GET", PATHS[platform]) as answer:
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 200_000
    unpacker = zlib.decompressobj(wbits=31)
    size = 0
    while packed:
        size += len(unpacker.decompress(packed, 1024 * 1024))
        packed = unpacker.unconsumed_tail
    assert size == BOMB_BYTES + 2


@pytest.mark.parametrize(
    ("platform", "fault", "expected"),
    [
        ("bluesky", "negative_count", {KOMINFO: -1, PEMPROV: -1}),
        ("youtube", "negative_count", {GUBERNUR: "-1", CHANNEL: "-1"}),
        ("bluesky", "garbage_count", {KOMINFO: "banyak", PEMPROV: "banyak"}),
        ("youtube", "garbage_count", {GUBERNUR: "banyak", CHANNEL: "banyak"}),
        ("bluesky", "short_answer", {KOMINFO: 999}),
        ("youtube", "short_answer", {GUBERNUR: "45200"}),
        (
            "bluesky",
            "renamed_id",
            {"did:plc:de" + KOMINFO[:9:-1]: 999, "did:plc:de" + PEMPROV[:9:-1]: 3141},
        ),
        ("youtube", "renamed_id", {"UC" + GUBERNUR[:1:-1]: "45200", "UC" + CHANNEL[:1:-1]: "7430"}),
    ],
)
async def test_false_counts(
    client: httpx.AsyncClient, platform: str, fault: str, expected: dict[str, Any]
) -> None:
    assert counts_of(await spoilt(client, platform, fault)) == expected
    assert counts_of(await client.get(PATHS[platform])) == HONEST[platform]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("negative_count", {KOMINFO: -1, PEMPROV: 3141}),
        ("garbage_count", {KOMINFO: "banyak", PEMPROV: 3141}),
        ("short_answer", {PEMPROV: 3141}),
    ],
)
async def test_a_fault_may_be_meant_for_one_account(
    client: httpx.AsyncClient, fault: str, expected: dict[str, Any]
) -> None:
    assert counts_of(await spoilt(client, "bluesky", fault, platform_id=KOMINFO)) == expected


async def test_a_short_answer_about_one_actor_is_not_found(client: httpx.AsyncClient) -> None:
    await order(client, "bluesky", "short_answer")
    answer = await client.get(f"/xrpc/app.bsky.actor.getProfile?actor={PEMPROV}")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Profile not found"


async def test_a_fault_spoils_as_many_answers_as_ordered(client: httpx.AsyncClient) -> None:
    await order(client, "bluesky", "server_error", times=2)
    await order(client, "bluesky", "login_page")
    assert counts_of(await client.get(YOUTUBE)) == HONEST["youtube"]
    seen = [(await client.get(BLUESKY)).headers["content-type"][:16] for _ in range(4)]
    assert seen == ["application/json", "application/json", "text/html; chars", "application/json"]


async def test_faults_are_shown_and_cleared(client: httpx.AsyncClient) -> None:
    await order(client, "youtube", "hang", times=None, seconds=5)
    truth = (await client.get("/_sandbox/truth")).json()
    assert truth["faults"] == [
        {
            "platform": "youtube",
            "fault": "hang",
            "times": None,
            "seconds": 5.0,
            "form": "seconds",
            "platform_id": None,
        }
    ]
    assert (await client.delete("/_sandbox/faults")).status_code == 204
    assert (await client.get("/_sandbox/truth")).json()["faults"] == []
    assert counts_of(await client.get(YOUTUBE)) == HONEST["youtube"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty"),
        pytest.param({"platform": "myspace", "fault": "hang"}, id="platform-not-offered"),
        pytest.param({"platform": "bluesky", "fault": "earthquake"}, id="unknown-fault"),
        pytest.param({"platform": "bluesky", "fault": "quota_exceeded"}, id="not-on-bluesky"),
        pytest.param({"platform": "bluesky", "fault": "hang", "times": 0}, id="never"),
        pytest.param({"platform": "bluesky", "fault": "hang", "seconds": -1}, id="negative-wait"),
        pytest.param({"platform": "bluesky", "fault": "hang", "tmies": 3}, id="misspelt-field"),
    ],
)
async def test_orders_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await client.post("/_sandbox/faults", json=body)).status_code == 422


async def test_every_fault_can_be_ordered_and_passes(client: httpx.AsyncClient) -> None:
    offered = [fault for fault in Fault if "youtube" in ONLY_OF.get(fault, {"youtube"})]
    assert len(offered) > 20
    for fault in offered:
        await spoilt(client, "youtube", fault, seconds=0)
    assert counts_of(await client.get(YOUTUBE)) == HONEST["youtube"]


async def test_the_truth_is_told_and_can_be_set(client: httpx.AsyncClient) -> None:
    body = {"platform": "youtube", "platform_id": CHANNEL, "followers": 12_345}
    assert (await client.post("/_sandbox/counts", json=body)).status_code == 204
    truth = (await client.get("/_sandbox/truth")).json()
    assert truth["at"] == "2026-11-24T03:30:00+00:00"
    told = {each["platform_id"]: each for each in truth["accounts"]}
    assert told[CHANNEL] == {
        "platform": "youtube",
        "platform_id": CHANNEL,
        "handle": "kominfodemo",
        "display_name": "Akun Contoh",
        "state": "active",
        "followers": 12_345,
    }
    assert told[PEMPROV]["followers"] == 3_141
    assert counts_of(await client.get(YOUTUBE))[CHANNEL] == "12300"


async def test_a_state_can_be_set(client: httpx.AsyncClient) -> None:
    body = {"platform": "bluesky", "platform_id": PEMPROV, "state": "suspended"}
    assert (await client.post("/_sandbox/states", json=body)).status_code == 204
    assert counts_of(await client.get(BLUESKY)) == {KOMINFO: 999}


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("/_sandbox/counts", {"followers": 1}, 404),
        ("/_sandbox/states", {"state": "active"}, 404),
        ("/_sandbox/counts", {"followers": -1}, 422),
        ("/_sandbox/states", {"state": "asleep"}, 422),
    ],
)
async def test_what_cannot_be_set_is_refused(
    client: httpx.AsyncClient, path: str, value: dict[str, Any], status: int
) -> None:
    body = {"platform": "bluesky", "platform_id": "did:plc:nobody", **value}
    assert (await client.post(path, json=body)).status_code == status
