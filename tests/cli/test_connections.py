"""`simedsos connections set-token` reads a token from standard input and asks whose it is."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
import uvicorn
from sqlalchemy import text

from app.core.clock import SystemClock
from app.core.services import Services
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.official_accounts import service as registry
from app.official_accounts.models import OwnerKind
from app.official_accounts.schemas import OfficialAccountIn
from app.platforms.base import Platform
from app.platforms.sandbox.server import create_sandbox
from tests.conftest import make_government
from tests.connecting import KEYS
from tests.platforms.consenting import CONSENT_WORLD, HOME, MASTODON_TOKENS
from tests.support import NOW, Government

TOKEN = MASTODON_TOKENS["humas"]


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The sandbox on a port of this machine."""
    sandbox = create_sandbox(CONSENT_WORLD, SystemClock())
    config = uvicorn.Config(sandbox, port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def register(services: Services, government: Government) -> UUID:
    tenant_id = government.tenant_id
    caller = Caller(tenant_id, tenant_id, frozenset(Scope), None, NOW + timedelta(days=1))
    wanted = OfficialAccountIn(
        account=f"humas@{HOME}",
        platform=Platform.MASTODON,
        name="Humas",
        owner_kind=OwnerKind.OFFICE,
    )
    async with services.database.transaction(tenant_id) as session:
        made = await registry.create(session, caller, wanted, default_interval=300, now=NOW)
    return made.id


async def set_token(
    services: Services, url: str, token: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    env = {
        "SIMEDSOS_DATABASE_URL": services.settings.required_database_url(),
        "SIMEDSOS_MASTODON_BASE_URL": f"{url}/mastodon/{{host}}",
        "SIMEDSOS_TOKEN_KEYS": KEYS,
    }
    start = "from app.cli import main; main()"
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", start, "connections", "set-token", *arguments],
        env={**os.environ, **env},
        input=token,
        capture_output=True,
        text=True,
        check=False,
    )


async def stored(services: Services, government: Government) -> list[str]:
    async with services.database.transaction(government.tenant_id) as session:
        found = await session.scalars(text("SELECT state FROM connections"))
        return list(found.all())


async def test_a_token_is_read_from_standard_input(separate_services):
    government = await make_government(separate_services, "sumsel")
    account = await register(separate_services, government)
    async with serving() as url:
        told = await set_token(separate_services, url, f"{TOKEN}\n", str(account))
        facts = await set_token(separate_services, url, f"{TOKEN}\n", str(account), "--json")
    assert told.returncode == 0, told.stderr
    assert "it is stored" in told.stdout
    assert json.loads(facts.stdout)["state"] == "connected"
    assert TOKEN not in told.stdout + told.stderr + facts.stdout + facts.stderr
    assert await stored(separate_services, government) == ["connected"]


@pytest.mark.parametrize(
    ("token", "words"),
    [
        pytest.param(MASTODON_TOKENS["lain"], "speaks for another account", id="another"),
        pytest.param("invented", "does not accept this access token", id="unknown"),
        pytest.param("", "does not accept this access token", id="nothing"),
    ],
)
async def test_what_is_refused_is_one_clear_line(separate_services, token, words):
    government = await make_government(separate_services, "sumsel")
    account = await register(separate_services, government)
    async with serving() as url:
        told = await set_token(separate_services, url, token, str(account))
    assert told.returncode == 1
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert await stored(separate_services, government) == []


async def test_a_token_is_no_argument(separate_services):
    told = await set_token(separate_services, "http://127.0.0.1:9", "", str(UUID(int=7)), TOKEN)
    assert told.returncode == 2
