"""A service that takes the tokens of an issuer, and a browser of it."""

import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.core.clock import SystemClock
from app.local.postgres import free_port
from app.main import create_app
from app.settings import Settings
from tests.sign_in.issuing import AUDIENCE, TestIssuer, issuing
from tests.support import Api, nip

PROVIDER = Path(__file__).with_name("provider")
HERE = "http://simedsos.test"
CALLBACK = f"{HERE}/sign-in/callback"
PEOPLE: dict[str, dict[str, Any]] = {
    "bkd": {"simedsos_roles": ["bkd_admin"]},
    "head": {"simedsos_roles": ["unit_head", "employee"], "simedsos_unit": "16.01", "nip": nip(1)},
    "employee": {"simedsos_roles": ["employee"], "nip": nip(2)},
    "nobody": {"simedsos_roles": ["portal_user"]},
}


@pytest.fixture
def issuer() -> Iterator[TestIssuer]:
    with issuing() as found:
        yield found


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real OpenID provider."""
    if not (PROVIDER / "node_modules").exists():
        pytest.skip("needs Node and `npm ci --prefix tests/sign_in/provider`")
    people = tmp_path_factory.mktemp("provider") / "people.json"
    people.write_text(json.dumps(PEOPLE))
    port = free_port()
    process = subprocess.Popen(
        ["node", "server.mjs", str(port), AUDIENCE, CALLBACK, str(people)],  # noqa: S607
        cwd=PROVIDER,
        env={**os.environ, "NODE_ENV": "test"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "ready" in process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def settings_for(issuer: str, **others: Any) -> Settings:
    told = {
        "public_url": HERE,
        "oidc_issuer": issuer,
        "oidc_audience": AUDIENCE,
        "oidc_tenant": "sumsel",
        "oidc_client_id": "web",
        "oidc_client_secret": SecretStr("web-secret-of-the-tests"),
    }
    return Settings(**{**told, **others})


async def serving(services: Any, issuer: str) -> AsyncIterator[httpx.AsyncClient]:
    services.settings = settings_for(issuer)
    transport = httpx.ASGITransport(app=create_app(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
        yield client


@pytest.fixture
async def people(api: Api, units: dict[str, Any]) -> dict[str, str]:
    """The ids of the employees whom the provider knows, by their login."""
    made = {}
    for number, login in ((1, "head"), (2, "employee")):
        body = {"nip": nip(number), "name": f"Pegawai {number}", "category": "pppk"}
        answer = await api.post("/v1/employees", {**body, "unit_id": units["16.01"]["id"]})
        made[login] = answer.json()["id"]
    return made


@pytest.fixture
async def here(services, issuer, government, clock) -> AsyncIterator[httpx.AsyncClient]:
    """The service behind our own issuer."""
    async for client in serving(services, issuer.address):
        yield client


@pytest.fixture
async def there(services, provider, government, clock) -> AsyncIterator[httpx.AsyncClient]:
    """The service behind the real provider, whose clock is the machine's."""
    clock.at = SystemClock().now()
    async for client in serving(services, provider):
        yield client
