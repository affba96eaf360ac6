"""`simedsos up`: database, schema, every role and the sandbox under one supervisor."""

import asyncio
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from urllib.parse import quote

import asyncpg
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from app.core.clock import SystemClock
from app.core.crypto import KeyringUnusable, registry_keys_of
from app.core.db import plain_url
from app.core.reaching import DatabaseUnreachable, reach, why
from app.local.api_client import ApiClient, DemoRefused
from app.local.demo import (
    DemoReady,
    connect_accounts,
    demo_moment,
    load_demo,
    prepare,
    queue_first_round,
    sign_in_token,
)  # fmt: skip
from app.local.demo_network import sandbox_environment
from app.local.demo_world import write_demo
from app.local.folder import DataFolder, FolderTaken, PortTaken, require_free_port
from app.local.postgres import KeptPostgres, PostgresUnusable, free_port
from app.local.supervisor import Child, ChildKeepsDying, Supervisor
from app.settings import Settings
from migrations import migrate

DATABASE = "simedsos"
LOGIN = "simedsos_login"
READY_SECONDS = 60
TICK_SECONDS = 0.2
Say = Callable[[str], None]


class UpRefused(Exception):
    """The service could not be started."""


class Stopped(Exception):
    """A signal asks the service to end."""


def run_up(settings: Settings, *, demo: bool, say: Say) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises:
        UpRefused: it cannot start; the message says why and how to mend it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        require_free_port(settings.host, settings.port)
        with DataFolder(settings.data_dir) as folder, _database(settings, folder, say) as place:
            _serve(settings, folder, place, demo=demo, say=say)
    except Stopped:
        say("Stopped; the data are kept.")
    except (
        FolderTaken,
        PortTaken,
        PostgresUnusable,
        ChildKeepsDying,
        DatabaseUnreachable,
        DemoRefused,
        OSError,
    ) as error:
        raise UpRefused(str(error) or type(error).__name__) from error
    except (asyncpg.PostgresError, DBAPIError) as error:
        raise UpRefused(str(DatabaseUnreachable(why(error)))) from error


def _stop(_: int, __: FrameType | None) -> None:
    # A second signal must not interrupt the stopping itself.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the data are: the owner's address, the processes' address, and who looks after it."""

    owner_url: str
    database_url: str
    kept: KeptPostgres | None


@contextmanager
def _database(settings: Settings, folder: DataFolder, say: Say) -> Iterator[_Place]:
    """The embedded server, or the given one."""
    if settings.database_url is not None:
        place = _Place(settings.required_owner_url(), settings.required_database_url(), None)
        for url in (place.owner_url, place.database_url):
            asyncio.run(reach(url))
        yield place
        return
    say("Starting PostgreSQL …")
    kept = KeptPostgres(folder.path / "postgres")
    try:
        server_url = kept.running.owner_url
        owner = server_url.removesuffix("/postgres") + f"/{DATABASE}"
        password = folder.secret("login")
        asyncio.run(_create_database(server_url, password))
        address = owner.split("@", 1)[1]
        yield _Place(owner, f"postgresql://{LOGIN}:{quote(password)}@{address}", kept)
    finally:
        kept.stop()


async def _create_database(server_url: str, password: str) -> None:
    """The database, and a login for the processes that owns nothing and bypasses no wall."""
    connection = await asyncpg.connect(plain_url(server_url))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", LOGIN):
            # The password is made of letters, digits, - and _, so it needs no quoting.
            await connection.execute(f"CREATE ROLE {LOGIN} LOGIN PASSWORD '{password}'")
    finally:
        await connection.close()


async def _allow_login(owner_url: str) -> None:
    connection = await asyncpg.connect(plain_url(owner_url))
    try:
        await connection.execute(f"GRANT simedsos_app, simedsos_system TO {LOGIN}")
    finally:
        await connection.close()


def _serve(settings: Settings, folder: DataFolder, place: _Place, *, demo: bool, say: Say) -> None:
    keys = _keys(settings, folder)
    secrets = {name.removeprefix("SIMEDSOS_").lower(): SecretStr(keys[name]) for name in keys}
    try:
        registry = registry_keys_of(settings.model_copy(update=secrets))
    except KeyringUnusable as error:
        raise UpRefused(str(error)) from error
    asyncio.run(migrate(place.owner_url, registry=registry))
    if place.kept is not None:
        asyncio.run(_allow_login(place.owner_url))
    supervisor = Supervisor(folder.path / "logs")
    try:
        given = _start_children(settings, folder, supervisor, place.database_url, keys, demo=demo)
        url = f"http://{settings.host}:{settings.port}"
        _wait_until_ready(supervisor, url)
        facts: dict[str, object] = {"url": url, "database_url": place.owner_url}
        if demo:
            facts |= _load(folder, url, place.database_url, say)
        folder.write_environment(given)
        folder.write_ready(facts)
        _tell(facts, say)
        while True:
            supervisor.tick()
            if place.kept is not None and place.kept.keep():
                say("PostgreSQL had died and was started again; see postgres.log.")
            time.sleep(TICK_SECONDS)
    finally:
        folder.remove_ready()
        say("Stopping …")
        supervisor.stop()


