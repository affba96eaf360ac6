"""Mail by SMTP to a real server: what it takes, refuses, puts off, breaks off and delays."""

import asyncio
from dataclasses import replace
from email.headerregistry import Address
from typing import Any

import pytest

from app.core.clock import SettableClock
from app.reminders.letters import Parcel, Text
from app.reminders.mail import Mailbox
from app.reminders.rules import Trouble
from tests.mail_server import PASSWORD, MailServer, authenticate, certificate, mail_server
from tests.support import NOW

PARCEL = Parcel(
    id="01900000-0000-7000-8000-000000000001",
    campaign_id="01900000-0000-7000-8000-000000000002",
    created_at=NOW,
    to="budi.santoso@oganilir.go.id",
    text=Text("Pengingat “pendataan” 日", "Yth. Bapak/Ibu,\n\n.Titik di awal, dan “kutipan”.\n"),
)
MESSAGE_ID = f"<{PARCEL.id}@oganilir.go.id>"


def mailbox(server: MailServer, **changes: Any) -> Mailbox:
    return replace(
        Mailbox(
            host="127.0.0.1",
            port=server.port,
            sender=Address("BKD Sumsel", addr_spec="bkd@oganilir.go.id"),
            tls="none",
            clock=SettableClock(NOW),
            timeout_seconds=5,
        ),
        **changes,
    )


async def test_a_message_arrives_whole_and_says_that_no_person_wrote_it():
    async with mail_server() as server:
        told = await mailbox(server).carry(PARCEL)
        assert told == MESSAGE_ID
        [(sender, recipients, message)] = server.taken
        assert (sender, recipients) == ("bkd@oganilir.go.id", [PARCEL.to])
        assert message["From"] == "BKD Sumsel <bkd@oganilir.go.id>"
        assert message["To"] == PARCEL.to
        assert message["Subject"] == "Pengingat “pendataan” 日"
        assert message["Date"] == "Tue, 24 Nov 2026 10:00:00 +0700"
        assert message["Message-ID"] == told
        assert message["Auto-Submitted"] == "auto-generated"
        assert message.get_content_type() == "text/plain"
        assert message.get_content_charset() == "utf-8"
        assert message.get_content().replace("\r\n", "\n") == PARCEL.text.body
        # A repetition bears the same id, so that a mailbox can drop it.
        assert await mailbox(server).carry(PARCEL) == told
        assert len(server.taken) == 2


@pytest.mark.parametrize(
    ("step", "answer", "expected"),
    [
        pytest.param("recipient", "451 4.7.1 greylisted", Trouble.TRY_LATER, id="greylist"),
        pytest.param(
            "recipient", "550 5.1.1 no such user", Trouble.RECIPIENT_REFUSED, id="no-user"
        ),
        pytest.param("recipient", "552 5.2.2 mailbox full", Trouble.TRY_LATER, id="full"),
        pytest.param("sender", "550 5.7.1 not you", Trouble.SENDER_REFUSED, id="sender"),
        pytest.param("sender", "421 4.3.2 going down", Trouble.TRY_LATER, id="going-down"),
        pytest.param("data", "554 5.7.1 looks like spam", Trouble.MESSAGE_REFUSED, id="spam"),
        pytest.param("data", "452 4.3.1 no space", Trouble.TRY_LATER, id="no-space"),
    ],
)
async def test_what_a_refusal_means(step, answer, expected):
    async with mail_server() as server:
        setattr(server, step, answer)
        assert await mailbox(server).carry(PARCEL) is expected
        assert server.taken == []
        # The server mends itself, and the same message arrives.
        setattr(server, step, "250 OK")
        assert await mailbox(server).carry(PARCEL) == MESSAGE_ID
        assert len(server.taken) == 1


async def test_a_connection_that_breaks_off_is_tried_again_later():
    async with mail_server() as server:
        server.breaks_off = True
        assert await mailbox(server).carry(PARCEL) is Trouble.BROKE_OFF


async def test_a_slow_server_is_not_waited_for():
    async with mail_server() as server:
        server.slow = 30
        started = asyncio.get_running_loop().time()
        assert await mailbox(server, timeout_seconds=0.3).carry(PARCEL) is Trouble.TIMED_OUT
        assert asyncio.get_running_loop().time() - started < 5


async def test_nobody_there_is_unreachable():
    async with mail_server() as server:
        box = mailbox(server)
    assert await box.carry(PARCEL) is Trouble.UNREACHABLE


async def test_credentials_are_given_and_a_refusal_needs_a_person(tmp_path):
    serving, trusting = certificate(tmp_path)
    options = {"authenticator": authenticate, "auth_required": True, "tls_context": serving}
    async with mail_server(**options) as server:
        box = mailbox(server, tls="starttls", tls_context=trusting)
        good = replace(box, username="bkd", password=PASSWORD)
        assert await good.carry(PARCEL) == MESSAGE_ID
        wrong = replace(box, username="bkd", password="salah")
        assert await wrong.carry(PARCEL) is Trouble.CREDENTIALS_REFUSED
        assert PASSWORD not in repr(good)
        assert len(server.taken) == 1


async def test_starttls_is_asked_for_and_a_strange_certificate_is_refused(tmp_path):
    serving, trusting = certificate(tmp_path)
    async with mail_server(tls_context=serving, require_starttls=True) as server:
        trusted = mailbox(server, tls="starttls", tls_context=trusting)
        assert await trusted.carry(PARCEL) == MESSAGE_ID
        assert await mailbox(server, tls="starttls").carry(PARCEL) is Trouble.UNREACHABLE
        assert len(server.taken) == 1


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for():
    async with mail_server() as server:
        box = mailbox(server, tls="starttls", username="bkd", password=PASSWORD)
        assert isinstance(await box.carry(PARCEL), Trouble)
        assert server.taken == []


@pytest.mark.parametrize(
    "parcel",
    [
        pytest.param(replace(PARCEL, to="budi@go.id\r\nBcc: siti@go.id"), id="address"),
        pytest.param(replace(PARCEL, to="budi@go.id, siti@go.id"), id="two-addresses"),
    ],
)
async def test_no_header_can_be_smuggled_in(parcel):
    async with mail_server() as server:
        assert await mailbox(server).carry(parcel) is Trouble.RECIPIENT_REFUSED
        assert server.taken == []


@pytest.mark.parametrize(
    "between", ["\r\n", "\n", "\u2028", "\x85"], ids=["crlf", "lf", "line-separator", "next-line"]
)
async def test_a_break_in_a_title_neither_begins_a_header_nor_makes_an_address_undeliverable(
    between,
):
    subject = f"Pengingat{between}Bcc: lain@oganilir.go.id"
    async with mail_server() as server:
        told = await mailbox(server).carry(replace(PARCEL, text=Text(subject, "Isi\n")))
        assert told == MESSAGE_ID
        [(_, recipients, message)] = server.taken
        assert recipients == [PARCEL.to]
        assert message["Subject"] == "Pengingat Bcc: lain@oganilir.go.id"
        assert message["Bcc"] is None
