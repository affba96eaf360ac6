"""Browsers of readers with the rights of a role, over the real application."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.services import Services
from app.identity import queries
from app.identity import service as identity
from app.identity.scopes import SCOPES_OF_ROLES, Role
from app.main import create_app
from tests.support import Government

SAME = {"Sec-Fetch-Site": "same-origin"}
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Browser:
    """A browser that has signed in: it follows no redirect by itself."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def csrf(self) -> str:
        """What a form of ours has to bear, as any page shows it."""
        found = CSRF.search((await self.client.get("/tidak-ada")).text)
        if found is None:
            found = CSRF.search((await self.client.get("/ringkasan")).text)
        assert found is not None
        return found[1]

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of ours."""
        return await self.client.post(
            path, data={"csrf": await self.csrf(), **fields}, headers=SAME
        )

    async def upload(self, path: str, name: str, content: bytes, **fields: Any) -> httpx.Response:
        """Send a form of ours with a file."""
        told = {"csrf": await self.csrf(), **fields}
        return await self.client.post(
            path, data=told, files={"file": (name, content)}, headers=SAME
        )


SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def signed_in(services: Services, government: Government) -> AsyncIterator[SignIn]:
    """Signs somebody in: by a role, and for a unit head with the id of the unit."""
    app = create_app(services)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:

        async def begin(role: Role, unit_id: str | None = None) -> Browser:
            token = await _link(services, government, role, unit_id)
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
            )
            came = await client.post("/sign-in/link", data={"token": token}, headers=SAME)
            assert came.status_code == 303, came.text
            return Browser(client)

        yield begin


async def _link(services: Services, government: Government, role: Role, unit_id: str | None) -> str:
    now = services.clock.now()
    async with services.database.transaction(government.tenant_id) as session:
        token = await identity.create_key(
            session,
            government.tenant_id,
            name=role.value,
            scopes=list(SCOPES_OF_ROLES[role]),
            unit_id=UUID(unit_id) if unit_id else None,
            expires_at=now + timedelta(days=30),
            now=now,
        )
        key = await queries.key_of_token(session, government.tenant_id, token)
        assert key is not None
        return str(await identity.create_sign_in_link(session, key, now=now))
