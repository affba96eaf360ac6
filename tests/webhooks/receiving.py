"""A receiver on this machine that answers as it is told, and what tests say of it."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text

from app.core.clock import SettableClock
from app.core.ids import new_id
from app.core.services import Services
from app.jobs.kinds import DeliverWebhook, encode
from app.settings import Settings
from app.webhooks.outbox import Message
from app.webhooks.rules import written_secret
from tests.connecting import KEYS
from tests.support import NOW, Api, Government
from workers.jobs import run_job

DROP = "drop"
HOLD = "hold"
A_SECOND = timedelta(seconds=1)


@dataclass
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def subject(self) -> str:
        return str(json.loads(self.body)["data"]["subject_id"])

    def signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is of a secret, as Standard Webhooks has it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """Keeps what it gets; answers 204, or in turn what it is told: a status, no answer, silence."""

    answers: list[int | str] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    url: str = ""
    now: int = 0
    most: int = 0
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        # Signatures and ids are told as they came.
        headers |= {k.lower(): v for k, v in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.now += 1
        self.most = max(self.most, self.now)
        self.got.append(Got(head[0].split(" ")[1], headers, body))
        self.seen.set()
        answer = self.answers.pop(0) if self.answers else 204
        await asyncio.sleep(0.005)
        self.now -= 1
        if answer == HOLD:
            gone = asyncio.ensure_future(reader.read())
            released = asyncio.ensure_future(self.release.wait())
            await asyncio.wait((gone, released), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            released.cancel()
        if isinstance(answer, str):
            return False
        told = f"HTTP/1.1 {answer} X\r\ncontent-length: 0\r\nlocation: {self.url}-lain\r\n\r\n"
        writer.write(told.encode())
        await writer.drain()
        return True

    def ids(self) -> list[str]:
        return [each.id for each in self.got]

    def subjects(self) -> list[str]:
        return [each.subject for each in self.got]


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/kabar"
    try:
        yield receiver
    finally:
        server.close()


def message_to(url: str) -> Message:
    """A message that was claimed for an address."""
    return Message(
        tenant_id=new_id(),
        endpoint_id=new_id(),
        claim=new_id(),
        id=new_id(),
        kind="work_unit:created",
        change=7,
        subject_id=new_id(),
        at=NOW,
        url=url,
        secrets=[written_secret(b"s" * 32)],
    )


def settings_for(services: Services) -> Settings:
    """Settings with keys, by which this machine may be told of changes without TLS."""
    return Settings(
        database_url=SecretStr(services.settings.required_database_url()),
        token_keys=SecretStr(KEYS),
        webhook_http=True,
        webhook_private_hosts="127.0.0.1",
    )


@dataclass
class Hooked:
    """A government with an endpoint, the receiver behind it, and the worker."""

    api: Api
    services: Services
    government: Government
    clock: SettableClock
    receiver: Receiver
    hook: dict[str, Any] = field(default_factory=dict)
    units: int = 0

    async def make(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "SIMPEG", "url": self.receiver.url, **fields}
        made = await self.api.post("/v1/webhooks", body)
        assert made.status_code == 201, made.text
        self.hook = made.json()
        return self.hook

    async def change(self, times: int = 1) -> list[str]:
        """Make changes, each in a transaction of its own; their subjects."""
        made = []
        for _ in range(times):
            self.units += 1
            body = {"code": f"U{self.units}", "name": "Dinas"}
            answer = await self.api.post("/v1/work-units", body)
            assert answer.status_code == 201, answer.text
            made.append(answer.json()["id"])
        return made

    @property
    def job(self) -> DeliverWebhook:
        return DeliverWebhook(self.government.tenant_id, UUID(self.hook["id"]))

    async def deliver(self) -> None:
        """What the worker does in its minute."""
        await run_job(self.services, "deliver_webhook", encode(self.job), 0)

    async def show(self) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/webhooks/{self.hook['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def deliveries(self, **asked: Any) -> list[dict[str, Any]]:
        """The messages in their order."""
        answer = await self.api.get(f"/v1/webhooks/{self.hook['id']}/deliveries", **asked)
        assert answer.status_code == 200, answer.text
        return list(reversed(answer.json()["items"]))

    async def wait_for_next(self) -> None:
        """Move the clock to when the waiting message is tried again."""
        waiting = await self.deliveries(state="waiting")
        self.clock.at = max(
            self.clock.at, datetime.fromisoformat(waiting[0]["next_attempt_at"]) + A_SECOND
        )

    async def rows(self, statement: str) -> list[Any]:
        async with self.services.database.transaction(self.government.tenant_id) as session:
            return list(await session.execute(text(statement)))