def _keys(settings: Settings, folder: DataFolder) -> dict[str, str]:
    """Keys that are not set, made once and kept in the data folder: beside the data they hide."""
    made = {}
    if settings.token_keys is None:
        made["SIMEDSOS_TOKEN_KEYS"] = f"local:{folder.secret('token_key')}"
    if settings.registry_keys is None and settings.lookup_key is None:
        made["SIMEDSOS_REGISTRY_KEYS"] = f"local:{folder.secret('registry_key')}"
        made["SIMEDSOS_LOOKUP_KEY"] = folder.secret("lookup_key")
    return made


def _start_children(
    settings: Settings,
    folder: DataFolder,
    supervisor: Supervisor,
    database_url: str,
    keys: Mapping[str, str],
    *,
    demo: bool,
) -> dict[str, str]:
    """Start every part; returns the settings that they were given besides their surroundings."""
    shared = {
        "SIMEDSOS_DATABASE_URL": database_url,
        "SIMEDSOS_HOST": settings.host,
        "SIMEDSOS_PORT": str(settings.port),
        **keys,
    }
    if demo:
        world = folder.path / "demo" / "world.json"
        if not world.exists():
            write_demo(world.parent, now=demo_moment(world.parent, SystemClock().now()))
        sandbox = f"http://127.0.0.1:{_sandbox_port(folder)}"
        # What a person has set themselves stays, so that one platform can be tried for real.
        chosen = sandbox_environment(sandbox).items()
        shared |= {name: value for name, value in chosen if name not in os.environ}
        port = sandbox.rsplit(":", 1)[1]
        supervisor.start(Child("sandbox", _command("sandbox", str(world), "--port", port), shared))
    for role in ("api", "scheduler", "worker"):
        supervisor.start(Child(role, _command(role), shared))
    return shared


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from app.cli import main; main()", *arguments]


def _sandbox_port(folder: DataFolder) -> int:
    """The sandbox's port, chosen anew at every start and remembered for ready.json."""
    port = free_port()
    (folder.path / "sandbox.port").write_text(str(port))
    return port


def _wait_until_ready(supervisor: Supervisor, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        supervisor.tick()
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(TICK_SECONDS)
    raise UpRefused(
        f"The API is not ready after {READY_SECONDS} s; see {supervisor.log_of('api')}."
    )


def _load(folder: DataFolder, url: str, database_url: str, say: Say) -> dict[str, object]:
    token = folder.secret("demo_key", "sm_live_")
    clock = SystemClock()
    tenant_id = prepare(database_url, token, clock)
    say("Loading the demo government …")
    api = ApiClient(url, token)
    loaded: DemoReady = load_demo(api, folder.path / "demo", now=clock.now(), say=say)
    sandbox = f"http://127.0.0.1:{(folder.path / 'sandbox.port').read_text()}"
    connected = connect_accounts(api, loaded.official_accounts.values(), sandbox)
    say(f"  {connected} official accounts connected")
    asyncio.run(queue_first_round(database_url))
    link = asyncio.run(sign_in_token(database_url, tenant_id, token, now=clock.now()))
    return {
        "api_key": token,
        "sign_in_url": f"{url}/sign-in/link?token={link}",
        "campaign_id": loaded.campaign_id,
        "campaign_start": loaded.campaign_start,
        "headline_account_id": loaded.headline_account_id,
        "official_accounts": loaded.official_accounts,
        "sandbox_url": sandbox,
    }


def _tell(facts: dict[str, object], say: Say) -> None:
    say(f"\nSIMEDSOS is ready: {facts['url']}   API: {facts['url']}/docs")
    if "api_key" not in facts:
        say("Create a key with: simedsos keys create NAME")
        return
    say(f"Demo API key: {facts['api_key']}")
    say(f"Sign a browser in, once: {facts['sign_in_url']}")
    say("Did the official account grow? Ask:")
    start_at = str(facts["campaign_start"]).replace("+", "%2B")
    say(
        f"  curl -s -H 'Authorization: Bearer {facts['api_key']}'"
        f" '{facts['url']}/v1/official-accounts/{facts['headline_account_id']}/growth"
        f"?from={start_at}&expected_gain=6750'"
    )
    say("Ctrl-C stops everything; the data are kept.")
