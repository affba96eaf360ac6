"""The demo's Mastodon account is connected by the token that its own server has given out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn
from fastapi import FastAPI

from app.core.clock import SystemClock
from app.core.services import Services
from app.local.api_client import ApiClient
from app.local.demo import connect_accounts
from app.local.demo_network import own_tokens
from app.local.demo_world import OFFICIAL_ACCOUNTS
from app.local.postgres import free_port
from app.main import create_app
from app.platforms.base import Platform
from app.platforms.sandbox.server import create_sandbox
from app.platforms.sandbox.world import World, WorldToken
from app.settings import Settings
from tests.conftest import make_government
from tests.connecting import KEYS
from tests.platforms.wire import account

DEMO = next(each for each in OFFICIAL_ACCOUNTS if each.platform is Platform.MASTODON)


@asynccontextmanager
async def serving(app: FastAPI, port: int = 0) -> AsyncIterator[str]:
    config = uvicorn.Config(app, port=port, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def test_a_sandbox_that_comes_up_late_is_waited_for():
    """At a later start nothing is to be loaded, and the API is ready before the sandbox is."""
    world = World(
        youtube_key="k", accounts=(account(Platform.MASTODON, DEMO.platform_id, DEMO.handle),)
    )
    port = free_port()
    api = ApiClient("http://127.0.0.1:9", "unused")
    waiting = asyncio.create_task(
        asyncio.to_thread(connect_accounts, api, [], f"http://127.0.0.1:{port}")
    )
    await asyncio.sleep(0.5)
    assert not waiting.done()
    async with serving(create_sandbox(world, SystemClock()), port):
        assert await asyncio.wait_for(waiting, 10) == 0


def connected(api: ApiClient, sandbox: str) -> tuple[int, str]:
    made = api.post(
        "/v1/official-accounts",
        {
            "account": DEMO.handle,
            "platform": "mastodon",
            "platform_id": DEMO.platform_id,
            "name": DEMO.display_name,
            "owner_kind": "office",
        },
    )
    number = connect_accounts(api, [made["id"]], sandbox)
    return number, api.get(f"/v1/official-accounts/{made['id']}/connection")["state"]


@pytest.mark.parametrize(
    ("tokens", "outcome"),
    [
        pytest.param(own_tokens(OFFICIAL_ACCOUNTS), (1, "connected"), id="this-demos-world"),
        pytest.param((), (0, "none"), id="an-older-demos-world"),
    ],
)
async def test_the_demos_mastodon_account_is_connected_where_its_world_has_a_token(
    separate_services: Services, tokens: tuple[WorldToken, ...], outcome: tuple[int, str]
):
    known = account(Platform.MASTODON, DEMO.platform_id, DEMO.handle)
    world = World(youtube_key="k", accounts=(known,), tokens=tokens)
    government = await make_government(separate_services, "sumsel-demo")
    async with serving(create_sandbox(world, SystemClock())) as sandbox:
        settings = Settings(
            database_url=separate_services.settings.database_url,
            token_keys=KEYS,
            mastodon_base_url=f"{sandbox}/mastodon/{{host}}",
        )
        async with serving(create_app(replace(separate_services, settings=settings))) as url:
            api = ApiClient(url, government.token)
            assert await asyncio.to_thread(connected, api, sandbox) == outcome
