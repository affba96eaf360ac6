"""A real SMTP server on loopback that answers as a test says."""
# ruff: noqa: N802 - Methods bear the names that aiosmtpd calls.

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = "250 OK"
PASSWORD = "rahasia-uji"


class MailServer:
    """What the server answers at each step, and what it has taken."""

    def __init__(self) -> None:
        self.port = 0
        self.recipient, self.sender, self.data = OK, OK, OK
        self.refused: dict[str, str] = {}
        self.slow = 0.0
        self.breaks_off = False
        self.pool: Any = None
        self.connections_held: list[int] = []
        self.taken: list[tuple[str, list[str], EmailMessage]] = []

    async def handle_MAIL(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:
        if self.pool is not None:
            self.connections_held.append(self.pool.checkedout())
        if self.sender == OK:
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(self, server: Any, _: Any, envelope: Any, address: str, *__: Any) -> str:
        if self.breaks_off:
            server.transport.abort()
        await asyncio.sleep(self.slow)
        answer = self.refused.get(address, self.recipient)
        if answer == OK:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:
        if self.data == OK:
            read = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(read, EmailMessage)
            self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), read))
        return self.data


def authenticate(_: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good and mechanism in {"LOGIN", "PLAIN"}, handled=False)


@asynccontextmanager
async def mail_server(**options: Any) -> AsyncIterator[MailServer]:
    """A server on a free port of 127.0.0.1; `options` are those of aiosmtpd's SMTP."""
    loop = asyncio.get_running_loop()
    behaviour = MailServer()
    open_now: list[Any] = []

    def protocol() -> SMTP:
        open_now.append(SMTP(behaviour, hostname="mail.test", loop=loop, **options))
        return open_now[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    behaviour.port = server.sockets[0].getsockname()[1]
    try:
        yield behaviour
    finally:
        server.close()
        for each in open_now:
            if each.transport is not None:
                each.transport.abort()
        await asyncio.sleep(0)
        await server.wait_closed()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate of our own for 127.0.0.1: the server's context, and one that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)  # noqa: TID251 - A certificate is valid by the machine's clock.
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "mail.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(
        cadata=made.public_bytes(serialization.Encoding.PEM).decode()
    )
