"""`simedsos poll` reads a count as a worker does, and says in words why it could not."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import uvicorn
from sqlalchemy import text

from app.cli.polls import in_words
from app.core.services import Services
from app.identity.rules import Caller
from app.identity.scopes import Scope
from app.official_accounts import service as registry
from app.official_accounts.models import OwnerKind
from app.official_accounts.schemas import OfficialAccountIn
from app.platforms.base import Platform, PlatformError
from tests.conftest import make_government
from tests.platforms.sandbox.worlds import sandbox
from tests.support import NOW, Government


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The sandbox on a port of this machine; its clock stands still."""
    config = uvicorn.Config(sandbox(), port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def register(services: Services, government: Government, handle: str, **fields: Any) -> UUID:
    tenant_id = government.tenant_id
    caller = Caller(tenant_id, tenant_id, frozenset(Scope), None, NOW + timedelta(days=1))
    wanted = OfficialAccountIn(
        account=handle,
        platform=Platform.BLUESKY,
        name="Akun",
        owner_kind=OwnerKind.OFFICE,
        **fields,
    )
    async with services.database.transaction(tenant_id) as session:
        made = await registry.create(session, caller, wanted, default_interval=300, now=NOW)
    return made.id


async def poll(services: Services, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {
        "SIMEDSOS_DATABASE_URL": services.settings.required_database_url(),
        "SIMEDSOS_BLUESKY_BASE_URL": url,
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", "from app.cli import main; main()", "poll", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_count_is_read_told_and_kept(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    account = await register(services, government, "pemprov-demo.bsky.social")
    async with serving() as url:
        told = await poll(services, url, str(account))
        facts = await poll(services, url, str(account), "--json")
    assert told.returncode == 0, told.stderr
    assert told.stdout == "3141 followers (exact), read by bluesky:getProfiles.\n"
    read = json.loads(facts.stdout)
    assert (read["outcome"], read["followers_min"], read["followers_max"]) == ("ok", 3141, 3141)
    async with services.database.transaction(government.tenant_id) as session:
        kept = await session.execute(text("SELECT followers_min, source FROM count_snapshots"))
        runs = await session.scalars(text("SELECT outcome FROM poll_runs"))
        assert {tuple(each) for each in kept} == {(3141, "bluesky:getProfiles")}
        assert runs.all() == ["ok", "ok"]


async def test_a_failure_is_told_in_words_and_is_no_zero(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    gone = await register(services, government, "suspended-demo.bsky.social")
    async with serving() as url:
        told = await poll(services, url, str(gone))
        facts = await poll(services, url, str(gone), "--json")
    assert told.returncode == facts.returncode == 1
    assert "No count: The platform has suspended the account." in told.stderr
    read = json.loads(facts.stdout)
    assert (read["outcome"], read["followers_min"]) == ("suspended", None)
    async with services.database.transaction(government.tenant_id) as session:
        assert await session.scalar(text("SELECT count(*) FROM count_snapshots")) == 0


async def test_what_cannot_be_read_now_is_one_clear_line(separate_services):
    services = separate_services
    government = await make_government(services, "sumsel")
    idle = await register(services, government, "kominfo-demo.bsky.social", active=False)
    held = await register(services, government, "pemprov-demo.bsky.social")
    async with services.database.system() as session:
        await session.execute(text("UPDATE due_polls SET lease_until = now() + interval '1 hour'"))
    for account, words in (
        (idle, "Its count is not read from the platform"),
        (held, "A worker is reading this count at this moment"),
        (UUID(int=7), "There is no such resource"),
    ):
        told = await poll(services, "http://127.0.0.1:9", str(account))
        assert told.returncode == 1
        assert words in told.stderr
        assert "Traceback" not in told.stderr


def every_error(kind: type[PlatformError] = PlatformError) -> set[type[PlatformError]]:
    return {kind}.union(*(every_error(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize("outcome", sorted({error.outcome for error in every_error()}))
def test_every_outcome_has_words(outcome):
    assert in_words(outcome)
