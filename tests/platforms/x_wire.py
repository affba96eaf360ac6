"""A small world of X, its adapter over any transport, and the parts of X's answers."""

from typing import Any

import httpx

from app.platforms.base import CountReading, Platform, PlatformError, Target
from app.platforms.sandbox.world import AccountState, World, WorldFollow, WorldToken
from app.platforms.x import XAdapter
from tests.platforms.wire import KEY, account, adapter

BEARER, OWN = "app-bearer", "account-token"
OFFICIAL, FAN, STRANGER, CLOSED, OFF, TAKEN = (str(1000 + place) for place in range(6))
HUMAS = Target("humas_x", OFFICIAL, access_token=OWN)
CROWD = [str(5000 + place) for place in range(130)]
WORLD = World(
    youtube_key=KEY,
    accounts=(
        account(Platform.X, OFFICIAL, "humas_x", 2_450),
        account(Platform.X, FAN, "Fan_1"),
        account(Platform.X, STRANGER, "stranger"),
        account(Platform.X, CLOSED, "closed", 77, AccountState.PRIVATE),
        account(Platform.X, OFF, "off", 1, AccountState.DEACTIVATED),
        account(Platform.X, TAKEN, "taken", 1, AccountState.SUSPENDED),
        *(account(Platform.X, each, f"crowd{each}") for each in CROWD),
    ),
    follows=tuple(WorldFollow(Platform.X, each, OFFICIAL) for each in (FAN, *CROWD[::2])),
    tokens=(WorldToken(Platform.X, BEARER), WorldToken(Platform.X, OWN, OFFICIAL)),
)


def x(transport: httpx.AsyncBaseTransport, *, bearer: str | None = BEARER) -> XAdapter:
    keys = {} if bearer is None else {"bearer_token": bearer}
    asking = adapter(Platform.X, transport, pages=bearer is None, keys=keys)
    assert isinstance(asking, XAdapter)
    return asking


async def counted(asking: XAdapter, target: Target) -> CountReading | PlatformError:
    try:
        return (await asking.counts([target]))[target]
    except PlatformError as error:
        return error


def user(platform_id: object = FAN, username: object = "fan_1", **more: Any) -> dict[str, Any]:
    metrics = {"public_metrics": {"followers_count": 7}, "protected": False}
    return {"id": platform_id, "username": username, **metrics, **more}


def problem(kind: str, title: str, detail: str, host: str = "api.x.com") -> dict[str, Any]:
    kind = f"https://{host}/2/problems/{kind}"
    return {"value": FAN, "title": title, "detail": detail, "type": kind, "parameter": "ids"}


GONE = ("Not Found Error", f"Could not find user with ids: [{FAN}].")
OUT = ("Forbidden", f"User has been suspended: [{FAN}].")
SECRET = ("Authorization Error", f"Sorry, you are not authorized to see [{FAN}].")
