"""Reminders by a gateway, such as one to WhatsApp: one signed JSON message for each."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import orjson

from app.core.clock import Clock
from app.core.posting import (
    TIMEOUT_SECONDS,
    PostingFailed,
    PostingTimedOut,
    Transport,
    post_signed,
    posting_client,
)
from app.reminders.letters import Parcel
from app.reminders.rules import Channel, Trouble

OK: Final = range(200, 300)
GONE: Final = 410
LATER: Final = frozenset({408, 425, 429})
REFUSED: Final = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Gateway:
    """An address of the operator's that takes messages and answers 2xx."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    clock: Clock
    transport: Transport | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    async def carry(self, parcel: Parcel) -> str | Trouble:
        """Hand a message to the gateway; its id, or what went wrong."""
        now = self.clock.now()
        body = orjson.dumps(
            {
                "id": parcel.id,
                "channel": Channel.WHATSAPP,
                "to": parcel.to,
                "text": parcel.text.body,
                "campaign_id": parcel.campaign_id,
                "created_at": parcel.created_at,
            }
        )
        try:
            async with (
                asyncio.timeout(2 * self.timeout_seconds),
                posting_client(self.timeout_seconds, self.transport) as client,
            ):
                status = await post_signed(client, self.url, [self.secret], parcel.id, body, at=now)
        except (PostingTimedOut, TimeoutError):
            return Trouble.TIMED_OUT
        except PostingFailed:
            return Trouble.UNREACHABLE
        return parcel.id if status in OK else trouble_of(status)


def trouble_of(status: int) -> Trouble:
    """What an answer other than 2xx means; a redirect is a fault of the set-up."""
    if status == GONE:
        return Trouble.RECIPIENT_REFUSED
    if status in LATER:
        return Trouble.TRY_LATER
    if status in REFUSED:
        return Trouble.CREDENTIALS_REFUSED
    return Trouble.SERVER_ERROR
