"""A sandbox world for OAuth, and a browser that follows a consent page back."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.base import Platform
from app.platforms.http import Gate
from app.platforms.sandbox.faults import Fault, FaultOrder, Faults
from app.platforms.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import World, WorldFollow, WorldToken
from app.settings import Settings
from tests.platforms.sandbox.worlds import account
from tests.support import NOW

HOST = "http://sandbox.test"
APPS = ("meta", "threads", "tiktok", "x", "youtube")
IDS = {
    Platform.FACEBOOK: "61550000000001",
    Platform.INSTAGRAM: "17841400000000001",
    Platform.THREADS: "17841400000000777",
    Platform.TIKTOK: "7012345678901234567",
    Platform.X: "2244994945",
    Platform.YOUTUBE: "UCDiskominfoSumselDemo01",
}
OTHERS = {
    platform: platform_id[:-1] + ("A" if platform is Platform.YOUTUBE else "9")
    for platform, platform_id in IDS.items()
}
PLATFORMS = tuple(IDS)
ROTATING = (Platform.TIKTOK, Platform.X)


def handle_of(platform: Platform, *, other: bool = False) -> str:
    # No platform's handles forbid both signs, but Facebook's forbid the usual one.
    sign = "." if platform is Platform.FACEBOOK else "_"
    return f"{'lain' if other else 'pemprov'}{sign}{platform.value}"


# Mastodon has no consent page: its servers hand out tokens by themselves.
HOME = "sosial.example"
NAMES = ("humas", "lain", "ikut", "tidak")
MASTODON_TOKENS = {name: f"{name}-token-0123456789" for name in NAMES}


def mastodon_id(name: str) -> str:
    return f"https://{HOME}/users/{name}"


CONSENT_WORLD = World(
    youtube_key="k",
    accounts=(
        *(
            account(platform, ids[platform], handle_of(platform, other=ids is OTHERS), 100)
            for platform in PLATFORMS
            for ids in (IDS, OTHERS)
        ),
        *(account(Platform.MASTODON, mastodon_id(name), f"{name}@{HOME}", 20) for name in NAMES),
    ),
    follows=(WorldFollow(Platform.MASTODON, mastodon_id("ikut"), mastodon_id("humas")),),
    tokens=(
        *(
            WorldToken(Platform.MASTODON, token, mastodon_id(name))
            for name, token in MASTODON_TOKENS.items()
        ),
        WorldToken(Platform.MASTODON, "app-token"),
    ),
)


def consent_settings(**more: Any) -> Settings:
    """Settings whose apps are the sandbox's own."""
    apps: dict[str, Any] = {}
    for app in APPS:
        apps |= {
            f"{app}_client_id": CLIENT_ID,
            f"{app}_client_secret": CLIENT_SECRET,
            f"{app}_oauth_base_url": f"{HOST}/oauth/{app}",
        }
    return Settings(**{**apps, **more})


class Counting(httpx.AsyncBaseTransport):
    """The sandbox in memory; remembers the path and body of each request that reaches it."""

    def __init__(self, app: FastAPI) -> None:
        self._inner = httpx.ASGITransport(app)
        self.seen: list[tuple[str, str]] = []
        self.down: Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down is not None:
            raise self.down
        body = (await request.aread()).decode()
        self.seen.append((request.url.path, body or request.url.query.decode()))
        return await self._inner.handle_async_request(request)

    def refreshes(self) -> list[str]:
        """The bodies of the requests that sent a refresh token or its like."""
        return [body for _, body in self.seen if "refresh_token" in body]


@dataclass
class Consenting:
    """The sandbox with its faults, and a browser."""

    clock: SettableClock = field(default_factory=lambda: SettableClock(NOW))
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.app = create_sandbox(CONSENT_WORLD, self.clock, self.faults)
        self.transport = Counting(self.app)
        self.gate: Gate | None = None

    def access(self, platform: Platform) -> Access:
        return Access(
            platform,
            self.clock,
            base_url=f"{HOST}/mastodon/{{host}}" if platform is Platform.MASTODON else None,
            gate=self.gate,
            transport=self.transport,
            deadline_seconds=5,
        )

    def spoil(self, platform: Platform, fault: Fault, times: int = 1) -> None:
        # Meta's one app answers for both of its platforms in Facebook's name.
        named = Platform.FACEBOOK if platform is Platform.INSTAGRAM else platform
        self.faults.add(FaultOrder(named, fault, times))

    async def consent(self, url: str, **choice: str) -> dict[str, str]:
        """Open a consent page; what the platform sends back in the redirect's query."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as browser:
            answer = await browser.get(httpx.URL(url).copy_merge_params(choice))
        assert answer.status_code == 307, answer.text
        asked = urlsplit(answer.headers["location"]).query
        return {name: values[0] for name, values in parse_qs(asked).items()}
