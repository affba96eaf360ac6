"""One PostgreSQL for the run, one template of the schema, and a rollback after each test."""

import base64
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.clock import SettableClock
from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine, plain_url
from app.core.logs import configure_logging
from app.core.services import Services
from app.identity import service as identity
from app.identity.scopes import Scope
from app.local.postgres import start
from app.main import create_app
from app.settings import Settings
from migrations import migrate
from tests.support import NOW, Api, Government

# Workers of one run may share a server, and each has databases of its own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
# What every process of a test finds in its environment: the registry stores NIPs sealed only.
os.environ["SIMEDSOS_REGISTRY_KEYS"] = f"tests:{base64.b64encode(b'r' * 32).decode()}"
os.environ["SIMEDSOS_LOOKUP_KEY"] = base64.b64encode(b"l" * 32).decode()
REGISTRY = registry_keys_of(Settings())
TEMPLATE = f"simedsos_template_{WORKER}"
# A busy machine is no fault of the code; examples are still bounded in number.
hypothesis_settings.register_profile(
    "project", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("project")
configure_logging("ERROR")


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server for this run: the one that SIMEDSOS_TEST_DATABASE_URL names, or ours."""
    given = os.environ.get("SIMEDSOS_TEST_DATABASE_URL")
    if given:
        yield given
        return
    running = start(Path(tmp_path_factory.mktemp("postgres")) / "server", durable=False)
    try:
        yield running.owner_url
    finally:
        running.stop()


async def fresh_database(server_url: str, name: str, template: str | None = None) -> str:
    connection = await asyncpg.connect(plain_url(server_url))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        suffix = f' TEMPLATE "{template}"' if template else ""
        await connection.execute(f'CREATE DATABASE "{name}"{suffix}')
    finally:
        await connection.close()
    return str(httpx.URL(server_url).copy_with(path=f"/{name}"))


@pytest.fixture(scope="session")
async def template(server_url: str) -> str:
    """A migrated database that nobody connects to, so that it can be copied at any time."""
    await migrate(await fresh_database(server_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
async def database_url(server_url: str, template: str) -> str:
    """A migrated database that every test rolls back to."""
    return await fresh_database(server_url, f"simedsos_{WORKER}", template)


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection whose transaction is rolled back after the test."""
    async with engine.connect() as connection:
        transaction = await connection.begin()
        yield connection
        await transaction.rollback()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def services(connection: AsyncConnection, clock: SettableClock) -> Services:
    return Services(Database(connection, clock, REGISTRY), Settings(), clock)


@pytest.fixture
async def separate_services(
    server_url: str, template: str, clock: SettableClock, request: pytest.FixtureRequest
) -> AsyncIterator[Services]:
    """A database of its own, for tests of several workers that commit for real."""
    name = f"separate_{WORKER}_{abs(hash(request.node.nodeid))}"
    url = await fresh_database(server_url, name, template)
    engine = make_engine(url, pool_size=10)
    settings = Settings(database_url=url)
    database = Database(engine, clock, REGISTRY)
    yield Services(database, settings, clock)
    await database.aclose()


@pytest.fixture
async def government(services: Services) -> Government:
    """A tenant with a small tree of units, and a key that may do everything."""
    return await make_government(services, "sumsel")


@pytest.fixture
async def other_government(services: Services) -> Government:
    return await make_government(services, "jambi")


async def make_government(services: Services, slug: str) -> Government:
    async with services.database.system() as session:
        tenant_id = await identity.create_tenant(session, slug=slug, name=f"Pemprov {slug}")
    async with services.database.transaction(tenant_id) as session:
        token = await identity.create_key(
            session,
            tenant_id,
            name="tests",
            scopes=list(Scope),
            expires_at=NOW + timedelta(days=365),
            now=NOW,
        )
    return Government(tenant_id, token)


@pytest.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The service over HTTP, without a token."""
    app = create_app(services)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://simedsos.test") as client:
        yield client


@pytest.fixture
def api(http: httpx.AsyncClient, government: Government) -> Api:
    """The service over HTTP, as the government's own key."""
    return Api(http, government.token)


@pytest.fixture
def other_api(http: httpx.AsyncClient, other_government: Government) -> Api:
    return Api(http, other_government.token)


@pytest.fixture
async def units(api: Api) -> dict[str, Any]:
    """A province with two agencies, one of which has a division."""
    made: dict[str, Any] = {}
    for code, name, parent in (
        ("16", "Provinsi Sumatera Selatan", None),
        ("16.01", "Dinas Pendidikan", "16"),
        ("16.01.1", "Bidang SMA", "16.01"),
        ("16.02", "Dinas Kesehatan", "16"),
    ):
        answer = await api.post(
            "/v1/work-units",
            {"code": code, "name": name, "parent_id": made[parent]["id"] if parent else None},
        )
        made[code] = answer.json()
    return made
