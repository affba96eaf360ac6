"""Loading the demo: wherever it is broken off, the next start brings it to its end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.services import Services
from app.local.api_client import ApiClient
from app.local.demo import demo_moment, load_demo
from app.local.postgres import free_port
from app.main import create_app
from tests.conftest import make_government
from tests.support import NOW


class BrokenOff(Exception):
    """The machine went down."""


class FailingClient(ApiClient):
    """Goes down after so many requests that change something."""

    changes_left = 10_000

    def _send(self, method: str, *arguments: Any) -> Any:
        if method == "POST":
            if self.changes_left == 0:
                raise BrokenOff
            self.changes_left -= 1
        return super()._send(method, *arguments)


@pytest.fixture
async def client(separate_services: Services) -> AsyncIterator[FailingClient]:
    """The service under a real server, as `up` loads the demo into it."""
    government = await make_government(separate_services, "sumsel-demo")
    port = free_port()
    config = uvicorn.Config(create_app(separate_services), port=port, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield FailingClient(f"http://127.0.0.1:{port}", government.token)
    server.should_exit = True
    await serving


async def count(services: Services, table: str) -> int:
    engine = services.database.bind
    assert isinstance(engine, AsyncEngine)
    async with engine.connect() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")))  # noqa: S608


async def test_a_load_that_was_broken_off_is_brought_to_its_end(
    client, separate_services, tmp_path
):
    def load(after: timedelta) -> Any:
        return load_demo(client, tmp_path, now=NOW + after, say=lambda _: None)

    # In the middle of the accounts, before the campaign, and between the two follower lists.
    for number, changes in enumerate((5, 25, 10_000), start=1):
        client.changes_left = changes
        if changes < 10_000:
            with pytest.raises(BrokenOff):
                await asyncio.to_thread(load, timedelta(hours=number))
    loaded = await asyncio.to_thread(load, timedelta(hours=9))
    assert await asyncio.to_thread(load, timedelta(hours=10)) == loaded
    assert len(loaded.official_accounts) == await count(separate_services, "official_accounts")
    assert await count(separate_services, "campaigns") == 1
    assert await count(separate_services, "follower_lists") == 2
    assert await count(separate_services, "employees") == 6_750


def test_the_demo_tells_of_one_moment(tmp_path):
    assert demo_moment(tmp_path / "demo", NOW) == NOW
    assert demo_moment(tmp_path / "demo", NOW + timedelta(days=1)) == NOW
