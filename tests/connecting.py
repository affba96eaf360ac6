"""A service whose platforms are the sandbox, and accounts that can be connected to it."""

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from app.connections.routes import make_access
from app.connections.rules import Subject, SubjectKind
from app.connections.service import usable_token
from app.core.clock import SettableClock
from app.core.services import Services
from app.main import create_app
from app.platforms.base import Platform
from tests.conftest import make_government
from tests.platforms.consenting import IDS, Consenting, consent_settings, handle_of
from tests.support import Api, Government

KEYS = f"k1:{base64.b64encode(b'1' * 32).decode()}"


@dataclass
class Connected:
    """The service over HTTP beside its sandbox; `services` are the workers'."""

    api: Api
    http: httpx.AsyncClient
    services: Services
    sandbox: Consenting
    government: Government
    app: FastAPI

    @property
    def clock(self) -> SettableClock:
        return self.sandbox.clock

    async def official(self, platform: Platform, **more: Any) -> str:
        """An official account of the sandbox's world, known by handle only."""
        made = await self.api.post(
            "/v1/official-accounts",
            {
                "account": handle_of(platform),
                "platform": platform.value,
                "name": "Pemprov",
                "owner_kind": "office",
                **more,
            },
        )
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def consented(self, path: str, **choice: str) -> httpx.Response:
        """Ask for a consent, give it in a browser, and bring the answer back to the service."""
        begun = await self.api.post(f"{path}/connection")
        assert begun.status_code == 201, begun.text
        back = await self.sandbox.consent(begun.json()["authorize_url"], **choice)
        return await self.returned(back)

    async def returned(self, query: Mapping[str, str]) -> httpx.Response:
        return await self.http.get("/v1/connections/callback", params=dict(query))

    async def connect(self, platform: Platform) -> str:
        """A connected official account."""
        account_id = await self.official(platform)
        page = await self.consented(f"/v1/official-accounts/{account_id}", **{"as": IDS[platform]})
        assert page.status_code == 200, page.text
        return account_id

    async def state(self, account_id: str) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/official-accounts/{account_id}/connection")
        found: dict[str, Any] = answer.json()
        return found

    async def token(
        self, platform: Platform, account_id: str, *, ahead: bool = False
    ) -> str | None:
        """The token as a worker gets it."""
        access = self.sandbox.access(platform)
        subject = Subject(SubjectKind.OFFICIAL_ACCOUNT, UUID(account_id))
        return await usable_token(
            self.services, access, self.government.tenant_id, subject, ahead=ahead
        )

    async def rows(self, statement: str) -> list[Any]:
        """What is stored, as the tenant sees it."""
        async with self.services.database.transaction(self.government.tenant_id) as session:
            return list(await session.execute(text(statement)))

    async def changes(self) -> list[str]:
        """The kinds of change about connections, oldest first."""
        return [
            row.kind
            for row in await self.rows(
                "SELECT kind FROM changes WHERE kind LIKE 'connection:%' ORDER BY sequence"
            )
        ]


@asynccontextmanager
async def connected_service(services: Services, **settings: Any) -> AsyncIterator[Connected]:
    """A government's service beside a sandbox with the same clock."""
    assert isinstance(services.clock, SettableClock)
    sandbox = Consenting(services.clock)
    chosen = consent_settings(
        **{"token_keys": KEYS, "database_url": services.settings.database_url, **settings}
    )
    services = replace(services, settings=chosen)
    app = create_app(services)
    app.dependency_overrides[make_access] = lambda: sandbox.access
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://simedsos.test") as http:
        government = await make_government(services, "sumsel")
        yield Connected(Api(http, government.token), http, services, sandbox, government, app)
