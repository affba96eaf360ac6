"""The sandbox's web application: the platforms' routes, and `/_sandbox` to steer it."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.clock import Clock, SystemClock
from app.platforms.base import Platform
from app.platforms.sandbox.bluesky import REQUESTS_PER_WINDOW, Bluesky
from app.platforms.sandbox.faults import (
    ONLY_YOUTUBE,
    Fault,
    FaultOrder,
    Faults,
    FaultyPlatform,
    RetryForm,
)
from app.platforms.sandbox.world import (
    AccountState,
    AccountUnknown,
    Truth,
    World,
    WorldUnusable,
    count_at,
    read_world,
)
from app.platforms.sandbox.youtube import YouTube

WORLD_VARIABLE = "SIMEDSOS_SANDBOX_WORLD"


class WorldNotNamed(WorldUnusable):
    """The sandbox needs {variable} to name its world, a file that the demo writes."""


class FaultIn(BaseModel):
    """A fault to come; without `times` once, with null until cleared."""

    model_config = ConfigDict(extra="forbid")

    platform: FaultyPlatform
    fault: Fault
    times: Annotated[int, Field(ge=1)] | None = 1
    seconds: Annotated[float, Field(ge=0, le=86_400)] | None = None
    form: RetryForm = "seconds"
    platform_id: str | None = None

    @model_validator(mode="after")
    def _offered(self) -> "FaultIn":
        if self.fault in ONLY_YOUTUBE and self.platform is not Platform.YOUTUBE:
            raise ValueError("only YouTube has this fault")
        return self


class CountIn(BaseModel):
    """The follower count that an account has from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    followers: Annotated[int, Field(ge=0)]


class StateIn(BaseModel):
    """What the platform says of an account from now on."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform
    platform_id: str
    state: AccountState


def create_sandbox(
    world: World,
    clock: Clock,
    faults: Faults | None = None,
    *,
    bluesky_limit: int = REQUESTS_PER_WINDOW,
) -> FastAPI:
    """The sandbox over one world; whoever runs it must keep it on 127.0.0.1."""
    faults = faults or Faults()
    truth = Truth(world)
    bluesky = Bluesky(truth, clock, faults, limit=bluesky_limit)
    youtube = YouTube(truth, clock, faults, key=world.youtube_key)
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_route("/xrpc/app.bsky.actor.getProfile", bluesky.get_profile, ["GET"])
    app.add_route("/xrpc/app.bsky.actor.getProfiles", bluesky.get_profiles, ["GET"])
    app.add_route("/xrpc/{nsid}", bluesky.not_offered, ["GET", "POST"])
    app.add_route("/youtube/v3/channels", youtube.channels, ["GET"])
    _add_controls(app, truth, clock, faults)
    return app


def from_environment() -> FastAPI:
    """The sandbox of the world that the environment names, read once.

    Raises:
        WorldUnusable: a subclass, whose message says what is missing.
    """
    named = os.environ.get(WORLD_VARIABLE)
    if not named:
        raise WorldNotNamed(variable=WORLD_VARIABLE)
    return create_sandbox(read_world(Path(named)), SystemClock())


def _add_controls(app: FastAPI, truth: Truth, clock: Clock, faults: Faults) -> None:
    @app.get("/_sandbox/truth")
    async def show_truth() -> dict[str, Any]:
        now = clock.now()
        accounts = [
            {
                "platform": account.platform,
                "platform_id": account.platform_id,
                "handle": account.handle,
                "display_name": account.display_name,
                "state": account.state,
                "followers": count_at(account, now),
            }
            for account in truth.accounts()
        ]
        return {"at": now.isoformat(), "accounts": accounts, "faults": _pending(faults)}

    @app.post("/_sandbox/faults")
    async def add_fault(body: FaultIn) -> list[dict[str, Any]]:
        faults.add(FaultOrder(**body.model_dump()))
        return _pending(faults)

    @app.delete("/_sandbox/faults", status_code=204)
    async def clear_faults() -> None:
        faults.clear()

    @app.post("/_sandbox/counts", status_code=204)
    async def set_count(body: CountIn) -> None:
        try:
            truth.set_followers(body.platform, body.platform_id, body.followers, at=clock.now())
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown

    @app.post("/_sandbox/states", status_code=204)
    async def set_state(body: StateIn) -> None:
        try:
            truth.set_state(body.platform, body.platform_id, body.state)
        except AccountUnknown as unknown:
            raise HTTPException(404, str(unknown)) from unknown


def _pending(faults: Faults) -> list[dict[str, Any]]:
    return [asdict(order) for order in faults.pending()]
