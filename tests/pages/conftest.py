"""Browsers of readers with the rights of a role, over the real application."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.core.ids import new_id
from app.core.services import Services
from app.identity import queries
from app.identity import service as identity
from app.identity.models import User, WebSession
from app.identity.rules import hash_token, new_token
from app.identity.scopes import SCOPES_OF_ROLES, Role
from app.main import create_app
from app.sign_in import sessions
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


@pytest.fixture
async def employee_in(services: Services, government: Government) -> AsyncIterator[SignIn]:
    """Signs an employee in by their id, as the provider's sign-in leaves their session behind."""
    app = create_app(services)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncExitStack() as stack:

        async def begin(employee_id: str, role: Role = Role.EMPLOYEE, **office: Any) -> Browser:
            cookie = await _session_of(services, government, UUID(employee_id), role, **office)
            client = httpx.AsyncClient(
                transport=transport,
                base_url="http://127.0.0.1:8000",
                cookies={sessions.NAME: cookie},
            )
            return Browser(await stack.enter_async_context(client))

        yield begin


async def _session_of(
    services: Services, government: Government, employee_id: UUID, role: Role, **office: Any
) -> str:
    now, token = services.clock.now(), new_token("")
    user = User(
        tenant_id=government.tenant_id,
        id=new_id(),
        issuer="https://masuk.example",
        subject=str(employee_id),
        role=role,
        employee_id=employee_id,
        has_own_side=True,
        last_seen_at=now,
        **office,
    )
    async with services.database.transaction(government.tenant_id) as session:
        session.add(user)
        await session.flush()
        session.add(
            WebSession(
                tenant_id=government.tenant_id,
                id=new_id(),
                token_hash=hash_token(token),
                user_id=user.id,
                last_seen_at=now,
                expires_at=now + timedelta(hours=8),
            )
        )
    return token


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
