"""An official account, a follower and a stranger on every platform; faults that strike late."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx

from app.core.clock import SettableClock
from app.local.demo_accounts import HOME_SERVER
from app.local.demo_network import sandbox_environment
from app.platforms.access import Access, access_from
from app.platforms.base import Adapter, Platform, Target
from app.platforms.catalog import ADAPTERS
from app.platforms.sandbox.faults import FaultOrder, Faults
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import Knot, World, WorldAccount, WorldFollow, WorldToken
from app.settings import Settings

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOST = "http://sandbox.test"
FOLLOWERS = 2_500
# Low on purpose: what hangs or drips must end here.
CALL_SECONDS = 0.2
MAX_BYTES = 400_000

OFFICIAL: Mapping[Platform, tuple[str, str]] = {
    Platform.BLUESKY: ("pemprov-uji.bsky.social", "did:plc:ujiresmi2222222222222222"),
    Platform.FACEBOOK: ("pemprov.uji", "61550000000001"),
    Platform.INSTAGRAM: ("pemprov_uji", "17841400000000001"),
    Platform.MASTODON: (f"pemprov@{HOME_SERVER}", f"https://{HOME_SERVER}/users/pemprov"),
    Platform.THREADS: ("pemprov_uji", "1700000000000001"),
    Platform.TIKTOK: ("pemprov_uji", "7100000000000000001"),
    Platform.X: ("pemprov_uji", "1500000000000001"),
    Platform.YOUTUBE: ("pemprovuji", "UCPemprovUji_00000000001"),
}
FOLLOWER: Mapping[Platform, tuple[str, str]] = {
    Platform.BLUESKY: ("budi-uji.bsky.social", "did:plc:ujibudi22222222222222222"),
    Platform.FACEBOOK: ("budi.uji", "100000000000002"),
    Platform.INSTAGRAM: ("budi_uji", "17841400000000002"),
    Platform.MASTODON: (f"budi@{HOME_SERVER}", f"https://{HOME_SERVER}/users/budi"),
    Platform.THREADS: ("budi_uji", "1700000000000002"),
    Platform.TIKTOK: ("budi_uji", "7100000000000000002"),
    Platform.X: ("budi_uji", "1500000000000002"),
    Platform.YOUTUBE: ("budiuji", "UCBudiUji_00000000000002"),
}
STRANGER: Mapping[Platform, tuple[str, str]] = {
    Platform.BLUESKY: ("sari-uji.bsky.social", "did:plc:ujisari22222222222222222"),
    Platform.FACEBOOK: ("sari.uji", "100000000000003"),
    Platform.INSTAGRAM: ("sari_uji", "17841400000000003"),
    Platform.MASTODON: (f"sari@{HOME_SERVER}", f"https://{HOME_SERVER}/users/sari"),
    Platform.THREADS: ("sari_uji", "1700000000000003"),
    Platform.TIKTOK: ("sari_uji", "7100000000000000003"),
    Platform.X: ("sari_uji", "1500000000000003"),
    Platform.YOUTUBE: ("sariuji", "UCSariUji_00000000000003"),
}
CAST = (OFFICIAL, FOLLOWER, STRANGER)
KNOWN_TEXTS = ("own-", *(text for each in CAST for pair in each.values() for text in pair))


def own_token(platform: Platform, platform_id: str) -> str:
    """The token that an account has given us itself."""
    return f"own-{platform.value}-{platform_id[-8:]}"


def _account(platform: Platform, named: tuple[str, str], followers: int) -> WorldAccount:
    handle, platform_id = named
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Akun Uji",
        created_at=NOW - timedelta(days=900),
        knots=(Knot(NOW - timedelta(days=1), followers),),
    )


def make_world() -> World:
    """The world of every cell, with the same tokens as the demo's apps have."""
    environment = sandbox_environment(HOST)
    apps = [
        WorldToken(platform, environment[f"SIMEDSOS_{platform.upper()}_{name}"])
        for platform in Platform
        for name in ("ACCESS_TOKEN", "BEARER_TOKEN")
        if f"SIMEDSOS_{platform.upper()}_{name}" in environment
    ]
    own = [
        WorldToken(platform, own_token(platform, each[platform][1]), each[platform][1])
        for each in CAST
        for platform in Platform
    ]
    return World(
        youtube_key=environment["SIMEDSOS_YOUTUBE_API_KEY"],
        accounts=tuple(
            _account(platform, each[platform], FOLLOWERS if each is OFFICIAL else 40)
            for each in CAST
            for platform in Platform
        ),
        follows=tuple(
            WorldFollow(platform, FOLLOWER[platform][1], OFFICIAL[platform][1])
            for platform in Platform
        ),
        tokens=(*apps, *own),
    )


WORLD = make_world()


def target(cast: Mapping[Platform, tuple[str, str]], platform: Platform) -> Target:
    """An account as a worker would ask about it, with its own token and scoped id."""
    handle, platform_id = cast[platform]
    scoped = f"igsid-{platform_id}" if platform is Platform.INSTAGRAM else None
    return Target(handle, platform_id, own_token(platform, platform_id), scoped)


class Striking(httpx.AsyncBaseTransport):
    """A sandbox in memory whose answers are spoilt from the request number `at` on."""

    def __init__(self, order: FaultOrder | None, at: int) -> None:
        self._faults = Faults()
        self._inner = httpx.ASGITransport(
            app=create_sandbox(WORLD, SettableClock(NOW), self._faults)
        )
        self._order = order
        self._at = at
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._order is not None and self.requests == self._at:
            self._faults.add(self._order)
        self.requests += 1
        return await self._inner.handle_async_request(request)


def reach(platform: Platform, transport: httpx.AsyncBaseTransport, *, pages: bool) -> Adapter:
    """The platform's adapter as the demo's worker has it; `pages` leaves it nothing else."""
    environment = {
        name.removeprefix("SIMEDSOS_").lower(): value
        for name, value in sandbox_environment(HOST).items()
    }
    access = access_from(Settings.model_validate(environment), platform, SettableClock(NOW))
    return ADAPTERS[platform](
        Access(
            platform,
            SettableClock(NOW),
            base_url=access.base_url,
            page_base_url=access.page_base_url,
            pages_allowed=pages,
            keys={} if pages else access.keys,
            transport=transport,
            deadline_seconds=CALL_SECONDS,
            max_bytes=MAX_BYTES,
        )
    )
