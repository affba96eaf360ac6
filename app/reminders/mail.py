"""Reminders by e-mail: one plain message by SMTP, and what a server's refusal means."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal

import aiosmtplib
from aiosmtplib import errors

from app.core.clock import JAKARTA, Clock
from app.reminders.letters import Parcel
from app.reminders.rules import Trouble

TIMEOUT_SECONDS: Final = 20.0
DEADLINE_SECONDS: Final = 45.0
PERMANENT_FROM: Final = 500
# 552 and 452 tell of a full mailbox, and that is emptied again.
FULL: Final = frozenset({452, 552})

# What a lasting refusal is about, by where in the conversation it came.
REFUSALS: Final[Sequence[tuple[type[Exception], Trouble]]] = (
    (errors.SMTPRecipientRefused, Trouble.RECIPIENT_REFUSED),
    (errors.SMTPAuthenticationError, Trouble.CREDENTIALS_REFUSED),
    (errors.SMTPSenderRefused, Trouble.SENDER_REFUSED),
    (errors.SMTPDataError, Trouble.MESSAGE_REFUSED),
)
BREAKDOWNS: Final[Sequence[tuple[type[Exception], Trouble]]] = (
    (TimeoutError, Trouble.TIMED_OUT),
    (errors.SMTPConnectError, Trouble.UNREACHABLE),
    (errors.SMTPServerDisconnected, Trouble.BROKE_OFF),
    (ConnectionResetError, Trouble.BROKE_OFF),
)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mail server of the government's, and the address that it sends from."""

    host: str
    port: int
    sender: Address
    tls: Literal["starttls", "tls", "none"]
    clock: Clock
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_context: ssl.SSLContext | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def message(self, parcel: Parcel) -> EmailMessage:
        """The message with every header; a header cannot hold a second line.

        Raises:
            ValueError: an address cannot stand in a header.
        """
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = Address(addr_spec=parcel.to)
        # The name of a unit or a campaign may hold a break, and is no reason to send nothing.
        message["Subject"] = " ".join(parcel.text.subject.splitlines())
        message["Date"] = format_datetime(self.clock.now().astimezone(JAKARTA))
        # The same for every attempt, so that a mailbox can drop what it has already.
        message["Message-ID"] = f"<{parcel.id}@{self.sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(parcel.text.body, charset="utf-8")
        return message

    async def carry(self, parcel: Parcel) -> str | Trouble:
        """Hand a message to the server; its Message-ID, or what went wrong."""
        try:
            message = self.message(parcel)
        except (ValueError, IndexError):
            return Trouble.RECIPIENT_REFUSED
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await aiosmtplib.send(
                    message,
                    hostname=self.host,
                    port=self.port,
                    username=self.username,
                    password=self.password,
                    use_tls=self.tls == "tls",
                    start_tls=self.tls == "starttls",
                    tls_context=self.tls_context,
                    timeout=self.timeout_seconds,
                )
        except (errors.SMTPException, OSError, TimeoutError, ValueError) as error:
            return trouble_of(error)
        return str(message["Message-ID"])


def trouble_of(error: Exception) -> Trouble:
    """What an error means; the server's own words are dropped, since they quote addresses."""
    if isinstance(error, errors.SMTPRecipientsRefused):
        codes = [each.code for each in error.recipients]
        # There is one recipient: were it none, nothing lasting would have been said of it.
        lasting = bool(codes) and all(_is_lasting(code) for code in codes)
        return Trouble.RECIPIENT_REFUSED if lasting else Trouble.TRY_LATER
    if isinstance(error, errors.SMTPResponseException):
        if not _is_lasting(error.code):
            return Trouble.TRY_LATER
        return next(
            (trouble for kind, trouble in REFUSALS if isinstance(error, kind)),
            Trouble.SERVER_ERROR,
        )
    return next(
        (trouble for kind, trouble in BREAKDOWNS if isinstance(error, kind)), Trouble.UNREACHABLE
    )


def _is_lasting(code: int) -> bool:
    return code >= PERMANENT_FROM and code not in FULL
