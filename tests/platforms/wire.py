"""Adapters over a sandbox in memory or over stored answers, and what they are asked."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from hypothesis import strategies as st

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.base import (
    Adapter,
    Follower,
    PairReading,
    Platform,
    PlatformError,
    RateLimited,
    Target,
)
from app.platforms.catalog import ADAPTERS
from app.platforms.http import Lane, OpenGate
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import AccountState, Knot, World, WorldAccount

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KEY = "invented-key"
BASES = {
    Platform.MASTODON: "http://platform.test/mastodon/{host}",
    Platform.TIKTOK: "http://platform.test/tiktok",
    Platform.X: "http://platform.test/x",
}

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)

Answer = tuple[int, Any] | tuple[int, Any, Mapping[str, str]]


def account(
    platform: Platform,
    platform_id: str,
    handle: str,
    followers: int = 100,
    state: AccountState = AccountState.ACTIVE,
) -> WorldAccount:
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Akun Rekaan",
        created_at=NOW - timedelta(days=900),
        knots=(Knot(NOW - timedelta(days=1), followers), Knot(NOW, followers)),
        state=state,
    )


def sandbox_of(world: World) -> httpx.ASGITransport:
    return httpx.ASGITransport(app=create_sandbox(world, SettableClock(NOW)))


def adapter(
    platform: Platform,
    transport: httpx.AsyncBaseTransport,
    *,
    pages: bool = False,
    keys: Mapping[str, str] | None = None,
    deadline: float = 2.0,
) -> Adapter:
    access = Access(
        platform,
        SettableClock(NOW),
        base_url=BASES.get(platform, "http://platform.test"),
        page_base_url=f"http://platform.test/pages/{platform}",
        pages_allowed=pages,
        keys={"api_key": KEY} if keys is None else keys,
        transport=transport,
        deadline_seconds=deadline,
    )
    return ADAPTERS[platform](access)


class Till(OpenGate):
    """Writes down what each request costs whom, and whose budget is told of a limit."""

    def __init__(self) -> None:
        self.paid: list[tuple[str, int]] = []
        self.limits: list[tuple[str, type[PlatformError]]] = []

    async def enter(self, lane: Lane, cost: int) -> None:
        self.paid.append((lane.credential, cost))

    async def learn(self, lane: Lane, answer: Mapping[str, str] | PlatformError) -> None:
        if isinstance(answer, RateLimited):
            self.limits.append((lane.credential, type(answer)))


def stored(answers: Callable[[httpx.Request], Answer]) -> httpx.MockTransport:
    """Answers by a function from a request to a status, a JSON body (or a page), and headers."""

    def handle(request: httpx.Request) -> httpx.Response:
        status, body, *headers = answers(request)
        named = dict(headers[0]) if headers else {}
        page = isinstance(body, str)
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        kind = "text/html; charset=utf-8" if page else "application/json"
        stream = httpx.ByteStream(content)
        return httpx.Response(status, stream=stream, headers={"content-type": kind, **named})

    return httpx.MockTransport(handle)


async def order(transport: httpx.ASGITransport, path: str, **body: Any) -> None:
    async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as control:
        answer = await control.post(f"/_sandbox/{path}", json=body)
        assert answer.status_code < 300, answer.text


async def listed(asking: Adapter, official: Target) -> list[list[Follower]]:
    return [list(page.followers) async for page in asking.followers(official)]


async def list_error(asking: Adapter, official: Target) -> PlatformError | None:
    """What the walk through a list ends in; None at the platform's own end."""
    try:
        await listed(asking, official)
    except PlatformError as error:
        return error
    return None


async def pairs(
    asking: Adapter, official: Target, others: Sequence[Target]
) -> dict[Target, bool | type[PlatformError]]:
    """Yes, no, or the kind of error, for each of the others."""
    found = await asking.follows(official, others)
    assert set(found) == set(others)
    return {
        each: answer.follows if isinstance(answer, PairReading) else type(answer)
        for each, answer in found.items()
    }
