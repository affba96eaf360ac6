"""The service on a port of this machine, with a unit and an employee in it."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.services import Services
from app.main import create_app
from tests.conftest import make_government
from tests.support import Api, nip

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LONGEST_SECONDS = 60


class LosesAnAnswer:
    """A proxy that carries out the first request of a path, and says that it did not."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path
        self.lost = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or self.lost:
            await self._app(scope, receive, send)
            return
        self.lost += 1

        async def swallow(_: Message) -> None:
            return

        await self._app(scope, receive, swallow)
        headers = [(b"retry-after", b"0"), (b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": b"<h1>503</h1>"})


@dataclass(frozen=True)
class Running:
    """A service that runs, a key that may do everything, and what is in it."""

    url: str
    token: str
    unit_id: str
    proxy: LosesAnAnswer

    async def run(
        self, command: Sequence[str], *, told: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that finds the service in its environment."""
        service = {"SIMEDSOS_URL": self.url, "SIMEDSOS_KEY": self.token}
        return await asyncio.to_thread(
            subprocess.run,
            command,
            input=told,
            env={"PATH": os.environ["PATH"], **service, **environment},
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )


@pytest.fixture
async def running(separate_services: Services) -> AsyncIterator[Running]:
    """Only what has been committed is told, so the database commits for real."""
    government = await make_government(separate_services, "sumsel")
    proxy = LosesAnAnswer(create_app(separate_services), "/v1/employees/batch")
    config = uvicorn.Config(proxy, port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        async with httpx.AsyncClient(base_url=url) as client:
            unit_id = await lay_out(Api(client, government.token))
        yield Running(url, government.token, unit_id, proxy)
    finally:
        server.should_exit = True
        await task


async def lay_out(api: Api) -> str:
    unit = await api.post("/v1/work-units", {"code": "16.01", "name": "Dinas Pendidikan"})
    unit_id: str = unit.json()["id"]
    for number in (1, 2, 3):
        body = {"nip": nip(number), "name": f"Pegawai {number}", "category": "pppk"}
        made = await api.post("/v1/employees", {**body, "unit_id": unit_id})
        assert made.status_code == 201, made.text
    official = {"account": "https://www.instagram.com/pemprovsumsel", "name": "Pemprov"}
    made = await api.post("/v1/official-accounts", {**official, "owner_kind": "office"})
    assert made.status_code == 201, made.text
    return unit_id
