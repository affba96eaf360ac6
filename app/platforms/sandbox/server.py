"""The sandbox's web application: the platforms' routes, and `/_sandbox` to steer it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI
from starlette.routing import Route

from app.core.clock import Clock, SystemClock
from app.platforms.sandbox.bluesky import REQUESTS_PER_WINDOW, Bluesky
from app.platforms.sandbox.controls import add_controls
from app.platforms.sandbox.exports import Exports
from app.platforms.sandbox.facebook import Facebook
from app.platforms.sandbox.faults import Faults
from app.platforms.sandbox.instagram import Instagram
from app.platforms.sandbox.mastodon import Mastodon
from app.platforms.sandbox.oauth import OAuthOffice
from app.platforms.sandbox.threads import Threads
from app.platforms.sandbox.tiktok import TikTok
from app.platforms.sandbox.world import (
    Truth,
    World,
    WorldUnusable,
    read_world,
)
from app.platforms.sandbox.x import X
from app.platforms.sandbox.youtube import YouTube

WORLD_VARIABLE = "SIMEDSOS_SANDBOX_WORLD"


class Office(Protocol):
    """One platform of the sandbox."""

    def routes(self) -> Sequence[Route]:
        """The platform's addresses; all but Bluesky's and YouTube's begin with its name."""
        ...


class WorldNotNamed(WorldUnusable):
    """The sandbox needs {variable} to name its world, a file that the demo writes."""


def create_sandbox(
    world: World,
    clock: Clock,
    faults: Faults | None = None,
    *,
    truth: Truth | None = None,
    bluesky_limit: int = REQUESTS_PER_WINDOW,
) -> FastAPI:
    """The sandbox over one world; whoever runs it must keep it on 127.0.0.1.

    Whoever lets the world go on brings the `truth` of it, made of the same world.
    """
    faults = faults or Faults()
    truth = truth or Truth(world)
    offices: list[Office] = [
        Bluesky(truth, clock, faults, limit=bluesky_limit),
        Exports(truth, clock, faults),
        Facebook(truth, clock, faults),
        Instagram(truth, clock, faults),
        Mastodon(truth, clock, faults),
        Threads(truth, clock, faults),
        TikTok(truth, clock, faults),
        X(truth, clock, faults),
        OAuthOffice(truth, clock, faults),
        YouTube(truth, clock, faults, key=world.youtube_key),
    ]
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        routes=[route for office in offices for route in office.routes()],
    )
    add_controls(app, truth, clock, faults)
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
