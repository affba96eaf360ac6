"""The sandbox's YouTube subscriptions and public pages, as they were seen to answer."""

import json
from itertools import count
from typing import Any

import httpx
import pytest

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from app.platforms.sandbox.youtube import subscriptions_are_public
from tests.platforms.sandbox.worlds import CHANNEL, KEY, NOW, account, client_of

PATH = "/youtube/v3/subscriptions"


def channel(name: str, *, public: bool) -> str:
    for each in count():
        made = account(Platform.YOUTUBE, f"UC{name}{each:_>{22 - len(name)}}", name, 12)
        if subscriptions_are_public(made) is public:
            return made.platform_id
    raise AssertionError


OPEN, SHUT = channel("Open", public=True), channel("Shut", public=False)
ENDED = "UCEnded_______________01"
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.YOUTUBE, CHANNEL, "kominfodemo", 7_439),
        account(Platform.YOUTUBE, OPEN, "open", 12),
        account(Platform.YOUTUBE, SHUT, "shut", 12),
        account(Platform.YOUTUBE, ENDED, "ended", 12, AccountState.SUSPENDED),
    ),
    follows=(
        WorldFollow(Platform.YOUTUBE, OPEN, CHANNEL),
        WorldFollow(Platform.YOUTUBE, OPEN, SHUT),
        WorldFollow(Platform.YOUTUBE, SHUT, CHANNEL),
    ),
    tokens=(
        WorldToken(Platform.YOUTUBE, "shut-token", SHUT),
        WorldToken(Platform.YOUTUBE, "ended-token", ENDED),
    ),
)


async def ask(path: str, token: str | None = None, **params: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with client_of(create_sandbox(WORLD, SettableClock(NOW))) as client:
        return await client.get(path, params=params, headers=headers)


def subscribed(answer: httpx.Response) -> list[str]:
    assert answer.json()["pageInfo"]["totalResults"] == len(answer.json()["items"])
    return [each["snippet"]["resourceId"]["channelId"] for each in answer.json()["items"]]


async def test_a_public_subscription_is_told_and_a_missing_one_is_an_empty_list() -> None:
    asked = {"part": "id,snippet", "key": KEY, "channelId": OPEN}
    assert subscribed(await ask(PATH, **asked, forChannelId=CHANNEL)) == [CHANNEL]
    assert subscribed(await ask(PATH, **asked, forChannelId=ENDED)) == []
    assert set(subscribed(await ask(PATH, **asked))) == {CHANNEL, SHUT}


async def test_ones_own_token_sees_private_subscriptions() -> None:
    asked = {"part": "snippet", "mine": "true", "forChannelId": CHANNEL}
    assert subscribed(await ask(PATH, "shut-token", **asked)) == [CHANNEL]
    mine = await ask("/youtube/v3/channels", "shut-token", part="id", mine="true")
    assert [each["id"] for each in mine.json()["items"]] == [SHUT]


@pytest.mark.parametrize(
    ("token", "asked", "status", "reason"),
    [
        (None, {"channelId": SHUT, "key": KEY}, 403, "subscriptionForbidden"),
        (None, {"channelId": "UCnobody", "key": KEY}, 404, "subscriberNotFound"),
        (None, {"channelId": ENDED, "key": KEY}, 404, "subscriberNotFound"),
        (None, {"channelId": OPEN}, 403, "forbidden"),
        (None, {"key": KEY}, 400, "missingRequiredParameter"),
        (None, {"mine": "true"}, 401, "authError"),
        ("other-token", {"mine": "true"}, 401, "authError"),
        ("ended-token", {"mine": "true"}, 403, "authenticatedUserAccountSuspended"),
    ],
)
async def test_refusals(token: str | None, asked: dict[str, str], status: int, reason: str) -> None:
    answer = await ask(PATH, token, part="id", **asked)
    assert answer.status_code == answer.json()["error"]["code"] == status
    assert answer.json()["error"]["errors"][0]["reason"] == reason


async def page(name: str, *, hl: str = "en", cookie: str = "SOCS=CAI") -> httpx.Response:
    async with client_of(create_sandbox(WORLD, SettableClock(NOW))) as client:
        headers = {"cookie": cookie} if cookie else {}
        return await client.get(f"/pages/youtube/{name}", params={"hl": hl}, headers=headers)


def data_of(answer: httpx.Response) -> dict[str, Any]:
    script = answer.text.partition("var ytInitialData = ")[2].partition(";</script>")[0]
    found: dict[str, Any] = json.loads(script)
    return found


@pytest.mark.parametrize("name", ["@open", "@OPEN", f"channel/{OPEN}"])
async def test_a_page_names_its_channel(name: str) -> None:
    answer = await page(name)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert data_of(answer)["metadata"]["channelMetadataRenderer"]["externalId"] == OPEN
    assert "12 subscribers" in answer.text


async def test_a_page_speaks_indonesian_unless_asked() -> None:
    answer = await page(f"channel/{CHANNEL}", hl="id")
    assert 'lang="id"' in answer.text
    assert "7,43\u00a0rb subscriber" in answer.text


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        (f"channel/{ENDED}", 200, "terminated for a violation"),
        ("@ended", 200, "terminated for a violation"),
        ("channel/UCnobody", 200, "This channel does not exist."),
        ("@nobody", 404, "404 Not Found"),
    ],
)
async def test_a_page_says_who_is_gone(name: str, status: int, said: str) -> None:
    answer = await page(name)
    assert answer.status_code == status
    assert said in answer.text


async def test_without_the_cookie_visitors_are_sent_to_consent() -> None:
    answer = await page("@open", cookie="")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://consent.youtube.com/")
