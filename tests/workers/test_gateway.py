"""Messages to a gateway over real HTTP: signed, followed nowhere, and what its answers mean."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr

from app.core.clock import SettableClock
from app.reminders.channels import channels_from
from app.reminders.gateway import Gateway
from app.reminders.letters import Parcel, Text
from app.reminders.rules import Channel, Trouble
from app.settings import Settings
from tests.support import NOW

KEY = b"kunci-rahasia-gateway-32-bytes!!"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
PARCEL = Parcel(
    id="01900000-0000-7000-8000-000000000001",
    campaign_id="01900000-0000-7000-8000-000000000002",
    created_at=NOW,
    to="+6282176543210",
    text=Text("Pengingat", "Yth. Bapak/Ibu, “belum terkonfirmasi”."),
)


@dataclass
class Receiver:
    """An ASGI application that keeps what it gets and answers as it is told."""

    status: int = 202
    location: str | None = None
    slow: float = 0.0
    url: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.append((scope["path"], headers, body))
        await asyncio.sleep(self.slow)
        named = [(b"location", self.location.encode())] if self.location else []
        await send({"type": "http.response.start", "status": self.status, "headers": named})
        await send({"type": "http.response.body", "body": b"x" * 10_000})


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver behind a real server on a free port."""
    app = Receiver()
    config = uvicorn.Config(app, "127.0.0.1", 0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    app.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/kirim"
    try:
        yield app
    finally:
        server.should_exit = server.force_exit = True
        await serving


def gateway(app: Receiver, **changes: Any) -> Gateway:
    return Gateway(app.url, SECRET, SettableClock(NOW), **changes)


async def test_a_message_is_signed_so_that_the_receiver_can_check_it():
    async with receiver() as app:
        assert await gateway(app).carry(PARCEL) == PARCEL.id
        [(path, headers, body)] = app.got
        assert path == "/kirim"
        assert json.loads(body) == {
            "id": PARCEL.id,
            "channel": "whatsapp",
            "to": "+6282176543210",
            "text": PARCEL.text.body,
            "campaign_id": PARCEL.campaign_id,
            "created_at": "2026-11-24T03:00:00+00:00",
        }
        assert headers["content-type"] == "application/json"
        assert headers["webhook-id"] == PARCEL.id
        assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
        signed = f"{PARCEL.id}.{headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(KEY, signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(410, Trouble.RECIPIENT_REFUSED, id="gone"),
        pytest.param(429, Trouble.TRY_LATER, id="too-many"),
        pytest.param(503, Trouble.SERVER_ERROR, id="down"),
        pytest.param(500, Trouble.SERVER_ERROR, id="broken"),
        pytest.param(401, Trouble.CREDENTIALS_REFUSED, id="unknown-sender"),
        pytest.param(404, Trouble.SERVER_ERROR, id="wrong-path"),
        pytest.param(302, Trouble.SERVER_ERROR, id="redirect"),
    ],
)
async def test_what_an_answer_means(status, expected):
    async with receiver() as app, receiver() as elsewhere:
        app.status = status
        app.location = elsewhere.url if status == 302 else None
        assert await gateway(app).carry(PARCEL) is expected
        assert len(app.got) == 1
        assert elsewhere.got == [], "a redirect is not followed: it would be told a number"


async def test_silence_and_absence_are_tried_again_later():
    async with receiver() as app:
        app.slow = 2
        assert await gateway(app, timeout_seconds=0.2).carry(PARCEL) is Trouble.TIMED_OUT
        closed = gateway(app)
    assert await closed.carry(PARCEL) is Trouble.UNREACHABLE
    assert "127.0.0.1" not in repr(closed)
    assert SECRET not in repr(closed)


def settings(**given: Any) -> Settings:
    return Settings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "on", "said"),
    [
        pytest.param({}, set(), None, id="nothing-is-set"),
        pytest.param(
            {"smtp_host": "mail.go.id", "smtp_sender": "BKD <bkd@go.id>"}, {"email"}, None,
            id="mail",
        ),
        pytest.param({"smtp_host": "mail.go.id"}, set(), "SMTP_SENDER", id="no-sender"),
        pytest.param(
            {"smtp_host": "mail.go.id", "smtp_sender": "BKD\r\nBcc: x <bkd@go.id>"}, set(),
            "SMTP_SENDER", id="sender-of-two-lines",
        ),
        pytest.param(
            {
                "smtp_host": "mail.go.id", "smtp_sender": "bkd@go.id", "smtp_tls": "none",
                "smtp_username": "bkd", "smtp_password": "x",
            },
            set(), "in the clear", id="password-in-the-clear",
        ),
        pytest.param(
            {"reminder_webhook_url": "https://wa.go.id/x", "reminder_webhook_secret": "s"},
            {"whatsapp"}, None, id="gateway",
        ),
        pytest.param(
            {"reminder_webhook_url": "https://wa.go.id/x"}, set(), "SECRET", id="no-secret"
        ),
        pytest.param(
            {"reminder_webhook_url": "http://wa.go.id/x", "reminder_webhook_secret": "s"},
            set(), "https://", id="gateway-in-the-clear",
        ),
    ],
)  # fmt: skip
def test_which_channels_are_on_and_what_is_wrong(given, on, said):
    setup = channels_from(settings(**given), SettableClock(NOW))
    assert {each.value for each in setup.on} == on
    assert len(setup.faults) == (said is not None)
    assert said is None or said in setup.faults[0]


def test_a_secret_without_its_prefix_is_the_key_itself():
    setup = channels_from(
        settings(reminder_webhook_url="http://127.0.0.1:9/x", reminder_webhook_secret="abc"),
        SettableClock(NOW),
    )
    assert Channel.WHATSAPP in setup.carriers
    assert SecretStr("abc").get_secret_value() not in repr(setup.carriers[Channel.WHATSAPP])
