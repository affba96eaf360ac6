"""The service in the simulation: its API, its job handlers and its queue, all on one clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import Row, text

from app.core.clock import SettableClock
from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine
from app.core.services import Services
from app.identity import service as identity
from app.identity.scopes import Scope
from app.jobs.kinds import EvaluateAll, encode
from app.jobs.schedule import CronLine
from app.main import create_app
from app.platforms.access import access_from
from app.platforms.base import Platform
from app.platforms.catalog import Catalog, build_adapters
from app.platforms.http import OpenGate
from app.settings import Settings
from benchmarks.simulated.people import APP, SHARES, Plan
from benchmarks.simulated.timeline import Timeline
from workers.collect import collect_once
from workers.jobs import run_job
from workers.reach import Reach
from workers.scheduler import fire

SANDBOX: Final = "http://sandbox.test"
KEY_DAYS: Final = timedelta(days=365)
# The queue keeps real time; a job that is to wait does so in simulated time.
TAKE = text(
    "DELETE FROM pgqueuer WHERE status = 'queued'"
    " RETURNING id, entrypoint, payload, execute_after - created AS delay"
)


class Refused(Exception):
    """The API refused what the simulation asked of it."""


def settings_of(database_url: str, plan: Plan) -> Settings:
    """Settings that lead every adapter to the sandbox, as an operator would write them."""
    places = {Platform.BLUESKY: "", Platform.YOUTUBE: "", Platform.MASTODON: "/mastodon/{host}"}
    bases = {
        f"{each.value}_base_url": SANDBOX + places.get(each, f"/{each.value}") for each in Platform
    }
    pages = {f"{each.value}_page_base_url": f"{SANDBOX}/pages/{each.value}" for each in Platform}
    return Settings.model_validate(
        {
            **bases,
            **pages,
            "database_url": database_url,
            "instagram_user_id": "17841400000000099",
            "instagram_access_token": APP,
            "facebook_access_token": APP,
            "x_bearer_token": APP,
            "public_pages": "instagram,tiktok" if plan.pages else "",
        }
    )


@dataclass(slots=True)
class Service:
    """Everything that a government runs, with one API key of it."""

    services: Services
    timeline: Timeline
    sandbox: FastAPI
    catalog: Catalog
    http: httpx.AsyncClient
    tenant_id: UUID
    tokens: dict[UUID, str] = field(default_factory=dict)
    judge_soon: bool = False

    async def send(self, method: str, path: str, **sent: Any) -> Any:
        """What the API answers.

        Raises:
            Refused: it is no success; the error names the status and the problem's codes.
        """
        answer = await self.http.request(method, path, **sent)
        if answer.is_error:
            raise Refused(f"{method} {path.split('/')[2]}: {answer.status_code} {answer.text}")
        return answer.json()

    async def upload(self, path: str, content: bytes, filename: str, **fields: str) -> Any:
        """What the API answers to a file."""
        return await self.send("POST", path, files={"file": (filename, content)}, data=fields)

    async def rows(self, statement: str, **where: Any) -> list[Row[Any]]:
        """What the tenant's database holds."""
        async with self.services.database.transaction(self.tenant_id) as session:
            found = await session.execute(text(statement), {**where, "tenant": self.tenant_id})
            return list(found)

    async def poll_counts(self) -> None:
        """Read the counts that are due, as the worker's collecting loops do."""
        for adapter in self.catalog.adapters.values():
            await collect_once(self.services, adapter, self._token_of)

    async def fire(self, line: CronLine) -> None:
        """Fire a line of the cron table, and work until the queue is empty."""
        await fire(self.services, line, self.timeline.clock.at)
        await self.work()

    async def work(self) -> None:
        """Run what is queued; judgements are left for the end, which they would repeat."""
        while taken := await self._take():
            for row in taken:
                if row.entrypoint.startswith("evaluate"):
                    self.judge_soon = True
                elif row.delay > timedelta():
                    moment = self.timeline.clock.at + row.delay
                    self.timeline.at(moment, self._later(row.entrypoint, row.payload))
                else:
                    await self._run(row.entrypoint, row.payload)

    async def judge(self) -> bool:
        """Judge the campaigns if any fact has asked for it; whether one had."""
        asked, self.judge_soon = self.judge_soon, False
        if asked:
            await self._run(EvaluateAll.kind, encode(EvaluateAll()))
        return asked

    async def _take(self) -> list[Row[Any]]:
        async with self.services.database.system() as session:
            return sorted(await session.execute(TAKE), key=lambda row: row.id)

    def _later(self, kind: str, payload: bytes) -> Any:
        async def run() -> None:
            await self._run(kind, payload)
            await self.work()

        return run

    async def _run(self, kind: str, payload: bytes | None) -> None:
        adapters = self.catalog.adapters
        await run_job(self.services, kind, payload, 0, Reach(adapters, token_of=self._token_of))

    async def _token_of(self, tenant_id: UUID, official_account_id: UUID) -> str | None:
        del tenant_id
        return self.tokens.get(official_account_id)


@asynccontextmanager
async def service_over(
    settings: Settings, sandbox: FastAPI, timeline: Timeline
) -> AsyncIterator[Service]:
    """The service over a migrated database, with the sandbox for every platform."""
    clock = timeline.clock
    engine = make_engine(settings.required_database_url())
    database = Database(engine, registry=registry_keys_of(settings))
    services = Services(database, settings, clock)
    wire = httpx.ASGITransport(sandbox)
    accesses = [
        replace(access_from(services.settings, each, clock, OpenGate()), transport=wire)
        for each in SHARES
    ]
    catalog = build_adapters(accesses)
    tenant_id, key = await _tenant(services, clock)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services)),
        base_url="http://simedsos.test",
        headers={"Authorization": f"Bearer {key}"},
    )
    try:
        async with client:
            yield Service(services, timeline, sandbox, catalog, client, tenant_id)
    finally:
        await catalog.aclose()
        await database.aclose()


async def _tenant(services: Services, clock: SettableClock) -> tuple[UUID, str]:
    now = clock.at
    async with services.database.system() as session:
        tenant_id = await identity.create_tenant(session, slug="sumsel", name="Pemprov")
    async with services.database.transaction(tenant_id) as session:
        key = await identity.create_key(
            session,
            tenant_id,
            name="simulation",
            scopes=list(Scope),
            expires_at=now + KEY_DAYS,
            now=now,
        )
    return tenant_id, key
