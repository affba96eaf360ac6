"""A small world for the sandbox's tests, and clients that speak to it in memory."""

from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI

from app.core.clock import SettableClock
from app.platforms.base import Platform
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import AccountState, Knot, World, WorldAccount

NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
KEY = "a-key"
PEMPROV = "did:plc:demopemprovsumsel2222222"
KOMINFO = "did:plc:demodiskominfosumsel2222"
CHANNEL = "UCDiskominfoSumselDemo01"
GUBERNUR = "UCGubernurSumselDemo_001"


def account(
    platform: Platform,
    platform_id: str,
    handle: str,
    followers: int,
    state: AccountState = AccountState.ACTIVE,
) -> WorldAccount:
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Akun Contoh",
        created_at=datetime(2019, 4, 17, 2, tzinfo=UTC),
        knots=(Knot(NOW - timedelta(days=1), followers - 10), Knot(NOW, followers)),
        per_day=1440,
        state=state,
    )


WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.BLUESKY, PEMPROV, "pemprov-demo.bsky.social", 3_141),
        account(Platform.BLUESKY, KOMINFO, "kominfo-demo.bsky.social", 999),
        account(
            Platform.BLUESKY,
            "did:plc:demosuspended22222222222",
            "suspended-demo.bsky.social",
            17,
            AccountState.SUSPENDED,
        ),
        account(
            Platform.BLUESKY,
            "did:plc:demodeactivated222222222",
            "deactivated-demo.bsky.social",
            17,
            AccountState.DEACTIVATED,
        ),
        account(Platform.YOUTUBE, CHANNEL, "kominfodemo", 7_439),
        account(Platform.YOUTUBE, GUBERNUR, "gubernurdemo", 45_278),
        account(
            Platform.YOUTUBE, "UCHidden_Channel_Demo_01", "hiddendemo", 512, AccountState.HIDDEN
        ),
        account(
            Platform.YOUTUBE, "UCClosed_Channel_Demo_01", "closeddemo", 19, AccountState.SUSPENDED
        ),
    ),
)


def sandbox(clock: SettableClock | None = None, *, bluesky_limit: int = 3000) -> FastAPI:
    return create_sandbox(WORLD, clock or SettableClock(NOW), bluesky_limit=bluesky_limit)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
