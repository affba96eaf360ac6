"""An invented world of Meta's three platforms, and adapters that reach it without a network."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.core.clock import SettableClock
from app.platforms.access import Access
from app.platforms.base import Adapter, CountReading, Existence, Platform, PlatformError, Target
from app.platforms.catalog import ADAPTERS
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import (
    AccountState,
    Knot,
    World,
    WorldAccount,
    WorldFollow,
    WorldToken,
)

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
IG, FB, TH = Platform.INSTAGRAM, Platform.FACEBOOK, Platform.THREADS
META = (IG, FB, TH)
IG_ID, FB_ID, TH_ID = "17841400000000001", "61550000000001", "1700000000000001"
IG_PERSON = "17841400000000002"
OWN = {each: f"own-{each}" for each in META}
OFFICIAL = {
    IG: Target("pemprov_demo", IG_ID),
    FB: Target("pemprov.demo", FB_ID),
    TH: Target("pemprov_demo", TH_ID),
}
NOBODY = Target("tidak.ada.demo")


def account(
    platform: Platform,
    platform_id: str,
    handle: str,
    followers: int,
    state: AccountState = AccountState.ACTIVE,
    *,
    professional: bool = True,
) -> WorldAccount:
    return WorldAccount(
        platform=platform,
        platform_id=platform_id,
        handle=handle,
        display_name="Akun <Contoh>",
        created_at=NOW - timedelta(days=900),
        knots=(Knot(NOW, followers),),
        state=state,
        professional=professional,
    )


def _others(platform: Platform, first: str) -> list[WorldAccount]:
    """One account in each state that has a handle of its own, beside the official one."""
    head = first[:-1]
    return [
        account(platform, f"{head}2", "budi.demo", 412, professional=False),
        account(platform, f"{head}3", "tertutup.demo", 305, AccountState.PRIVATE),
        account(platform, f"{head}4", "ditangguhkan.demo", 290, AccountState.SUSPENDED),
        account(platform, f"{head}5", "dimatikan.demo", 280, AccountState.DEACTIVATED),
        account(platform, f"{head}6", "kecil.demo", 57),
    ]


WORLD = World(
    youtube_key="unused",
    accounts=(
        account(IG, IG_ID, "pemprov_demo", 8_582),
        account(FB, FB_ID, "pemprov.demo", 28_400),
        account(TH, TH_ID, "pemprov_demo", 1_940),
        *_others(IG, IG_ID),
        *_others(FB, FB_ID),
        *_others(TH, TH_ID),
    ),
    follows=(WorldFollow(IG, IG_PERSON, IG_ID),),
    tokens=(
        *(WorldToken(each, f"app-{each}") for each in META),
        *(WorldToken(each, OWN[each], OFFICIAL[each].platform_id) for each in META),
    ),
)


def sandbox() -> httpx.ASGITransport:
    return httpx.ASGITransport(app=create_sandbox(WORLD, SettableClock(NOW)))


def adapter(
    platform: Platform,
    transport: httpx.AsyncBaseTransport,
    *,
    pages: bool = False,
    keys: bool = True,
    deadline: float = 2.0,
) -> Adapter:
    access = Access(
        platform,
        SettableClock(NOW),
        base_url=f"http://platform.test/{platform}",
        page_base_url=f"http://platform.test/pages/{platform}",
        pages_allowed=pages,
        keys={"access_token": f"app-{platform}", "user_id": "17841400000000099"} if keys else {},
        transport=transport,
        deadline_seconds=deadline,
        max_bytes=500_000,
    )
    return ADAPTERS[platform](access)


async def count(asking: Adapter, target: Target) -> CountReading | PlatformError:
    return (await asking.counts([target]))[target]


async def existence(asking: Adapter, target: Target) -> Existence | PlatformError:
    return (await asking.existence([target]))[target]


async def order(
    transport: httpx.ASGITransport, platform: Platform, fault: str, **more: Any
) -> None:
    body = {"platform": platform.value, "fault": fault, "times": None, **more}
    async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as control:
        answer = await control.post("/_sandbox/faults", json=body)
        assert answer.status_code == 200, answer.text


Answer = Callable[[httpx.Request], httpx.Response]


def saying(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A platform that gives one JSON answer to everything."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=as_stream(json.dumps(body)), headers=as_json(headers))

    return answer


def as_stream(text: str) -> httpx.ByteStream:
    """A body that is read as it comes over the wire, as the client reads it."""
    return httpx.ByteStream(text.encode("utf-8", "replace"))


def as_json(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    return {"content-type": "application/json; charset=UTF-8", **(headers or {})}


def showing(html: str, status: int = 200, kind: str = "text/html; charset=utf-8") -> Answer:
    """A platform that gives one page to everything."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=as_stream(html), headers={"content-type": kind})

    return answer


def refusing(code: int, message: str = "", **more: object) -> dict[str, object]:
    """The body of a Graph error."""
    error = {"message": message or f"(#{code})", "type": "OAuthException", "code": code, **more}
    return {"error": {**error, "fbtrace_id": "Ainvented"}}


def data_sjs(*blocks: object, head: str = "") -> str:
    """A page with data for programs, in the manner of Meta's."""
    scripts = "".join(
        f'<script type="application/json" data-sjs>{json.dumps(block)}</script>' for block in blocks
    )
    return f"<!DOCTYPE html><html><head>{head}</head><body>{scripts}</body></html>"
