"""Which channels this installation has, and what a channel is asked to carry."""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import urlsplit

from app.contacts.rules import AddressRefused, parse_email
from app.core.clock import Clock
from app.core.posting import Transport
from app.reminders.gateway import Gateway
from app.reminders.letters import Parcel
from app.reminders.mail import Mailbox
from app.reminders.rules import Channel, Trouble
from app.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Carrier(Protocol):
    """What delivers a message by one channel."""

    async def carry(self, parcel: Parcel) -> str | Trouble:
        """The message's id with whoever took it, or what went wrong; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """The channels that are set up, and what is wrong with those that are half set up."""

    carriers: dict[Channel, Carrier]
    faults: tuple[str, ...]

    @property
    def on(self) -> frozenset[Channel]:
        return frozenset(self.carriers)


def channels_from(settings: Settings, clock: Clock, transport: Transport | None = None) -> Setup:
    """The channels that the environment sets up; a faulty one is left out and said."""
    carriers: dict[Channel, Carrier] = {}
    faults: list[str] = []
    if settings.smtp_host:
        mailbox = _mailbox(settings, clock)
        if isinstance(mailbox, str):
            faults.append(mailbox)
        else:
            carriers[Channel.EMAIL] = mailbox
    if settings.reminder_webhook_url is not None:
        gateway = _gateway(settings, clock, transport)
        if isinstance(gateway, str):
            faults.append(gateway)
        else:
            carriers[Channel.WHATSAPP] = gateway
    return Setup(carriers, tuple(faults))


def _mailbox(settings: Settings, clock: Clock) -> Mailbox | str:
    given = settings.smtp_sender or ""
    # A parser forgives a line break, behind which another header would begin.
    name, address = parseaddr(given) if given.isprintable() else ("", "")
    try:
        sender = Address(name, addr_spec=parse_email(address))
    except (AddressRefused, HeaderParseError, ValueError):
        return "SIMEDSOS_SMTP_SENDER must be an address such as `BKD <bkd@sumselprov.go.id>`."
    in_the_clear = settings.smtp_tls == "none" and settings.smtp_host not in LOOPBACK
    if settings.smtp_username and in_the_clear:
        return "SIMEDSOS_SMTP_TLS=none would send SIMEDSOS_SMTP_PASSWORD in the clear."
    assert settings.smtp_host is not None
    password = settings.smtp_password
    return Mailbox(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=sender,
        tls=settings.smtp_tls,
        clock=clock,
        username=settings.smtp_username,
        password=password.get_secret_value() if password is not None else None,
    )


def _gateway(settings: Settings, clock: Clock, transport: Transport | None) -> Gateway | str:
    assert settings.reminder_webhook_url is not None
    url, secret = settings.reminder_webhook_url.get_secret_value(), settings.reminder_webhook_secret
    if secret is None or not secret.get_secret_value():
        return "SIMEDSOS_REMINDER_WEBHOOK_SECRET must be set: messages are signed with it."
    try:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        safe = False
    if not safe:
        return (
            "SIMEDSOS_REMINDER_WEBHOOK_URL must begin with https://: it is told telephone numbers."
        )
    return Gateway(url, secret.get_secret_value(), clock, transport)
